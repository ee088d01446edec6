"""Signals come in: each is accepted once, and what was accepted is committed with its inbox entry.

A signal is known by source and external id. A higher version supersedes, the same one is a
duplicate, a lower one is superseded already. The caller may say "received" as soon as `receive`
returns.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from django.db import transaction
from numpy.typing import NDArray
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import AlreadyEnqueued

from amends.engine.contracts import ENRICHED_FIELDS, check_signals, signal_id
from amends.engine.contracts import QuarantinedRow as Unreadable
from amends.engine.signals import out_of_time
from amends.web.intake.identities import Answer, identify, repeated
from amends.web.intake.inbox import INBOX, SIGNALS, WITHDRAWALS, marked, pack, parts, rows_where
from amends.web.intake.models import Arrival, Delivery, QuarantinedRow, Source, Way
from amends.web.intake.room import InboxIsFull, check_room
from amends.web.intake.sequences import next_ids

__all__ = ["Answer", "InboxIsFull", "Receipt", "check_room", "receive", "withdraw"]

WORK_OFF: Final = "amends.web.project.jobs.work_off"
"""The job that empties the inbox; it lies above, since it feeds every app."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the rows that arrived."""

    arrival: int
    """Number of the line in the ledger."""
    accepted: int
    superseding: int
    """Those of the accepted that replace what was accepted before."""
    duplicates: int
    superseded: int
    quarantined: int
    deliveries: tuple[int, ...]
    answers: NDArray[np.int8] = field(repr=False)
    """Shape (N,): the `Answer` to each signal, in the order given."""
    set_aside: tuple[Unreadable, ...] = ()
    """Of the quarantined those that `receive` itself found; `row` is their 1-based place."""

    @property
    def rows(self) -> int:
        """Return how many rows arrived."""
        return self.accepted + self.duplicates + self.superseded + self.quarantined


def receive(
    signals: pa.Table,
    source: str,
    received_at: datetime,
    *,
    way: Way = Way.WORLD,
    quarantined: Sequence[Unreadable] = (),
) -> Receipt:
    """Put signals (`SIGNAL_SCHEMA`; enriched columns are ignored) into the inbox.

    Rows that could not be read go to quarantine and into the ledger in the same transaction, and
    so do those that tell of a time that cannot be (`out_of_time`).

    Raises
    ------
    ValueError
        The table does not fulfil the Signal contract.

    """
    whole = check_signals(signals)
    answers = np.zeros(len(whole), np.int8)
    aside = []
    for place, (name, reason) in out_of_time(whole, received_at).items():
        answers[place] = Answer.QUARANTINED
        row = whole.slice(place, 1)
        aside.append(Unreadable(source, place + 1, name, reason, as_json(row)))
    return _take_in(
        whole, answers, source, received_at, way, quarantined=quarantined, set_aside=aside
    )


def withdraw(ids: pa.Table, source: str, received_at: datetime, way: Way) -> Receipt:
    """Take signals back: they leave lake, rollups and counts.

    A withdrawal stands in the ledger as a row of its own, and may come before its signal, which is
    superseded then. It takes back its version and all before; a higher one brings the signal again.

    Parameters
    ----------
    ids
        Columns source, external_id (strings) and version (integers); one row for each signal.

    """
    names = [
        signal_id(of, name)
        for of, name in zip(ids["source"].to_pylist(), ids["external_id"].to_pylist(), strict=True)
    ]
    rows = pa.table({"signal_id": names, "version": ids["version"].cast(pa.int32())})
    answers = np.zeros(len(rows), np.int8)
    return _take_in(rows, answers, source, received_at, way, is_withdrawal=True)


def _take_in(
    rows: pa.Table,
    answers: NDArray[np.int8],
    source: str,
    received_at: datetime,
    way: Way,
    *,
    is_withdrawal: bool = False,
    quarantined: Sequence[Unreadable] = (),
    set_aside: Sequence[Unreadable] = (),
) -> Receipt:
    """Put what is new of rows not answered yet into the inbox, and all of them into the ledger."""
    left = np.flatnonzero(answers == Answer.ACCEPTED)
    answers[left] = repeated(rows_where(rows, answers == Answer.ACCEPTED))
    places = np.flatnonzero(answers == Answer.ACCEPTED)
    kept = rows_where(rows, answers == Answer.ACCEPTED)
    spans = list(parts(kept))
    with transaction.atomic():
        [arrival] = next_ids(Arrival, 1)
        numbers = next_ids(Delivery, len(spans))
        sizes = [end - start for start, end in spans]
        found = identify(
            kept, np.repeat(np.array(numbers, np.int64), sizes), is_withdrawal=is_withdrawal
        )
        answers[places] = found.answers
        counts = np.bincount(answers, minlength=len(Answer)).tolist()
        is_new = found.answers == Answer.ACCEPTED
        filled = [
            (pk, start, end)
            for pk, (start, end) in zip(numbers, spans, strict=True)
            if is_new[start:end].any()
        ]
        receipt = Receipt(
            arrival,
            counts[Answer.ACCEPTED],
            int(found.replaces.sum()),
            counts[Answer.DUPLICATE],
            counts[Answer.SUPERSEDED],
            counts[Answer.QUARANTINED] + len(quarantined),
            tuple(pk for pk, *_ in filled),
            answers,
            tuple(set_aside),
        )
        _write_down(receipt, source, received_at, way)
        keep_aside([*quarantined, *set_aside], arrival, source, received_at)
        schema = WITHDRAWALS if is_withdrawal else SIGNALS
        for pk, start, end in filled:
            fresh = is_new[start:end]
            part = rows_where(kept.slice(start, end - start), fresh)
            lain = marked(part, schema, places[start:end][fresh], found.replaces[start:end][fresh])
            _put_into_inbox(lain, pk, arrival, source, received_at)
        transaction.on_commit(call_worker)
    return receipt


def _put_into_inbox(
    rows: pa.Table, pk: int, arrival: int, source: str, received_at: datetime
) -> None:
    Delivery.objects.create(
        pk=pk,
        arrival_id=arrival,
        source=source,
        received_at=received_at,
        rows=len(rows),
        is_withdrawal="source" not in rows.column_names,
        payload=pack(rows),
    )


def call_worker() -> None:
    """Ask for the inbox to be worked off; once is enough however often it is asked."""
    try:
        jobs.configure_task(WORK_OFF, queue=INBOX, queueing_lock=WORK_OFF).defer()
    except AlreadyEnqueued:
        return


def as_json(row: pa.Table) -> str:
    """Return one signal as a JSON object of what it holds, as it was given to amends."""
    [fields] = row.drop_columns(list(ENRICHED_FIELDS)).to_pylist()
    given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    given.pop("signal_id", None)
    if "attributes" in given:
        given["attributes"] = dict(given["attributes"])
    return json.dumps(given, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:  # noqa: ANN401  (whatever a signal holds that JSON does not)
    return value.isoformat() if isinstance(value, datetime) else str(value)


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


def keep_aside(
    rows: Iterable[Unreadable], arrival: int, source: str, received_at: datetime
) -> None:
    """Put rows into quarantine."""
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
