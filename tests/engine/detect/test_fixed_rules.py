from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import BadInput
from amends.engine.detect.fixed_rules import (
    Firing,
    Threshold,
    run_firings,
    threshold_firings,
    window_values,
)

START = datetime(2026, 5, 4, tzinfo=UTC)
numbers = st.lists(st.integers(0, 20), min_size=1, max_size=40)


@given(values=numbers, days=st.integers(1, 9), is_mean=st.booleans())
def test_windows_are_what_adding_up_gives(values: list[int], days: int, *, is_mean: bool) -> None:
    value = np.array(values, float)
    exposure = np.arange(len(values), dtype=float) % 3
    shown, exposed = window_values(value, exposure, Threshold(1, window_days=days, is_mean=is_mean))
    for end in range(len(values)):
        part = slice(max(0, end + 1 - days), end + 1)
        total, rests_on = value[part].sum(), exposure[part].sum()
        assert exposed[end] == pytest.approx(rests_on)
        if not is_mean:
            assert shown[end] == pytest.approx(total)
        elif rests_on:
            assert shown[end] == pytest.approx(total / rests_on)
        else:
            assert np.isnan(shown[end])


def test_a_stretch_of_days_fires_once_with_its_worst_value() -> None:
    value = np.array([1, 8, 9, 7, 1, 8.0])
    found = threshold_firings(value, np.ones(6), Threshold(5), last_is_partial=False)
    assert found == [Firing(1, 3, 9.0), Firing(5, 5, 8.0)]


def test_it_fires_in_its_own_direction_and_downwards_on_whole_days_only() -> None:
    value, ones = np.array([9, 9, 1, 0.0]), np.ones(4)
    below = Threshold(5, is_above=False)
    assert threshold_firings(value, ones, below, last_is_partial=True) == [Firing(2, 2, 1.0)]
    assert threshold_firings(value, ones, below, last_is_partial=False) == [Firing(2, 3, 0.0)]
    above = threshold_firings(value, ones, Threshold(5), last_is_partial=True)
    assert above == [Firing(0, 1, 9.0)]


def test_a_mean_of_few_answers_says_nothing() -> None:
    harm, answers = np.array([2, 30.0]), np.array([2, 60.0])
    rule = Threshold(0.4, minimum_count=20, is_mean=True)
    assert threshold_firings(harm, answers, rule, last_is_partial=False) == [Firing(1, 1, 0.5)]


@given(
    st.lists(st.integers(0, 300), max_size=40).map(sorted),
    st.integers(1, 5),
    st.integers(1, 60),
)
def test_a_run_needs_new_moments_each_time(hours: list[int], n: int, within: int) -> None:
    moments = [START + timedelta(hours=h) for h in hours]
    expected, waiting = [], list[int]()
    for place, hour in enumerate(hours):
        waiting = [h for h in waiting if h >= hour - within] + [hour]
        if len(waiting) >= n:
            expected.append(place)
            waiting = []
    assert run_firings(moments, n, timedelta(hours=within)) == expected


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one day"):
        window_values(np.ones(2), np.ones(2), Threshold(1, window_days=0))
    with pytest.raises(BadInput, match="At least one"):
        run_firings([START], 0, timedelta(hours=1))
