"""Signals come in: each is accepted once, and what was accepted is committed with its inbox entry.

A signal is known by source and external id. A higher version supersedes, the same or a lower one is
a duplicate. The caller may say "received" as soon as `receive` returns.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import AlreadyEnqueued

from amends.engine.contracts import ENRICHED_FIELDS, SIGNAL_SCHEMA, check_signals
from amends.web.intake.bulk import copy_in
from amends.web.intake.models import Delivery
from amends.web.intake.sequences import next_ids

WORK_OFF: Final = "amends.web.project.jobs.work_off"
"""The job that empties the inbox; it lies above, since it feeds every app."""
LARGEST: Final = 25_000
"""Rows of one delivery: what a worker holds in memory and loses by a crash."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rows that arrived."""

    accepted: int
    superseding: int
    """Those of the accepted that replace an older version."""
    duplicates: int
    deliveries: tuple[int, ...]


def receive(signals: pa.Table, source: str, received_at: datetime) -> Receipt:
    """Put signals (`SIGNAL_SCHEMA`; enriched columns are ignored) into the inbox.

    Raises
    ------
    ValueError
        The table does not fulfil the Signal contract.

    """
    whole = _newest_of_each(_without_enriched(check_signals(signals)))
    accepted = superseding = 0
    deliveries = []
    with transaction.atomic():
        for start in range(0, len(whole), LARGEST):
            part = whole.slice(start, LARGEST)
            [pk] = next_ids(Delivery, 1)
            fresh = _identify(part, pk)
            kept = part.filter(pa.array([name in fresh for name in part["signal_id"].to_pylist()]))
            if len(kept):
                Delivery.objects.create(
                    pk=pk,
                    source=source,
                    received_at=received_at,
                    rows=len(kept),
                    payload=pack(kept),
                )
                deliveries.append(pk)
            accepted += len(kept)
            superseding += sum(fresh.values())
        transaction.on_commit(call_worker)
    return Receipt(accepted, superseding, len(signals) - accepted, tuple(deliveries))


def call_worker() -> None:
    """Ask for the inbox to be worked off; once is enough however often it is asked."""
    try:
        jobs.configure_task(WORK_OFF, queueing_lock=WORK_OFF).defer()
    except AlreadyEnqueued:
        return


def pack(signals: pa.Table) -> bytes:
    """Return a table as a compressed Arrow stream."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, signals.schema, options=options) as writer:
        writer.write_table(signals.unify_dictionaries().combine_chunks())
    return bytes(sink.getvalue())


def unpack(payload: bytes) -> pa.Table:
    """Return the table that `pack` wrote."""
    with pa.ipc.open_stream(pa.py_buffer(payload)) as reader:
        return reader.read_all()


def _without_enriched(signals: pa.Table) -> pa.Table:
    for name in ENRICHED_FIELDS:
        field = SIGNAL_SCHEMA.field(name)
        place = signals.schema.get_field_index(name)
        signals = signals.set_column(place, field, pa.nulls(len(signals), field.type))
    return signals


def _newest_of_each(signals: pa.Table) -> pa.Table:
    """Return each signal once, in its highest version, in the order of arrival."""
    ids = signals["signal_id"]
    if pc.count_distinct(ids).as_py() == len(signals):
        return signals
    order = pc.sort_indices(signals, [("signal_id", "ascending"), ("version", "descending")])
    sorted_ids = np.asarray(ids.take(order))
    first = np.r_[True, sorted_ids[1:] != sorted_ids[:-1]]
    return signals.take(pa.array(np.sort(np.asarray(order)[first])))


def _identify(signals: pa.Table, delivery: int) -> dict[str, bool]:
    """Note the identities; return those that are new or newer → whether they supersede."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS arriving (signal_id uuid, version int)"
            " ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE arriving")
        copy_in(cursor, signals.select(["signal_id", "version"]), "arriving")
        cursor.execute(
            "INSERT INTO intake_identity AS known (signal_id, version, delivery_id)"
            " SELECT signal_id, version, %s FROM arriving ORDER BY signal_id"
            " ON CONFLICT (signal_id) DO UPDATE"
            " SET version = excluded.version, delivery_id = excluded.delivery_id"
            " WHERE known.version < excluded.version"
            " RETURNING signal_id, xmax <> 0",
            [delivery],
        )
        rows: list[tuple[UUID, bool]] = cursor.fetchall()
    return {name.hex: is_newer for name, is_newer in rows}
