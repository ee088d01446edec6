"""The clocks of cases: reckoned from their timelines under the sheets of clocks in force.

A case keeps its next deadline (`due_at`, `due_clock`) so that queues sort by it; everything else is
reckoned when it is looked at.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
from django.db.models import Exists, OuterRef

from amends.engine.clocks import (
    Cases,
    ClockKind,
    Clocks,
    EventKind,
    Events,
    Reading,
    Sheet,
    code_of,
    micros_of,
    moment_of,
    next_deadlines,
    read_sheet,
    reckon,
    shipped_sheet,
)
from amends.web.cases.models import Case, ClockSheet, Entry
from amends.web.intake.bulk import update_many

DEADLINE: Final = ("due_at", "due_clock", "paused_at")
BATCH: Final = 20_000

Heard = Sequence[tuple[int, datetime, str, bool]]
"""What clocks hear of in timelines, in the order of time: case, when, which event, by a robot."""


def sheets() -> tuple[Sheet, ...]:
    """Return every sheet that was ever effective, the shipped one first: one query."""
    rows = ClockSheet.objects.filter(effective_from__isnull=False)
    known = rows.order_by("effective_from", "pk").values_list("text", "effective_from")
    return (shipped_sheet(), *(_read(text, since) for text, since in known if since))


@lru_cache(maxsize=64)
def _read(text: str, effective_from: datetime) -> Sheet:
    return read_sheet(text, effective_from)


def sheet_in_force() -> Sheet:
    """Return the newest sheet."""
    return sheets()[-1]


def clocks_of(
    cases: Sequence[Case],
    now: datetime,
    *,
    heard: Heard | None = None,
    under: Sequence[Sheet] | None = None,
) -> Clocks:
    """Return every clock of saved cases: two queries, less what is at hand.

    `heard`: what happened besides their opening; `under`: other sheets than in force.
    """
    happened = heard_of(cases) if heard is None else heard
    numbers = {case.pk: i for i, case in enumerate(cases)}
    events = Events.of(
        np.array([numbers[case] for case, *_ in happened], dtype=np.int64),
        np.array([micros_of(at) for _, at, *_ in happened], dtype=np.int64),
        np.array([code_of(EventKind(kind)) for _, _, kind, _ in happened], dtype=np.int64),
        np.array([by_robot for *_, by_robot in happened], dtype=bool),
        np.array([micros_of(case.opened_at) for case in cases], dtype=np.int64),
    )
    facts = Cases(
        [case.severity for case in cases],
        [case.tier for case in cases],
        [case.region for case in cases],
        [case.product for case in cases],
    )
    return reckon(facts, events, under or sheets(), now)


def heard_of(cases: Sequence[Case]) -> Heard:
    """Return what the clocks of cases hear; what was taken back they do not hear: one query."""
    entries = Entry.objects.filter(case__in=[case.pk for case in cases]).exclude(event="")
    entries = entries.exclude(Exists(Entry.objects.filter(takes_back=OuterRef("pk"))))
    return list(entries.order_by("at", "pk").values_list("case", "at", "event", "by_robot"))


def heard_in(entries: Iterable[Entry]) -> Heard:
    """Return `heard_of` of whole timelines at hand."""
    known = list(entries)
    gone = {entry.takes_back_id for entry in known}
    return [(e.case_id, e.at, e.event, e.by_robot) for e in known if e.event and e.pk not in gone]


def readings_of(case: Case, now: datetime, heard: Heard | None = None) -> tuple[Reading, ...]:
    """Return the clocks of one case, the first started first."""
    return clocks_of([case], now, heard=heard).readings()


def set_deadlines(
    cases: Sequence[Case],
    now: datetime,
    *,
    are_new: bool = False,
    under: Sequence[Sheet] | None = None,
) -> None:
    """Put the next deadline into cases, which are not saved.

    `are_new`: nothing but their opening has happened yet; `under`: the sheets, where at hand.
    """
    if not cases:
        return
    clocks = clocks_of(cases, now, heard=() if are_new else None, under=under)
    coming = next_deadlines(clocks, len(cases))
    kinds = tuple(ClockKind)
    for case, due, kind, paused in zip(
        cases, coming.due_at.tolist(), coming.kind.tolist(), coming.paused_at.tolist(), strict=True
    ):
        is_due = case.is_open and due >= 0
        case.due_at = moment_of(due) if is_due else None
        case.due_clock = kinds[kind].value if is_due else ""
        case.paused_at = moment_of(paused) if case.is_open and paused >= 0 else None


def retime_open_cases(now: datetime) -> int:
    """Time all open cases anew, in the caller's transaction; return how many deadlines moved."""
    changed, last, under = 0, 0, sheets()
    while True:
        rows = Case.objects.is_open().filter(pk__gt=last).select_for_update().order_by("pk")
        cases = list(rows[:BATCH])
        if not cases:
            return changed
        last = cases[-1].pk
        before = [_deadline(case) for case in cases]
        set_deadlines(cases, now, under=under)
        moved = [case for case, was in zip(cases, before, strict=True) if _deadline(case) != was]
        update_many(moved, DEADLINE)
        changed += len(moved)


def _deadline(case: Case) -> tuple[object, ...]:
    return tuple(getattr(case, name) for name in DEADLINE)
