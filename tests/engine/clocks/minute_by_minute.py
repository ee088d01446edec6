"""The clocks of one case as a slow model: every minute is looked at, one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from amends.engine.clocks import Calendar, ClockKind, Event, EventKind

MINUTE = timedelta(minutes=1)
TURNS = {EventKind.ANSWERED, EventKind.RESOLVED}
WAITS = {EventKind.WAITS_CUSTOMER, EventKind.WAITS_TEAM}
RUNS_ON = {EventKind.RESUMED, EventKind.CUSTOMER_SPOKE, EventKind.REOPENED}


@dataclass(frozen=True)
class Told:
    """One clock: what `Reading` says of it, besides its worked time."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    is_met: bool
    is_paused: bool


def is_working(calendar: Calendar, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(calendar.timezone))
    minute = local.hour * 60 + local.minute
    if local.date() in calendar.closed_on:
        return False
    return any(a <= minute < b for a, b in calendar.week[local.weekday()])


@dataclass
class Pause:
    since: datetime
    until: datetime | None = None


@dataclass
class Going:
    kind: ClockKind
    since: datetime
    pauses: list[Pause]
    ended_at: datetime | None = None
    is_met: bool = False


def due(calendar: Calendar, going: Going, minutes: int, now: datetime) -> datetime:
    at, counted = going.since, 0
    while counted < minutes:
        stands = any(p.since <= at < (p.until or max(now, p.since)) for p in going.pauses)
        counted += is_working(calendar, at) and not stands
        at += MINUTE
    return at


def history(  # noqa: C901, PLR0912  (one step after the other, on purpose)
    opened_at: datetime, events: Sequence[Event], pauses_for: Sequence[EventKind]
) -> Iterator[Going]:
    """Go through what happened, event by event, and yield every clock that started."""
    first = Going(ClockKind.FIRST_RESPONSE, opened_at, [])
    resolution = Going(ClockKind.RESOLUTION, opened_at, [])
    found, update, handoff = [first, resolution], None, None
    pause: Pause | None = None
    spoke_last, answered, resolved = False, False, False
    for event in events:
        kind, person = event.kind, not event.by_robot
        resolves = kind is EventKind.RESOLVED and person
        if pause and (kind in RUNS_ON or resolves or (kind in WAITS and person)):
            pause.until, pause = event.at, None
        if kind in TURNS and person:
            for going in (first, update):
                if going and not going.ended_at:
                    going.ended_at, going.is_met = event.at, True
            answered, spoke_last = True, False
        if kind is EventKind.CUSTOMER_SPOKE and not resolved:
            if answered and not spoke_last:
                update = Going(ClockKind.UPDATE, event.at, [])
                found.append(update)
            spoke_last = True
        if kind in WAITS and person and not resolved and kind in pauses_for:
            pause = Pause(event.at)
            resolution.pauses.append(pause)
        if kind in {EventKind.ACCEPTED, EventKind.RETURNED} and person and handoff:
            handoff.ended_at, handoff.is_met, handoff = event.at, True, None
        if handoff and (kind in {EventKind.HANDED_OVER, EventKind.WITHDRAWN} or resolves):
            handoff.ended_at, handoff = event.at, None
        if kind is EventKind.HANDED_OVER:
            handoff = Going(ClockKind.HANDOFF, event.at, [])
            found.append(handoff)
        if resolves and not resolved:
            resolution.ended_at, resolution.is_met, resolved = event.at, True, True
        if kind is EventKind.REOPENED and resolved:
            resolved = False
            resolution = Going(ClockKind.RESOLUTION, event.at, [])
            found.append(resolution)
    yield from found


def minute_by_minute(
    calendar: Calendar,
    minutes: dict[ClockKind, int],
    opened_at: datetime,
    events: Sequence[Event],
    now: datetime,
    pauses_for: Sequence[EventKind] = (EventKind.WAITS_CUSTOMER,),
) -> list[Told]:
    """Return every clock of a case; events are in order, all times whole minutes in UTC."""
    assert opened_at.tzinfo is UTC
    told = [
        Told(
            going.kind,
            going.since,
            due(calendar, going, minutes[going.kind], now),
            going.ended_at,
            going.is_met,
            any(p.until is None for p in going.pauses),
        )
        for going in history(opened_at, events, pauses_for)
    ]
    order = list(ClockKind)
    return sorted(told, key=lambda t: (t.started_at, order.index(t.kind)))
