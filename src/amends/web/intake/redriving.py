"""Rows of the quarantine are read and received again, as their source is read now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from amends.engine.contracts import BadInput
from amends.flows.records import Broken, read_records
from amends.web.accounts.models import User
from amends.web.intake.accepting import kind_of, mapping_of, preset_of, received
from amends.web.intake.bulk import update_many
from amends.web.intake.models import QuarantinedRow, QuarantineState, Source, Way
from amends.web.intake.receiving import Answer, Receipt, check_room, receive

BECAUSE: Final = {
    Answer.ACCEPTED: "Accepted",
    Answer.DUPLICATE: "A duplicate: the same version of the signal was here already",
    Answer.SUPERSEDED: "Superseded: a newer version of the signal was here already",
    Answer.QUARANTINED: "In quarantine again, as a new row: its time cannot be",
}
CHANGED: Final = (
    "edited", "field", "reason", "state", "closed_at", "closed_by", "closed_because", "became",
    "signal_id",
)  # fmt: skip


@dataclass(slots=True)
class Driven:
    """What became of rows that were sent again."""

    answers: Counter[Answer] = field(default_factory=Counter)
    still_bad: int = 0


def drive(rows: Sequence[QuarantinedRow], now: datetime, by: User | None) -> Driven:
    """Send rows again, which the caller has locked; write down what became of each.

    A row that still cannot be read stays, with its new reason.

    Raises
    ------
    InboxIsFull
        Too much waits already; nothing was changed.

    """
    check_room()
    driven = Driven()
    ordered = sorted(rows, key=lambda row: (row.source, row.pk))
    for name, group in groupby(ordered, key=lambda row: row.source):
        _drive_of(name, list(group), now, by, driven)
    update_many(ordered, CHANGED)
    return driven


def _drive_of(
    name: str, rows: list[QuarantinedRow], now: datetime, by: User | None, driven: Driven
) -> None:
    source = Source.objects.filter(name=name).first() or Source(name=name)
    records: list[Mapping[str, object] | Broken] = [
        Broken(row.raw, row.reason) if row.record is None else row.record for row in rows
    ]
    try:
        read = read_records(records, name, preset_of(source), mapping_of(source), kind_of(source))
    except BadInput as error:  # what is said of the source itself is wrong
        for row in rows:
            row.field, row.reason = "", str(error)
        driven.still_bad += len(rows)
        return
    for bad in read.quarantined:
        rows[bad.row - 1].field, rows[bad.row - 1].reason = bad.field[:60], bad.reason
    driven.still_bad += len(read.quarantined)
    wrong = {bad.row - 1 for bad in read.quarantined}
    good = [row for place, row in enumerate(rows) if place not in wrong]
    if not good:
        return
    receipt = receive(received(read.signals, now), name, now, way=Way.MENDED)
    names = [UUID(one) for one in read.signals["signal_id"].to_pylist()]
    _close(good, names, receipt, now, by)
    driven.answers.update(Answer(answer) for answer in receipt.answers.tolist())


def _close(
    rows: Sequence[QuarantinedRow],
    names: Sequence[UUID],
    receipt: Receipt,
    now: datetime,
    by: User | None,
) -> None:
    for row, name, answer in zip(rows, names, receipt.answers.tolist(), strict=True):
        row.state, row.closed_at, row.closed_by = QuarantineState.MENDED, now, by
        row.closed_because = BECAUSE[Answer(answer)]
        row.became_id, row.signal_id = receipt.arrival, name
