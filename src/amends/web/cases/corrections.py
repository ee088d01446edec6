"""What sources correct or take back of signals that stand in cases.

A case is people's work: it neither opens twice for one signal nor vanishes with it. Its timeline
says what the source changed, and a person decides what follows.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F
from django.db.models.functions import Greatest

from amends.engine.contracts import UNSURE
from amends.web.cases.models import Case, Entry, Happening


def entries_of(signals: pa.Table) -> dict[str, list[int]]:
    """Return the cases in whose timelines signals stand: signal → cases."""
    found: dict[str, list[int]] = {}
    if not len(signals):
        return found
    customers = {c for c in signals["customer_id"].to_pylist() if c is not None}
    ids = [UUID(name) for name in signals["signal_id"].to_pylist()]
    entries = Entry.objects.filter(
        case__customer__in=customers, kind=Happening.SIGNAL, signal_id__in=ids
    )
    pairs = entries.values_list("signal_id", "case").distinct().order_by("case")
    for name, case in pairs:
        if name is not None:
            found.setdefault(name.hex, []).append(case)
    return found


def note_corrected(signals: pa.Table, older: pa.Table) -> pa.Table:
    """Note newer versions where the older ones stand in cases; return the signals that do not."""
    known = entries_of(older)
    if not known:
        return signals
    is_known = pc.is_in(signals["signal_id"], value_set=pa.array(list(known)))
    columns = ["signal_id", "occurred_at", "received_at", "verbatim", "subject"]
    Entry.objects.bulk_create(
        [
            Entry(
                case_id=case,
                at=row["received_at"] or row["occurred_at"],
                kind=Happening.SIGNAL,
                title="The source corrected a signal of this case",
                body=(row["verbatim"] or row["subject"] or "")[:4000],
                signal_id=UUID(row["signal_id"]),
            )
            for row in signals.select(columns).filter(is_known).to_pylist()
            if row["received_at"] or row["occurred_at"]
            for case in known[row["signal_id"]]
        ]
    )
    return signals.filter(pc.invert(is_known))


def take_back(signals: pa.Table, at: datetime) -> int:
    """Note in timelines that the source withdrew signals; return in how many cases they stood."""
    known = entries_of(signals)
    touched = [(name, case) for name, cases in known.items() for case in cases]
    Entry.objects.bulk_create(
        [
            Entry(
                case_id=case,
                at=at,
                kind=Happening.STATE,
                title="The source withdrew a signal of this case",
                signal_id=UUID(name),
            )
            for name, case in touched
        ]
    )
    for name in known:
        _count_less(known[name])
    return len({case for _, case in touched})


def follow_causes(signals: pa.Table) -> None:
    """Give cases that are not closed the cause that the signals have now by which they opened."""
    given = dict(zip(signals["signal_id"].to_pylist(), signals["cause"].to_pylist(), strict=True))
    ids = [UUID(name) for name in given]
    for case in Case.objects.filter(signal_id__in=ids, closed_at=None).select_for_update():
        cause = given[case.signal_id.hex] or "" if case.signal_id else ""
        case.cause = "" if cause == UNSURE else cause
        case.save(update_fields=["cause"])


def _count_less(cases: Collection[int]) -> None:
    less = Greatest(F("n_signals") - 1, 0)
    Case.objects.filter(pk__in=cases).update(n_signals=less)
