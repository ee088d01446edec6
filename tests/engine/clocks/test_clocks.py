from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.engine.clocks.minute_by_minute import Told, is_working, minute_by_minute

from amends.engine.clocks import (
    Calendar,
    Cases,
    ClockKind,
    Event,
    EventKind,
    Events,
    Reading,
    Sheet,
    Target,
    after_working,
    code_of,
    events_of,
    micros_of,
    next_deadlines,
    reckon,
    working_between,
)

ZONES = ["UTC", "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
CHANGES = [
    datetime(2026, 3, 27, tzinfo=UTC),  # Europe springs forward on the 29th
    datetime(2026, 10, 23, tzinfo=UTC),  # and back on the 25th
    datetime(2026, 10, 30, tzinfo=UTC),  # America back on 1 November
    datetime(2026, 4, 3, tzinfo=UTC),  # Lord Howe by half an hour, on the 5th
    datetime(2026, 7, 1, tzinfo=UTC),
]
ANSWERED, RESOLVED, REOPENED = EventKind.ANSWERED, EventKind.RESOLVED, EventKind.REOPENED
SPOKE, WAITS, RESUMED = EventKind.CUSTOMER_SPOKE, EventKind.WAITS_CUSTOMER, EventKind.RESUMED
OFFICE = Calendar("Europe/London", ((((9 * 60), (17 * 60)),),) * 5 + ((), ()), "GB-ENG")
SPLIT = Calendar("Europe/Dublin", ((((540), (750)), ((840), (1080))),) * 5 + ((), ()))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sheet(calendar: Calendar, minutes: dict[ClockKind, int] | int, **more: object) -> Sheet:
    lengths = minutes if isinstance(minutes, dict) else dict.fromkeys(ClockKind, minutes)
    targets = [Target(kind, n) for kind, n in lengths.items() if kind is not ClockKind.REGULATOR]
    return Sheet({"here": calendar}, {"": "here"}, targets, **more)  # type: ignore[arg-type]


def read(
    sheets: Sheet | list[Sheet], opened: datetime, now: datetime, *events: Event
) -> tuple[Reading, ...]:
    case = Cases(["high"], ["gold"], ["north"], ["fibre"])
    chosen = sheets if isinstance(sheets, list) else [sheets]
    return reckon(case, events_of(opened, events), chosen, now).readings()


def the(kind: ClockKind, readings: tuple[Reading, ...]) -> Reading:
    (found,) = [r for r in readings if r.kind is kind]
    return found


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = []
    for _ in range(7):
        edges = draw(st.lists(st.integers(0, 48), max_size=6, unique=True).map(sorted))
        spans = tuple((a * 30, b * 30) for a, b in list(pairwise(edges))[::2])
        days.append(spans)
    if not any(days):
        days[0] = ((540, 1020),)
    closed = draw(st.lists(st.integers(0, 9), max_size=2, unique=True))
    first = draw(st.sampled_from(CHANGES)).date()
    return Calendar(
        draw(st.sampled_from(ZONES)),
        tuple(days),
        closed_on=tuple(first + timedelta(days=n) for n in closed),
    )


MINUTES = st.integers(0, 5 * 1440)


@given(calendars(), st.sampled_from(CHANGES), MINUTES, MINUTES)
@settings(max_examples=60)
def test_working_time_is_what_counting_minutes_gives(
    calendar: Calendar, base: datetime, first: int, second: int
) -> None:
    since, until = (base + timedelta(minutes=n) for n in sorted((first, second)))
    n = (until - since) // timedelta(minutes=1)
    counted = sum(is_working(calendar, since + timedelta(minutes=i)) for i in range(n))
    assert working_between(calendar, since, until) == timedelta(minutes=counted)
    assert calendar.is_open(since) == is_working(calendar, since)


@st.composite
def histories(draw: st.DrawFn) -> tuple[datetime, list[Event]]:
    opened = draw(st.sampled_from(CHANGES)) + timedelta(minutes=draw(st.integers(0, 2 * 1440)))
    kinds = [kind for kind in EventKind if kind not in {EventKind.OPENED, EventKind.REFERRED}]
    gaps = st.integers(0, 900)
    events, when = [], opened
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=12)):
        when += timedelta(minutes=draw(gaps))
        events.append(Event(when, kind, draw(st.booleans() if kind != RESUMED else st.just(False))))
    return opened, events


@given(calendars(), histories(), st.integers(1, 2000), st.integers(0, 3000), st.booleans())
@settings(max_examples=120)
def test_clocks_are_what_looking_at_every_minute_gives(
    calendar: Calendar,
    told: tuple[datetime, list[Event]],
    minutes: int,
    later: int,
    for_teams: bool,
) -> None:
    opened, events = told
    now = (events[-1].at if events else opened) + timedelta(minutes=later)
    lengths = {kind: minutes // (n + 1) + 1 for n, kind in enumerate(ClockKind)}
    pauses = {"customer", "team"} if for_teams else {"customer"}
    waits = [WAITS, EventKind.WAITS_TEAM] if for_teams else [WAITS]
    readings = read(sheet(calendar, lengths, pauses_for=frozenset(pauses)), opened, now, *events)
    found = [
        Told(r.kind, r.started_at, r.due_at, r.ended_at, r.is_met, r.is_paused) for r in readings
    ]
    assert found == minute_by_minute(calendar, lengths, opened, events, now, waits)


@given(calendars(), histories(), st.integers(1, 4000), st.integers(1, 4000))
@settings(max_examples=40)
def test_a_changed_target_loses_nothing(
    calendar: Calendar, told: tuple[datetime, list[Event]], before: int, after: int
) -> None:
    opened, events = told
    now = (events[-1].at if events else opened) + timedelta(minutes=60)
    old, new = sheet(calendar, before), sheet(calendar, after, effective_from=now)
    changed = read([old, new], opened, now, *events)
    always = read(sheet(calendar, after), opened, now, *events)
    judged = read(old, opened, now, *events)
    assert [r for r in changed if r.is_running] == [r for r in always if r.is_running]
    assert [r for r in changed if not r.is_running] == [r for r in judged if not r.is_running]
    assert [r.worked for r in changed] == [r.worked for r in judged]


@given(histories())
@settings(max_examples=60)
def test_a_robot_meets_nothing_and_pauses_nothing(told: tuple[datetime, list[Event]]) -> None:
    opened, events = told
    acts = {ANSWERED, RESOLVED, EventKind.ACCEPTED, EventKind.RETURNED, WAITS, EventKind.WAITS_TEAM}
    robots = [Event(e.at, e.kind, by_robot=True) if e.kind in acts else e for e in events]
    now = (events[-1].at if events else opened) + timedelta(minutes=60)
    readings = read(sheet(SPLIT, 60), opened, now, *robots)
    assert not any(r.is_met or r.is_paused for r in readings)
    assert next(r for r in readings if r.kind is ClockKind.RESOLUTION).is_running


@given(st.lists(histories(), min_size=1, max_size=6), st.integers(1, 3000))
@settings(max_examples=25)
def test_many_cases_at_once_are_each_case_by_itself(
    told: list[tuple[datetime, list[Event]]], minutes: int
) -> None:
    now = max(e.at for o, es in told for e in [*es, Event(o, ANSWERED)]) + timedelta(minutes=5)
    n = len(told)
    flat = [(i, e) for i, (_, events) in enumerate(told) for e in events]
    events = Events.of(
        np.array([i for i, _ in flat], dtype=np.int64),
        np.array([micros_of(e.at) for _, e in flat], dtype=np.int64),
        np.array([code_of(e.kind) for _, e in flat], dtype=np.int64),
        np.array([e.by_robot for _, e in flat], dtype=bool),
        np.array([micros_of(opened) for opened, _ in told], dtype=np.int64),
    )
    rules = sheet(SPLIT, minutes)
    cases = Cases(["high"] * n, ["gold"] * n, ["north"] * n, ["fibre"] * n)
    clocks = reckon(cases, events, [rules], now)
    coming = next_deadlines(clocks, n)
    for i, (opened, own) in enumerate(told):
        readings = read(rules, opened, now, *own)
        assert clocks.readings(i) == readings
        running = [r for r in readings if r.is_running]
        soonest = min(running, key=lambda r: (r.is_paused, r.due_at), default=None)
        assert coming.due_at[i] == (-1 if soonest is None else micros_of(soonest.due_at))


def test_business_hours_reach_over_the_weekend_and_split_shifts() -> None:
    """chatwoot#13392, #14009."""
    friday = at("2026-11-20 16:30")
    due = the(ClockKind.FIRST_RESPONSE, read(sheet(OFFICE, 60), friday, friday)).due_at
    assert due == at("2026-11-23 09:30")
    assert after_working(SPLIT, at("2026-11-20 12:00"), timedelta(hours=1)) == at(
        "2026-11-20 14:30"
    )
    assert after_working(OFFICE, at("2026-12-24 16:30"), timedelta(hours=1)) == at(
        "2026-12-29 09:30"
    ), "25 December, the weekend and the substitute day lie between"


def test_nothing_escalates_while_the_customer_is_to_speak() -> None:
    """zammad#3140: the agent answered last."""
    opened, hour = at("2026-11-23 09:00"), timedelta(hours=1)
    events = [Event(opened + hour, ANSWERED)]
    readings = read(sheet(OFFICE, 60), opened, opened + 5 * hour, *events)
    assert not [r for r in readings if r.kind is ClockKind.UPDATE]
    events.append(Event(opened + 2 * hour, SPOKE))
    asked = the(ClockKind.UPDATE, read(sheet(OFFICE, 60), opened, opened + 5 * hour, *events))
    assert asked.due_at == opened + 3 * hour
    assert asked.is_running


def test_the_update_clock_does_not_override_the_first_response() -> None:
    """zammad#5177."""
    opened, minute = at("2026-11-23 09:00"), timedelta(minutes=1)
    rules = sheet(
        OFFICE, {ClockKind.FIRST_RESPONSE: 30, ClockKind.UPDATE: 5, ClockKind.RESOLUTION: 600}
    )
    readings = read(rules, opened, opened + 20 * minute, Event(opened + 10 * minute, SPOKE))
    assert not [r for r in readings if r.kind is ClockKind.UPDATE]
    assert the(ClockKind.FIRST_RESPONSE, readings).due_at == opened + 30 * minute


def test_a_paused_clock_stands_and_only_working_time_is_taken_off() -> None:
    """frappe/helpdesk#1554, frappe/erpnext#49414."""
    opened = at("2026-11-20 15:00")  # a Friday
    waits, goes_on = at("2026-11-20 16:00"), at("2026-11-23 10:00")
    rules = sheet(OFFICE, 120)
    standing = read(rules, opened, at("2026-11-21 12:00"), Event(waits, WAITS))
    clock = the(ClockKind.RESOLUTION, standing)
    assert clock.is_paused
    assert clock.worked == timedelta(hours=1), "it does not tick"
    assert clock.due_at == at("2026-11-23 10:00"), "one hour left, were it to run on"
    events = Event(waits, WAITS), Event(goes_on, RESUMED)
    clock = the(ClockKind.RESOLUTION, read(rules, opened, goes_on, *events))
    assert clock.due_at == at("2026-11-23 11:00"), "two working hours of the pause, not 66"


def test_a_pause_survives_another_target() -> None:
    """glpi#15605."""
    opened = at("2026-11-23 09:00")
    events = Event(at("2026-11-23 10:00"), WAITS), Event(at("2026-11-23 13:00"), RESUMED)
    now = at("2026-11-23 14:00")
    for minutes, due in ((240, "2026-11-23 16:00"), (300, "2026-11-23 17:00")):
        clock = the(ClockKind.RESOLUTION, read(sheet(OFFICE, minutes), opened, now, *events))
        assert (clock.due_at, clock.worked) == (at(due), timedelta(hours=2))


def test_targets_may_be_met_late() -> None:
    opened = at("2026-11-23 09:00")
    clock = the(
        ClockKind.FIRST_RESPONSE,
        read(
            sheet(OFFICE, 60),
            opened,
            at("2026-11-24 09:00"),
            Event(at("2026-11-23 12:00"), ANSWERED),
        ),
    )
    assert clock.is_met
    assert clock.is_late(at("2026-11-24 09:00"))
    assert clock.worked == timedelta(hours=3)


def test_a_reopened_case_runs_anew_and_keeps_what_was() -> None:
    opened = at("2026-11-23 09:00")
    events = Event(at("2026-11-23 10:00"), RESOLVED), Event(at("2026-11-24 09:00"), REOPENED)
    readings = read(sheet(OFFICE, 120), opened, at("2026-11-24 10:00"), *events)
    first, second = [r for r in readings if r.kind is ClockKind.RESOLUTION]
    assert (first.is_met, second.is_running) == (True, True)
    assert second.due_at == at("2026-11-24 11:00")


@example(minutes=60, day=date(2026, 10, 25))
@given(st.integers(1, 600), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
@settings(max_examples=40)
def test_the_moment_after_some_work_is_the_earliest_by_which_it_is_done(
    minutes: int, day: date
) -> None:
    since = datetime(day.year, day.month, day.day, 3, 17, tzinfo=UTC)
    length = timedelta(minutes=minutes)
    due = after_working(SPLIT, since, length)
    assert working_between(SPLIT, since, due) == length
    assert working_between(SPLIT, since, due - timedelta(microseconds=1)) < length


@pytest.mark.parametrize(
    "make",
    [
        lambda: Calendar("Europe/Nowhere"),
        lambda: Calendar(week=((),) * 7),
        lambda: Calendar(week=(((600, 540),),) * 7),
        lambda: Calendar(week=(((540, 600), (570, 700)),) * 7),
        lambda: Calendar(holidays="XX"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match=r"time zone|week|spans|holidays"):
        make()  # type: ignore[operator]
