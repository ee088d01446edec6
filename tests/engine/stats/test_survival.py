import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.stats.survival import kaplan_meier

FREIREICH = {
    6: (3, 1), 7: (1, 0), 9: (0, 1), 10: (1, 1), 11: (0, 1), 13: (1, 0), 16: (1, 0), 17: (0, 1),
    19: (0, 1), 20: (0, 1), 22: (1, 0), 23: (1, 0), 25: (0, 1), 32: (0, 2), 34: (0, 1), 35: (0, 1),
}  # fmt: skip
"""Weeks in remission under 6-MP (Freireich 1963), the textbook's example: time → (ends, losses)."""


def expand(table: dict[int, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    times = [t for t, (ends, lost) in table.items() for _ in range(ends + lost)]
    ended = [i < ends for ends, lost in table.values() for i in range(ends + lost)]
    return np.array(times, dtype=float), np.array(ended)


def test_the_textbook_example() -> None:
    curve = kaplan_meier(*expand(FREIREICH))
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815, 0.448179]
    assert curve.survival == pytest.approx(expected, abs=1e-6)
    assert curve.quantile(0.5) == 23
    interval = curve.quantile_interval(0.5)
    assert interval is not None
    assert (interval.low, interval.high) == (13, np.inf)
    assert (curve.low[0], curve.high[0]) == pytest.approx((0.619718, 0.951552), abs=1e-5)
    assert curve.quantile(0.9) is None
    assert curve.quantile_interval(0.9) is None
    assert (curve.at(5.9), curve.at(6)) == pytest.approx((1, 0.857143), abs=1e-6)


cases = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


@given(cases)
def test_it_agrees_with_counting_by_hand(rows: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier(np.array([float(t) for t, _ in rows]), np.array([e for _, e in rows]))
    share = 1.0
    for time, survival in zip(curve.times, curve.survival, strict=True):
        at_risk = sum(t >= time for t, _ in rows)
        share *= 1 - sum(e and t == time for t, e in rows) / at_risk
        assert survival == pytest.approx(share, abs=1e-12)
    assert np.all(curve.low <= curve.survival + 1e-12)
    assert np.all(curve.high >= curve.survival - 1e-12)


@given(cases)
def test_without_censoring_the_median_is_the_sample_median(rows: list[tuple[int, bool]]) -> None:
    times = np.array([float(t) for t, _ in rows])
    curve = kaplan_meier(times, np.ones(len(times), dtype=bool))
    assert curve.quantile(0.5) == np.sort(times)[(len(times) - 1) // 2]


def test_dropping_open_cases_would_look_faster_than_it_is() -> None:
    rng = np.random.default_rng(1)
    true, seen_for = rng.exponential(10, 4000), rng.uniform(0, 20, 4000)
    ended = true <= seen_for
    curve = kaplan_meier(np.minimum(true, seen_for), ended)
    median = curve.quantile(0.5)
    assert median == pytest.approx(10 * np.log(2), rel=0.1)
    assert np.median(true[ended]) < 0.8 * 10 * np.log(2)


def test_negative_durations_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        kaplan_meier(np.array([-1.0]), np.array([True]))
    with pytest.raises(ValueError, match="ends"):
        kaplan_meier(np.array([1.0]), np.array([True, False]))
