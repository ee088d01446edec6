from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import Bucket, SeriesBatch, SeriesKey, Slice, Verdict
from amends.engine.prevent import FixSeries, VerifyConfig, verify

START = np.datetime64("2025-01-01", "us")
DAY = np.timedelta64(1, "D")
FIX_AT = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=126)


def played(seed: int, effect: float, *, days: int = 182, donors: int = 1) -> FixSeries:
    """Return counts around 200 a day with a shared random walk and autocorrelated noise."""
    rng = np.random.default_rng(seed)
    shared = np.cumsum(rng.normal(0, 0.01, days))
    own = np.empty((donors + 1, days))
    own[:, 0] = rng.normal(0, 0.06, donors + 1)
    for i in range(1, days):
        own[:, i] = 0.5 * own[:, i - 1] + rng.normal(0, 0.052, donors + 1)
    level = np.log(200) + shared + own
    level[0, 126:] += np.log1p(effect)
    counts = rng.poisson(np.exp(level)).astype(float)
    names = tuple(f"control {i}" for i in range(donors))
    return FixSeries(START + np.arange(days) * DAY, counts[0], counts[1:], names)


def test_useless_fixes_are_rarely_verified_and_good_ones_nearly_always() -> None:
    useless = [verify(played(i, 0.0), FIX_AT) for i in range(150)]
    assert np.mean([v.verdict is Verdict.VERIFIED for v in useless]) <= 0.06
    assert np.mean([v.verdict is Verdict.REFUTED for v in useless]) >= 0.7
    good = [verify(played(i, -0.3), FIX_AT) for i in range(60)]
    assert np.mean([v.verdict is Verdict.VERIFIED for v in good]) >= 0.95
    effects = [v.effect for v in good if v.effect is not None]
    assert np.mean(effects) == pytest.approx(-0.3, abs=0.02)
    intervals = [v.interval for v in useless + good if v.interval is not None]
    truth = [0.0] * len(useless) + [-0.3] * len(good)
    covers = [i.low <= t <= i.high for i, t in zip(intervals, truth, strict=True)]
    assert np.mean(covers) >= 0.93


def test_many_donors_are_weighted_and_serve_as_placebos() -> None:
    found = verify(played(3, -0.25, donors=12), FIX_AT)
    assert found.verdict is Verdict.VERIFIED
    assert any("12 donors, weighted" in r for r in found.reasons)
    assert any("0 of 12 controls moved as clearly" in r for r in found.reasons)
    useless = [verify(played(40 + i, 0.0, donors=12), FIX_AT) for i in range(40)]
    assert np.mean([v.verdict is Verdict.VERIFIED for v in useless]) <= 0.1


def test_before_four_blocks_it_is_too_early() -> None:
    found = verify(played(1, -0.5, days=126 + 55), FIX_AT)
    assert (found.verdict, found.blocks_after, found.effect) == (Verdict.TOO_EARLY, 3, None)
    assert "Look again in 14 days" in found.reasons[0]
    late = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=40)
    short = verify(played(1, -0.5), late)
    assert short.verdict is Verdict.TOO_EARLY
    assert short.reasons[0].startswith("Too little before")


def test_without_a_control_nothing_is_claimed() -> None:
    series = played(1, -0.5)
    alone = FixSeries(series.starts, series.treated, np.empty((0, 182)), ())
    found = verify(alone, FIX_AT)
    assert (found.effect, found.interval, found.p_value) == (None, None, None)
    assert found.reasons[0].startswith("No control")


def test_a_change_that_the_control_shares_is_no_effect() -> None:
    series = played(5, 0.0)
    slump = np.where(np.arange(182) >= 126, 0.5, 1.0)
    both = FixSeries(series.starts, series.treated * slump, series.controls * slump, ("c",))
    assert verify(both, FIX_AT).verdict is not Verdict.VERIFIED


def test_a_ratio_that_drifts_by_itself_is_not_verified() -> None:
    series = played(6, 0.0)
    drift = np.exp(-0.006 * np.arange(182))
    leaving = FixSeries(series.starts, series.treated * drift, series.controls, ("c",))
    found = verify(leaving, FIX_AT)
    assert found.placebo_p_value is not None
    assert found.placebo_p_value < 0.05
    assert found.verdict is Verdict.TOO_EARLY
    assert "before the fix" in found.reasons[0]


def test_an_undecided_fix_says_so() -> None:
    noisy = played(8, -0.1)
    rng = np.random.default_rng(2)
    blur = np.repeat(np.exp(rng.normal(0, 0.12, 13)), 14)
    found = verify(FixSeries(noisy.starts, noisy.treated * blur, noisy.controls, ("c",)), FIX_AT)
    assert found.verdict is Verdict.TOO_EARLY
    assert found.reasons[0].startswith("Undecided")


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_units_do_not_matter(scale: float, other: float) -> None:
    series = played(9, -0.2)
    first = verify(series, FIX_AT)
    scaled = FixSeries(series.starts, series.treated * scale, series.controls * other, ("c",))
    again = verify(scaled, FIX_AT)
    assert again.effect == pytest.approx(first.effect)
    assert again.p_value == pytest.approx(first.p_value)


def test_exposure_is_divided_out_and_gaps_and_zeros_are_borne() -> None:
    series = played(10, 0.0)
    growth = np.where(np.arange(182) >= 126, 2.0, 1.0)
    grown = FixSeries(
        series.starts, series.treated * growth, series.controls, ("c",), growth, np.ones((1, 182))
    )
    assert verify(grown, FIX_AT).effect == pytest.approx(verify(series, FIX_AT).effect)
    holes = series.treated.copy()
    holes[[3, 50, 140]] = np.nan
    holes[126:133] = 0
    found = verify(FixSeries(series.starts, holes, series.controls, ("c",)), FIX_AT)
    assert found.blocks_before == 9
    assert found.effect is not None


def test_a_batch_leaves_its_incomplete_bucket_out() -> None:
    series = played(11, -0.2)
    keys = tuple(SeriesKey("complaints", Slice.of({"region": r})) for r in ("north", "south"))
    value = np.vstack([series.treated, series.controls])
    batch = SeriesBatch(keys, Bucket.DAY, series.starts, value, np.ones_like(value), elapsed=0.4)
    taken = FixSeries.of_batch(batch, keys[0], keys[1:])
    assert len(taken.starts) == 181
    assert taken.names == ("region=south",)
    assert verify(taken, FIX_AT).blocks_after == 3


def test_impossible_input_is_refused() -> None:
    series = played(1, 0.0)
    with pytest.raises(ValueError, match="time zone"):
        verify(series, datetime(2025, 5, 1))  # noqa: DTZ001 - what is refused
    with pytest.raises(ValueError, match="negative"):
        FixSeries(series.starts, -series.treated, series.controls, ("c",))
    with pytest.raises(ValueError, match="do not fit"):
        FixSeries(series.starts, series.treated[1:], series.controls, ("c",))
    with pytest.raises(ValueError, match="hoped"):
        VerifyConfig(hoped=0.1)
