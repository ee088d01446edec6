"""What the page of one case shows: its head, its timeline, and beside it playbook and customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from amends.engine.clocks import ClockKind, EventKind, Reading
from amends.flows.report import words
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases import queries
from amends.web.cases.clocks import heard_in, readings_of
from amends.web.cases.deeds import BY_NAME, HEADER, MORE, Deed
from amends.web.cases.handoff_telling import HandoffTold, handoff_of, handoff_told
from amends.web.cases.letter_telling import LetterTold, letters_told
from amends.web.cases.models import Case, Entry, Handoff, Happening, Recommendation, State
from amends.web.cases.payment_telling import MoneyTold, money_told
from amends.web.cases.playbook import Playbook, playbook_of
from amends.web.cases.queue import Line, lines_of
from amends.web.cases.wording import (
    CLOCKS,
    ENTRY_ICONS,
    ENTRY_TONES,
    short_recommendation,
    state_tone,
)
from amends.web.classify.queries import cause_label
from amends.web.ui.parts import Event, Tone

ICONS_BY_WORD: Final = {
    "Survey": "gauge",
    "Social": "megaphone",
    "Ticket": "ticket",
    "Escalation": "triangle-alert",
    "Note": "notebook-pen",
    "Transaction": "receipt",
}


@dataclass(frozen=True, slots=True)
class ClockTold:
    """One clock of a case as its page shows it."""

    name: str
    due_at: datetime
    """Of a clock that stands: when it would be due if it ran on now."""
    met_at: datetime | None
    is_paused: bool
    is_late: bool
    is_dropped: bool
    """It ended without being met: taken back, or overtaken."""
    note: str


@dataclass(frozen=True, slots=True)
class Head:
    """Title, chips and buttons."""

    case: Case
    cause: str
    """Its label; empty when it is not known."""
    state: str
    state_tone: Tone
    next: "ClockTold | None"
    """The clock that is due next."""
    steps: Sequence[Deed]
    assign: Deed | None
    more: Sequence[Deed]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened, the first thing first."""

    case: Case
    events: Sequence[Event]
    may_note: bool
    sub: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Playbook and customer."""

    case: Case
    clocks: Sequence[ClockTold]
    handoff: HandoffTold | None
    playbook: Playbook | None
    money: MoneyTold
    letters: Sequence[LetterTold]
    others: Sequence[tuple[Case, str, Tone]]
    """The customer's other cases of the 90 days before: case, state, tone."""


@dataclass(frozen=True, slots=True)
class Known:
    """What several parts of the page show, read once."""

    case: Case
    entries: Sequence[Entry]
    clocks: Sequence[Reading]
    handoff: Handoff | None
    """The one that waits; else the one by which the case's team took it over."""
    now: datetime

    @property
    def waiting(self) -> Handoff | None:
        """The handoff that waits."""
        return self.handoff if self.case.handed_to_id else None


def known_of(case: Case, now: datetime) -> Known:
    """Return what is known of a case: two queries, one more where it was handed over."""
    entries = queries.timeline(case)
    was_handed_over = any(entry.event == EventKind.HANDED_OVER for entry in entries)
    return Known(
        case,
        entries,
        readings_of(case, now, heard_in(entries)),
        handoff_of(case) if was_handed_over else None,
        now,
    )


def head_of(person: User, known: Known) -> Head:
    """Return the head of a case for a person."""
    case = known.case
    possible = {n for n, deed in BY_NAME.items() if deed.is_for(person, case, known.waiting)}

    def offered(names: Sequence[str]) -> list[Deed]:
        return [BY_NAME[name] for name in names if name in possible]

    return Head(
        case=case,
        cause=cause_label(case.cause) if case.cause else "",
        state=State(case.state).label,
        state_tone=state_tone(case.state),
        next=next(iter(_clocks_told(known)), None) if case.is_open else None,
        steps=offered(HEADER),
        assign=BY_NAME["assign"] if "assign" in possible else None,
        more=offered(MORE),
    )


def _clocks_told(known: Known) -> list[ClockTold]:
    """Return the clocks of a case, those that run first, the next deadline first."""
    ordered = sorted(known.clocks, key=lambda r: (not r.is_running, r.is_paused, r.due_at))
    return [
        _clock_told(reading, known.now)
        for reading in ordered
        if known.case.is_open or not reading.is_running
    ]


def _clock_told(reading: Reading, now: datetime) -> ClockTold:
    if reading.kind is ClockKind.REGULATOR:
        note = f"From {words.day(reading.started_at)}; nothing lets it stand"
    else:
        spent, target = _hours(reading.worked), _hours(reading.target)
        note = f"{spent} of {target} working time"
    return ClockTold(
        name=reading.name or CLOCKS[reading.kind],
        due_at=reading.due_at,
        met_at=reading.ended_at if reading.is_met else None,
        is_paused=reading.is_paused,
        is_late=reading.is_late(now),
        is_dropped=not (reading.is_running or reading.is_met),
        note=note,
    )


def _hours(length: timedelta) -> str:
    """Return working time in hours: a working day has another length everywhere."""
    hours, minutes = divmod(round(length.total_seconds() / 60), 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} m"] * bool(minutes)) or "0 h"


def timeline_of(person: User, known: Known) -> Timeline:
    """Return the timeline of a case for a person."""
    case, entries = known.case, known.entries
    days = (entries[-1].at - entries[0].at).days if entries else 0
    n = len(entries)
    sub = f"{n} {'event' if n == 1 else 'events'}"
    gone = {entry.takes_back_id for entry in entries}
    return Timeline(
        case=case,
        events=[_event(entry, case, is_gone=entry.pk in gone) for entry in entries],
        may_note=can(person, Verb.CASE_WORK, case),
        sub=f"{sub} · {days} days" if days > 1 else sub,
    )


def _event(entry: Entry, case: Case, *, is_gone: bool) -> Event:
    icon = ENTRY_ICONS[entry.kind]
    body = entry.body
    if entry.kind == Happening.RECOMMENDED and not body:
        row: Recommendation | None = getattr(case, "recommendation", None)
        body = short_recommendation(row) if row else ""
    if entry.kind == Happening.SIGNAL:
        icon = ICONS_BY_WORD.get(entry.title.split()[0].rstrip(":"), icon)
        body = f"“{body}”" if body else ""
    return Event(
        title=f"{entry.title} (taken back)" if is_gone else entry.title,
        at=entry.at,
        body="" if is_gone else body,
        icon=icon,
        tone=ENTRY_TONES.get(entry.kind, ""),
        source=entry.by.short_name if entry.by else "",
    )


def beside_of(person: User, known: Known) -> Beside:
    """Return what stands beside the timeline of a case for a person."""
    case = known.case
    row: Recommendation | None = getattr(case, "recommendation", None)
    decided = queries.decided(case)
    return Beside(
        case=case,
        clocks=_clocks_told(known),
        handoff=handoff_told(person, known.handoff, known.clocks) if known.handoff else None,
        playbook=playbook_of(person, case, row, decided) if row is not None else None,
        money=money_told(person, case),
        letters=letters_told(case),
        others=[
            (other, State(other.state).label, state_tone(other.state))
            for other in queries.other_cases(person, case.customer, case)
        ],
    )


def similar_to(person: User, case: Case) -> list[Line]:
    """Return cases of the same cause and tier that are over."""
    return lines_of(queries.similar_cases(person, case), timezone.now())
