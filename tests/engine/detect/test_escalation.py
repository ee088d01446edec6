"""Escalation, quiet hours and rotas against models that look at every minute."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amends.engine.contracts import BadInput
from amends.engine.detect.escalation import QuietHours, step_times, steps_due
from amends.engine.detect.rota import Override, WeeklyRota, on_call, shifts

MINUTE = timedelta(minutes=1)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]
AROUND = [
    datetime(2026, 3, 29, tzinfo=UTC),  # clocks change: Europe, spring
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),  # New York
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, by half an hour
    datetime(2026, 7, 1, tzinfo=UTC),
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
moments = st.builds(
    lambda day, minutes: day + minutes * MINUTE,
    st.sampled_from(AROUND),
    st.integers(-2000, 2000),
)


def first_loud_minute(quiet: QuietHours, at: datetime) -> datetime:
    while quiet.cover(at):
        at += MINUTE
    return at


@given(zones, times, times, moments)
@example(ZoneInfo("Europe/Berlin"), time(22), time(2, 30), datetime(2026, 3, 29, 0, 10, tzinfo=UTC))
@example(ZoneInfo("Europe/Berlin"), time(22), time(2, 30), datetime(2026, 10, 24, 23, tzinfo=UTC))
def test_quiet_ends_at_the_first_minute_that_the_wall_clock_lets_through(
    zone: ZoneInfo, begins: time, ends: time, at: datetime
) -> None:
    if begins == ends:
        with pytest.raises(BadInput, match="never let anything through"):
            QuietHours(begins, ends, zone)
        return
    quiet = QuietHours(begins, ends, zone)
    assert quiet.after(at) == first_loud_minute(quiet, at)


def walked(
    began_at: datetime, waits: list[int], quiet: QuietHours | None, known: dict[int, datetime]
) -> list[datetime]:
    """Walk through the minutes and note in which one each step begins."""
    now, begun, found = began_at, began_at, list[datetime]()
    for _ in range(60_000):
        if len(found) == len(waits):
            break
        number = len(found)
        if number:
            waited = now - begun >= waits[number - 1] * MINUTE
            given_up = number - 1 in known and now >= known[number - 1]
            is_time = waited or given_up
        else:
            is_time = True
        if is_time and not (quiet and quiet.cover(now)):
            found.append(now)
            begun = now
            continue  # the next step may begin in the same minute, when this one is in vain
        now += MINUTE
    return found


@given(
    moments,
    st.lists(st.integers(1, 600), min_size=1, max_size=4),
    st.one_of(st.none(), st.tuples(times, times, zones).filter(lambda q: q[0] != q[1])),
    st.dictionaries(st.integers(0, 3), st.integers(-30, 900), max_size=2),
)
def test_steps_begin_when_a_walk_through_the_minutes_says(
    began_at: datetime,
    waits: list[int],
    hours: tuple[time, time, ZoneInfo] | None,
    in_vain: dict[int, int],
) -> None:
    quiet = QuietHours(*hours) if hours else None
    known = {number: began_at + minutes * MINUTE for number, minutes in in_vain.items()}
    planned = step_times(began_at, [w * MINUTE for w in waits], quiet, known)
    assert list(planned) == walked(began_at, waits, quiet, known)
    assert not any(quiet.cover(at) for at in planned) if quiet else planned[0] == began_at


@given(moments, st.lists(st.integers(1, 90), min_size=1, max_size=5), st.integers(0, 400))
def test_nothing_is_due_from_the_acknowledgement_on(
    began_at: datetime, waits: list[int], after: int
) -> None:
    planned = step_times(began_at, [w * MINUTE for w in waits])
    seen_at = began_at + after * MINUTE
    late = began_at + timedelta(days=30)
    assert steps_due(planned, late, None) == len(waits)
    assert steps_due(planned, late, seen_at) == sum(at < seen_at for at in planned)
    assert steps_due(planned, seen_at, None) == sum(at <= seen_at for at in planned)


def test_a_wait_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="waits no time"):
        step_times(AROUND[0], [timedelta(0)])


def whose_turn(rota: WeeklyRota, at: datetime) -> int:
    """Count the handovers one by one."""
    week = -20
    while rota.handover_at(week + 1) <= at:
        week += 1
    return rota.people[week % len(rota.people)]


rotas = st.builds(
    WeeklyRota,
    st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True).map(tuple),
    st.dates(date(2026, 2, 20), date(2026, 11, 10)),
    times,
    zones,
)


@given(rotas, moments, st.integers(0, 2))
def test_turns_change_at_the_handover_of_the_wall_clock(
    rota: WeeklyRota, at: datetime, ahead: int
) -> None:
    start = rota.handover_at(0)
    if not start - timedelta(days=130) < at < start + timedelta(days=3650):
        return
    turn = rota.people.index(whose_turn(rota, at))
    expected = rota.people[(turn + ahead) % len(rota.people)]
    assert on_call(rota, (), at, ahead=ahead) == expected


@given(
    rotas,
    moments,
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(-9000, 9000), st.integers(1, 5000)), max_size=3
    ),
)
def test_shifts_say_at_every_moment_who_is_on_call(
    rota: WeeklyRota, at: datetime, given_to: list[tuple[int, int, int]]
) -> None:
    overrides = [
        Override(who, at + begins * MINUTE, at + (begins + lasts) * MINUTE)
        for who, begins, lasts in given_to
    ]
    until = at + timedelta(days=21)
    found = shifts(rota, overrides, at, until)
    assert (found[0].starts_at, found[-1].ends_at) == (at, until)
    assert all(a.ends_at == b.starts_at for a, b in itertools.pairwise(found))
    for shift in found:
        for moment in (shift.starts_at, shift.ends_at - MINUTE / 2):
            assert on_call(rota, overrides, moment) == shift.person


def test_a_rota_without_people_has_nobody() -> None:
    empty = WeeklyRota((), date(2026, 1, 5), time(9), ZoneInfo("UTC"))
    assert on_call(empty, (), AROUND[0]) is None
    assert shifts(empty, (), AROUND[0], AROUND[0] + timedelta(days=9)) == []


def test_the_week_begins_at_nine_also_when_clocks_have_changed() -> None:
    rota = WeeklyRota((1, 2), date(2026, 3, 23), time(9), ZoneInfo("Europe/Berlin"))
    assert rota.handover_at(0) == datetime(2026, 3, 23, 8, tzinfo=UTC)
    assert rota.handover_at(1) == datetime(2026, 3, 30, 7, tzinfo=UTC)
