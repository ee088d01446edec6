"""A source keeps its rhythm and is left in peace; it stops and is noticed soon."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from amends.engine.contracts import BadInput
from amends.engine.detect import SilenceConfig, judge_silence, learn_rhythm

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
Times = NDArray[np.datetime64]


def office_hours(
    rng: np.random.Generator, per_hour: float, days: int, zone: tzinfo, burst: int = 1
) -> Times:
    """Return arrivals of weekdays from 8 to 18, few on Saturday mornings, none else."""
    found: list[datetime] = []
    for hour in range(days * 24):
        at = MONDAY + timedelta(hours=hour)
        local = at.astimezone(zone)
        is_open = local.weekday() < 5 and 8 <= local.hour < 18
        some = 0.3 if local.weekday() == 5 and 9 <= local.hour < 12 else 0.0
        mean = per_hour * (1.0 if is_open else some) / burst
        for second in rng.uniform(0, 3600, rng.poisson(mean)):
            found += [at + timedelta(seconds=second + 40 * n) for n in range(burst)]
    return np.array([at.replace(tzinfo=None) for at in sorted(found)], dtype="datetime64[us]")


def moments(days: float, of: int, every_minutes: int = 30) -> list[datetime]:
    """Return the moments of the last `of` days before day `days` at which somebody looks."""
    start = MONDAY + timedelta(days=days - of)
    return [start + timedelta(minutes=every_minutes * i) for i in range(of * 1440 // every_minutes)]


def test_a_young_source_that_never_came_on_a_saturday_evening_is_not_missed_there() -> None:
    """Two Saturdays do not tell when Saturdays end; a whole weekend without a word is another."""
    times = office_hours(np.random.default_rng(104), 30.0, 23, BERLIN)
    config = SilenceConfig(false_alarms_per_year=0.02)
    known = times[times < np.datetime64("2026-03-21T18:00")]
    for hour in range(18, 48):
        at = datetime(2026, 3, 21, tzinfo=UTC) + timedelta(hours=hour)
        told = judge_silence(known, at, BERLIN, config)
        assert told is not None
        assert not told.is_silent, at
    monday = judge_silence(known, datetime(2026, 3, 23, 8, tzinfo=UTC), BERLIN, config)
    assert monday is not None
    assert monday.is_silent, "an hour after it has opened"


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([12.0, 30.0]), st.integers(9, 15))
def test_a_young_source_that_stops_is_noticed_within_hours(
    seed: int, per_hour: float, hour: int
) -> None:
    times = office_hours(np.random.default_rng(seed), per_hour, 23, BERLIN)
    stopped = MONDAY + timedelta(days=16, hours=hour)  # a Wednesday
    before = times[times < np.datetime64(stopped.replace(tzinfo=None))]
    told = judge_silence(before, stopped.replace(hour=9) + timedelta(days=1, hours=2), BERLIN)
    assert told is not None
    assert told.is_silent


@settings(max_examples=6, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([3.0, 12.0, 30.0]),
    st.sampled_from([1, 4]),
    st.sampled_from([23, 50]),
)
def test_who_keeps_the_rhythm_is_left_in_peace(
    seed: int, per_hour: float, burst: int, days: int
) -> None:
    """Nights, weekends, the change of the clocks, and bursts: seven days, every other hour."""
    times = office_hours(np.random.default_rng(seed), per_hour, days, BERLIN, burst)
    config = SilenceConfig(false_alarms_per_year=0.02)
    alarms = [
        at
        for at in moments(days, 7, 120)
        if (told := judge_silence(times, at, BERLIN, config)) and told.is_silent
    ]
    assert alarms == []


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([3.0, 12.0, 30.0]), st.integers(9, 15))
def test_who_stops_is_noticed_within_a_few_expected_arrivals(
    seed: int, per_hour: float, hour: int
) -> None:
    times = office_hours(np.random.default_rng(seed), per_hour, 50, BERLIN)
    stopped = MONDAY + timedelta(days=37, hours=hour)  # a Wednesday
    before = times[times < np.datetime64(stopped.replace(tzinfo=None))]
    looks = [stopped + timedelta(minutes=30 * i) for i in range(4 * 24 * 2)]
    told = [judge_silence(before, at, BERLIN) for at in looks]
    noticed = next(one for one in told if one and one.is_silent)
    assert noticed.expected < 30
    assert noticed.since <= stopped
    later = told[told.index(noticed) :]
    assert all(one and one.is_silent for one in later)


def test_a_nightly_pull_is_missed_on_the_second_morning() -> None:
    at_two = [MONDAY + timedelta(days=day, hours=2, minutes=day % 3) for day in range(40)]
    times = np.array([at.replace(tzinfo=None) for at in at_two], dtype="datetime64[us]")
    last = at_two[-1]
    for hours, is_silent in ((20, False), (24, False), (73, True)):
        told = judge_silence(times, last + timedelta(hours=hours), UTC)
        assert told
        assert told.is_silent is is_silent, hours


def test_one_day_of_filling_is_no_rhythm() -> None:
    """Somebody sends a backlog, and never again; or one single signal."""
    backlog = np.datetime64("2026-03-02T10:00") + np.arange(500) * np.timedelta64(20, "s")
    for times in (backlog, backlog[:1]):
        for days in (0.1, 1, 15, 40, 400):
            told = judge_silence(times, MONDAY + timedelta(days=days + 1), UTC)
            assert told
            assert not told.is_silent
            assert told.chance == 1


def test_nothing_from_the_future_and_the_order_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    times = office_hours(rng, 12.0, 40, UTC)
    at = MONDAY + timedelta(days=30, hours=15)
    known = times[times <= np.datetime64(at.replace(tzinfo=None))]
    assert judge_silence(rng.permutation(times), at, UTC) == judge_silence(known, at, UTC)
    assert judge_silence(known[:0], at, UTC) is None


def test_what_a_person_said_overrules() -> None:
    one = np.array(["2026-03-02T10:00"], dtype="datetime64[us]")
    for minutes, is_silent in ((29, False), (30, True)):
        at = MONDAY.replace(hour=10) + timedelta(minutes=minutes)
        told = judge_silence(one, at, UTC, silent_after=timedelta(minutes=30))
        assert told
        assert told.is_silent is is_silent


def test_one_breakdown_of_old_does_not_make_it_deaf() -> None:
    times = office_hours(np.random.default_rng(3), 12.0, 50, UTC)
    out = (times > np.datetime64("2026-03-24T09:00")) & (times < np.datetime64("2026-03-25T15:00"))
    stopped = MONDAY + timedelta(days=37, hours=10)
    kept = times[~out & (times < np.datetime64(stopped.replace(tzinfo=None)))]
    told = judge_silence(kept, stopped + timedelta(hours=7), UTC)
    assert told
    assert told.is_silent


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="budget"):
        SilenceConfig(false_alarms_per_year=0)


@given(st.integers(0, 1000), st.floats(0.05, 40))
@settings(max_examples=20, deadline=None)
def test_a_rhythm_expects_as_much_as_came(seed: int, mean: float) -> None:
    counts = np.random.default_rng(seed).poisson(mean, 168 * 4).astype(float)
    rhythm = learn_rhythm(MONDAY, counts, UTC)
    four_weeks = rhythm.expected(MONDAY, MONDAY + timedelta(weeks=4))
    assert four_weeks == pytest.approx(counts.sum(), rel=0.12, abs=2)
    whole = rhythm.expected(MONDAY, MONDAY + timedelta(hours=9))
    parts = [MONDAY, MONDAY + timedelta(hours=2, minutes=17), MONDAY + timedelta(hours=9)]
    assert whole == pytest.approx(
        rhythm.expected(*parts[:2]) + rhythm.expected(*parts[1:]), rel=1e-9, abs=1e-9
    )
    around = rhythm.range_of(mean)
    assert around.low <= mean <= around.high
    assert rhythm.expected(MONDAY, MONDAY) == 0
