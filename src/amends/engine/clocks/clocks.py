"""The clocks of cases: a pure function of their events, the sheets of clocks, and the time.

Everything is reckoned for n cases at once in working time, which a calendar gives for any moment: a
target is met at the earliest moment by which its working time has passed, that of pauses not
counted. There is no state, so a changed target or calendar loses nothing that has happened.

- The first response is met by the first answer to the customer, late or not.
- An update is owed from when the customer speaks again after an answer, until the next one.
- The resolution runs from the opening, or the last reopening, and stands while a pause lasts.
- Each handoff runs until it is accepted or returned, taken back, replaced, or the case is resolved.
- A regulator's deadlines run from receipt, and nothing lets them stand.

What a robot does meets nothing and pauses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from .encoding import Encoded, encoded, groups_of
from .events import Codes, EventKind, Events, Flags, code_of, micros_of
from .hours import MINUTE, Calendar, Micros, openings
from .legal import legal_clocks
from .rows import ClockRows, Clocks, joined
from .sheet import ClockKind, Sheet

KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(ClockKind)}
NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class Cases:
    """What targets of n cases depend on."""

    severity: Sequence[str]
    tier: Sequence[str]
    region: Sequence[str]
    product: Sequence[str]


class _Turns(NamedTuple):
    """What happened, as flags of all events."""

    answered: Flags
    resolved: Flags
    begun: Flags
    """Opened, or reopened after somebody had resolved it."""
    is_open: Flags


def reckon(cases: Cases, events: Events, sheets: Sequence[Sheet], now: datetime) -> Clocks:
    """Return every clock of n cases, in the order of case and start.

    Parameters
    ----------
    cases, events
        The cases, and what happened to them.
    sheets
        By time, the first one effective always. A clock that has ended is judged by the sheet that
        was effective then; all others by the newest that is effective.
    now
        Until when open clocks have run.

    """
    severity, tier, region, product = (
        encoded(column) for column in (cases.severity, cases.tier, cases.region, cases.product)
    )
    turns = _turns(events)
    rows = _rows(events, turns)
    at_now = max(micros_of(now), int(events.at.max(initial=0)))
    effective = [micros_of(s.effective_from) for s in sheets[1:] if s.effective_from]
    ended = np.where(rows.ended_at == NEVER, at_now, rows.ended_at)
    sheet = np.searchsorted(np.array(effective, dtype=np.int64), ended, side="right")
    dims = (severity.codes[rows.case], tier.codes[rows.case], region.codes[rows.case])
    target, calendar, calendars = _targets(rows, sheet, dims, sheets, (severity, tier, region))
    known = target > 0
    timed = _timed(
        rows.where(known),
        target[known],
        (calendar[known], calendars),
        _pauses(events, turns, sheets, sheet[known], rows.where(known)),
        at_now,
    )
    newest = sheets[int(np.searchsorted(np.array(effective, dtype=np.int64), at_now, side="right"))]
    legal = legal_clocks(events, (region, product), newest, turns.answered, turns.resolved)
    return joined(timed, legal, at_now)


def _turns(events: Events) -> _Turns:
    resolved = events.are(EventKind.RESOLVED, by_person=True)
    answered = events.are(EventKind.ANSWERED, by_person=True) | resolved
    opened, reopened = events.are(EventKind.OPENED), events.are(EventKind.REOPENED)
    before = events.last(opened | reopened | resolved)
    was_resolved = (before >= 0) & resolved[before]
    return _Turns(answered, resolved, opened | (reopened & was_resolved), ~was_resolved)


def _rows(events: Events, turns: _Turns) -> ClockRows:
    """Return the clocks that sheets time: whose, from which event, to which."""
    next_answer, next_resolved = events.next(turns.answered), events.next(turns.resolved)
    spoke = events.are(EventKind.CUSTOMER_SPOKE) & turns.is_open
    turn = events.last(turns.answered | spoke)
    asks_again = spoke & (turn >= 0) & turns.answered[turn]
    handed = events.are(EventKind.HANDED_OVER)
    taken = events.next(events.are(EventKind.ACCEPTED, EventKind.RETURNED, by_person=True))
    dropped = events.next(handed | events.are(EventKind.WITHDRAWN) | turns.resolved)
    nothing = np.full(len(events.case), len(events.case))
    parts = (
        (ClockKind.FIRST_RESPONSE, events.are(EventKind.OPENED), next_answer, nothing),
        (ClockKind.UPDATE, asks_again, next_answer, nothing),
        (ClockKind.RESOLUTION, turns.begun, next_resolved, nothing),
        (ClockKind.HANDOFF, handed, taken, dropped),
    )
    found = [
        ClockRows.of(events, KIND_NUMBERS[kind], np.flatnonzero(starts), met, stopped)
        for kind, starts, met, stopped in parts
    ]
    return ClockRows.together(found)


def _targets(
    rows: ClockRows,
    sheet: Codes,
    dims: tuple[Codes, Codes, Codes],
    sheets: Sequence[Sheet],
    names: tuple[Encoded, Encoded, Encoded],
) -> tuple[Micros, Codes, list[Calendar]]:
    """Return of each clock its length (0: none) and calendar, and the calendars."""
    group, firsts = groups_of(sheet, rows.kind, *dims)
    calendars: dict[Calendar, int] = {}
    lengths, numbers = np.zeros(len(firsts), np.int64), np.zeros(len(firsts), np.int64)
    for i, first in enumerate(firsts):
        chosen = sheets[sheet[first]]
        kind = tuple(ClockKind)[rows.kind[first]]
        words = [name.words[dim[first]] for name, dim in zip(names, dims, strict=True)]
        target = chosen.target(kind, *words)
        if target is not None:
            lengths[i] = target.minutes * MINUTE
            calendar = chosen.calendar_for(target, words[-1])
            numbers[i] = calendars.setdefault(calendar, len(calendars))
    return lengths[group], numbers[group], list(calendars)


class _Pauses(NamedTuple):
    """When resolutions stood; `row` is the number of the clock, in order."""

    row: Codes
    since: Micros
    until: Micros
    """−1: it lasts."""


def _pauses(
    events: Events, turns: _Turns, sheets: Sequence[Sheet], sheet: Codes, rows: ClockRows
) -> _Pauses:
    m, whom = len(events.case), (EventKind.WAITS_CUSTOMER, EventKind.WAITS_TEAM)
    waits = events.are(*whom, by_person=True)
    over = events.are(EventKind.RESUMED, EventKind.CUSTOMER_SPOKE, EventKind.REOPENED)
    place = np.flatnonzero(waits)
    start = events.last(turns.begun)[place]
    of_start = np.full(m, -1)
    resolutions = np.flatnonzero(rows.kind == KIND_NUMBERS[ClockKind.RESOLUTION])
    of_start[rows.start[resolutions]] = resolutions
    row = np.where(start >= 0, of_start[start], -1)
    allowed = np.array(
        [[kind.value.partition("_")[2] in s.pauses_for for kind in whom] for s in sheets]
    )
    is_team = (events.kind[place] == code_of(EventKind.WAITS_TEAM)).astype(np.int64)
    counts = (row >= 0) & (place < rows.end[row]) & allowed[sheet[row], is_team]
    place, row = place[counts], row[counts]
    until = events.next(over | waits | turns.resolved)[place]
    at = np.concatenate([events.at, [NEVER]])
    return _Pauses(row, events.at[place], at[until])


def _timed(
    rows: ClockRows,
    target: Micros,
    calendar: tuple[Codes, list[Calendar]],
    pauses: _Pauses,
    now: int,
) -> Clocks:
    """Return when each clock is due, and what of it has passed."""
    number, calendars = calendar
    lasts = pauses.until == NEVER
    until = np.where(lasts, np.maximum(now, pauses.since), pauses.until)
    due, worked = np.zeros_like(target), np.zeros_like(target)
    stood = np.zeros_like(target)
    ended = np.where(rows.ended_at == NEVER, now, rows.ended_at)
    for i, one in enumerate(calendars):
        mine, paused = np.flatnonzero(number == i), np.flatnonzero(number[pauses.row] == i)
        if not len(mine):
            continue
        open_ = openings(one, int(rows.started_at[mine].min()), now, int(target[mine].max()))
        began = np.zeros_like(target)
        began[mine] = open_.worked(rows.started_at[mine])
        row, since = pauses.row[paused], open_.worked(pauses.since[paused])
        length = open_.worked(until[paused]) - since
        earlier = np.cumsum(length) - length
        if len(row):
            _, first, again = np.unique(row, return_index=True, return_inverse=True)
            earlier = earlier - earlier[first][again]
        ran = since - began[row] - earlier
        moved = np.zeros_like(target)
        np.add.at(moved, row, np.where(ran < target[row], length, 0))
        np.add.at(stood, row, length)
        due[mine] = open_.earliest(began[mine] + target[mine] + moved[mine])
        worked[mine] = open_.worked(ended[mine]) - began[mine] - stood[mine]
    paused_at = np.full(len(target), NEVER)
    paused_at[pauses.row[lasts]] = pauses.since[lasts]
    return Clocks(
        rows.case, rows.kind, np.zeros_like(rows.kind), rows.started_at, due, rows.ended_at,
        rows.is_met, paused_at, target, worked, ("",),
    )  # fmt: skip
