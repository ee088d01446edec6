"""The stretch that is watched, and its bucket."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import Bucket
from amends.flows.analyze.period import WatchedPeriod, choose_period

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")


def spread(days: int, per_day: int, start: np.datetime64 = START) -> np.ndarray:
    seconds = np.arange(days * per_day) * (86_400 // per_day)
    return start + seconds.astype("timedelta64[s]").astype("timedelta64[us]")


def test_a_year_of_many_signals_is_watched_by_day() -> None:
    period = choose_period(spread(365, 20))
    assert isinstance(period, WatchedPeriod)
    assert period.bucket is Bucket.DAY
    assert period.left_out == 0


def test_a_few_a_week_are_watched_by_week() -> None:
    period = choose_period(spread(700, 1)[::2])
    assert isinstance(period, WatchedPeriod)
    assert period.bucket is Bucket.WEEK


def test_some_days_with_times_are_watched_by_hour() -> None:
    period = choose_period(spread(8, 1_000))
    assert isinstance(period, WatchedPeriod)
    assert period.bucket is Bucket.HOUR


def test_some_days_without_times_cannot_be_watched() -> None:
    why = choose_period(np.repeat(START + np.arange(8) * DAY, 100))
    assert isinstance(why, str)
    assert "too short" in why


def test_no_date_is_said() -> None:
    assert choose_period(np.array([], dtype="datetime64[us]")) == "no row has a date"


def test_a_trickle_before_the_export_began_is_left_out() -> None:
    trickle = spread(800, 1)[::20]
    period = choose_period(np.concatenate([trickle, spread(300, 20, START + 800 * DAY)]))
    assert isinstance(period, WatchedPeriod)
    assert period.left_out >= len(trickle) - 2
    assert period.starts_at >= START + 795 * DAY


def test_the_last_day_is_whole_when_dates_have_no_time() -> None:
    period = choose_period(np.repeat(START + np.arange(100) * DAY, 5))
    assert isinstance(period, WatchedPeriod)
    assert period.ends_at == START + 100 * DAY


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=300))
def test_the_order_of_rows_does_not_matter(days: list[int]) -> None:
    stamps = START + np.array(days) * DAY
    shuffled = stamps.copy()
    np.random.default_rng(len(days)).shuffle(shuffled)
    assert choose_period(stamps) == choose_period(shuffled)
