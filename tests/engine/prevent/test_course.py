from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from amends.engine.prevent import FixSeries, course, verify

START = np.datetime64("2025-01-01", "us")
DAY = np.timedelta64(1, "D")
FIX_AT = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=126)


def _series(donors: int, effect: float, days: int = 196) -> FixSeries:
    """Return series that all follow one wave; the first loses a share from the fix on."""
    wave = 100 + 30 * np.sin(np.arange(days) / 20)
    after = np.arange(days) >= 126
    controls = np.stack([wave * (i + 1) for i in range(donors)]) if donors else np.empty((0, days))
    names = tuple(f"control {i}" for i in range(donors))
    return FixSeries(START + np.arange(days) * DAY, wave * (1 + after * effect), controls, names)


@pytest.mark.parametrize("donors", [1, 3, 12])
def test_expected_follows_the_controls(donors: int) -> None:
    found = course(_series(donors, -0.4), FIX_AT)
    assert found is not None
    assert (found.n_before, len(found.starts)) == (18, 28)
    assert found.starts[18] == np.datetime64(FIX_AT.replace(tzinfo=None), "us")
    assert found.actual / found.expected == pytest.approx([1.0] * 18 + [0.6] * 10, abs=1e-3)
    judged = verify(_series(donors, -0.4), FIX_AT)
    assert judged.effect == pytest.approx(-0.4, abs=1e-3)


def test_before_the_fix_both_are_the_same() -> None:
    found = course(_series(12, 0.0, days=127), FIX_AT)
    assert found is not None
    assert found.n_before == len(found.actual) == 18
    assert found.actual == pytest.approx(found.expected)


def test_nothing_to_compare_with() -> None:
    assert course(_series(0, -0.4), FIX_AT) is None
    assert course(_series(2, -0.4), datetime(2025, 1, 3, tzinfo=UTC)) is None


def test_blocks_without_data_are_left_out() -> None:
    series = _series(2, -0.4)
    series.treated[126:133] = np.nan
    found = course(series, FIX_AT)
    assert found is not None
    assert len(found.starts) == len(found.actual) == 27
    assert found.starts[18] == START + 133 * DAY
