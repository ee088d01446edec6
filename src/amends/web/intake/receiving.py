"""Signals come in: each is accepted once, and what was accepted is committed with its inbox entry.

A signal is known by source and external id. A higher version supersedes, the same one is a
duplicate, a lower one is superseded already. The caller may say "received" as soon as `receive`
returns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Sum
from numpy.typing import NDArray
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import AlreadyEnqueued

from amends.engine.contracts import ENRICHED_FIELDS, SIGNAL_SCHEMA, check_signals
from amends.engine.contracts import QuarantinedRow as Unreadable
from amends.web.intake.bulk import copy_in
from amends.web.intake.models import (
    Arrival,
    Delivery,
    DeliveryState,
    QuarantinedRow,
    Source,
    Way,
)
from amends.web.intake.sequences import next_ids

WORK_OFF: Final = "amends.web.project.jobs.work_off"
"""The job that empties the inbox; it lies above, since it feeds every app."""
LARGEST: Final = 25_000
"""Rows of one delivery: what a worker holds in memory and loses by a crash."""
MOST_WAITING: Final = 2_000_000
RETRY_AFTER_SECONDS: Final = 15


class Answer(IntEnum):
    """What becomes of one row that arrives."""

    ACCEPTED = 0
    DUPLICATE = 1
    SUPERSEDED = 2
    """A newer version of the signal was here first."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rows that arrived."""

    arrival: int
    """Number of the line in the ledger."""
    accepted: int
    superseding: int
    """Those of the accepted that replace an older version."""
    duplicates: int
    superseded: int
    quarantined: int
    deliveries: tuple[int, ...]
    answers: NDArray[np.int8] = field(repr=False)
    """Shape (N,): the `Answer` to each signal, in the order given."""

    @property
    def rows(self) -> int:
        """Return how many rows arrived."""
        return self.accepted + self.duplicates + self.superseded + self.quarantined


class InboxIsFull(Exception):  # noqa: N818 - it reads so where it is raised
    """More waits than the workers should be given; nothing was taken in."""

    def __init__(self, waiting: int, retry_after_seconds: int) -> None:
        self.waiting, self.retry_after_seconds = waiting, retry_after_seconds
        super().__init__(
            f"{waiting:,} signals wait to be worked off. Send again in {retry_after_seconds} s."
        )


def check_room() -> None:
    """Refuse more as long as too many signals wait: the sender keeps them meanwhile.

    Raises
    ------
    InboxIsFull

    """
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING).aggregate(n=Sum("rows"))["n"]
    if (waiting or 0) > MOST_WAITING:
        raise InboxIsFull(waiting, RETRY_AFTER_SECONDS)


def receive(
    signals: pa.Table,
    source: str,
    received_at: datetime,
    *,
    way: Way = Way.WORLD,
    quarantined: Sequence[Unreadable] = (),
) -> Receipt:
    """Put signals (`SIGNAL_SCHEMA`; enriched columns are ignored) into the inbox.

    Rows that could not be read go to quarantine and into the ledger in the same transaction.

    Raises
    ------
    ValueError
        The table does not fulfil the Signal contract.

    """
    whole = _without_enriched(check_signals(signals))
    answers = _repeated(whole)
    first = np.flatnonzero(answers == Answer.ACCEPTED)
    superseding = 0
    deliveries: list[int] = []
    with transaction.atomic():
        [arrival] = next_ids(Arrival, 1)
        for start in range(0, len(first), LARGEST):
            places = first[start : start + LARGEST]
            part = whole.take(pa.array(places))
            [pk] = next_ids(Delivery, 1)
            fresh, n_superseding = _identify(part, pk)
            superseding += n_superseding
            answers[places] = fresh
            kept = part.filter(pa.array(fresh == Answer.ACCEPTED))
            if len(kept):
                deliveries.append(pk)
                _put_into_inbox(kept, pk, arrival, source, received_at)
        counts = np.bincount(answers, minlength=len(Answer)).tolist()
        receipt = Receipt(
            arrival,
            counts[Answer.ACCEPTED],
            superseding,
            counts[Answer.DUPLICATE],
            counts[Answer.SUPERSEDED],
            len(quarantined),
            tuple(deliveries),
            answers,
        )
        _write_down(receipt, source, received_at, way)
        _keep_aside(quarantined, arrival, source, received_at)
        transaction.on_commit(call_worker)
    return receipt


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


def _repeated(signals: pa.Table) -> NDArray[np.int8]:
    """Return ACCEPTED for each signal once, in its highest version, and why not for the rest."""
    answers = np.zeros(len(signals), np.int8)
    ids = signals["signal_id"]
    if pc.count_distinct(ids).as_py() == len(signals):
        return answers
    numbered = signals.select(["signal_id", "version"]).append_column(
        "place", pa.array(np.arange(len(signals)))
    )
    order = np.asarray(
        pc.sort_indices(
            numbered,
            [("signal_id", "ascending"), ("version", "descending"), ("place", "ascending")],
        )
    )
    names = np.asarray(ids.take(pa.array(order)))
    versions = np.asarray(signals["version"].take(pa.array(order)))
    is_again = np.r_[False, names[1:] == names[:-1]]
    best = np.maximum.accumulate(np.where(is_again, 0, np.arange(len(order))))
    is_same = is_again & (versions == versions[best])
    answers[order[is_again]] = Answer.SUPERSEDED
    answers[order[is_same]] = Answer.DUPLICATE
    return answers


def _identify(signals: pa.Table, delivery: int) -> tuple[NDArray[np.int8], int]:
    """Note the identities; return the `Answer` to each, and how many supersede a version."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS arriving (signal_id uuid, version int)"
            " ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE arriving")
        copy_in(cursor, signals.select(["signal_id", "version"]), "arriving")
        cursor.execute(
            "INSERT INTO intake_identity AS known (signal_id, version, delivery_id, is_withdrawn)"
            " SELECT signal_id, version, %s, false FROM arriving ORDER BY signal_id"
            " ON CONFLICT (signal_id) DO UPDATE"
            " SET version = excluded.version, delivery_id = excluded.delivery_id,"
            " is_withdrawn = false"
            " WHERE known.version < excluded.version"
            " RETURNING signal_id, xmax <> 0",
            [delivery],
        )
        fresh: dict[str, bool] = {name.hex: is_newer for name, is_newer in cursor.fetchall()}
        older: set[str] = set()
        if len(fresh) < len(signals):
            cursor.execute(
                "SELECT signal_id FROM arriving JOIN intake_identity AS known USING (signal_id)"
                " WHERE known.version > arriving.version"
            )
            older = {name.hex for (name,) in cursor.fetchall()}
    answers = [
        Answer.ACCEPTED
        if name in fresh
        else Answer.SUPERSEDED
        if name in older
        else Answer.DUPLICATE
        for name in signals["signal_id"].to_pylist()
    ]
    return np.array(answers, np.int8), sum(fresh.values())


def _put_into_inbox(
    signals: pa.Table, pk: int, arrival: int, source: str, received_at: datetime
) -> None:
    Delivery.objects.create(
        pk=pk,
        arrival_id=arrival,
        source=source,
        received_at=received_at,
        rows=len(signals),
        payload=pack(signals),
    )


def _write_down(receipt: Receipt, source: str, received_at: datetime, way: Way) -> None:
    Arrival.objects.create(
        pk=receipt.arrival,
        source=source,
        way=way,
        received_at=received_at,
        rows=receipt.rows,
        accepted=receipt.accepted,
        superseding=receipt.superseding,
        duplicates=receipt.duplicates,
        superseded=receipt.superseded,
        quarantined=receipt.quarantined,
    )
    Source.objects.filter(name=source).update(last_seen_at=received_at)


def _keep_aside(
    rows: Sequence[Unreadable], arrival: int, source: str, received_at: datetime
) -> None:
    QuarantinedRow.objects.bulk_create(
        [
            QuarantinedRow(
                arrival_id=arrival,
                source=source,
                received_at=received_at,
                row=row.row,
                field=row.field[:60],
                reason=row.reason,
                raw=row.raw,
            )
            for row in rows
        ],
        batch_size=1_000,
    )
