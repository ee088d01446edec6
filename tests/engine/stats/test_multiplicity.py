import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.stats.multiplicity import benjamini_hochberg, e_bh, e_lond, holm


def test_the_adjustments_by_hand() -> None:
    p = np.array([0.01, 0.04, 0.03, np.nan, 0.005])
    assert holm(p)[[0, 1, 2, 4]] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(p)[[0, 1, 2, 4]] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(holm(p)[3])
    assert np.isnan(benjamini_hochberg(p)[3])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusting_never_helps_and_keeps_the_order(values: list[float]) -> None:
    p = np.array(values)
    order = np.argsort(p, kind="stable")
    for adjusted in (holm(p), benjamini_hochberg(p)):
        assert np.all(adjusted >= p - 1e-12)
        assert np.all(adjusted <= 1)
        assert np.all(np.diff(adjusted[order]) >= -1e-12)
    assert np.all(benjamini_hochberg(p) <= holm(p) + 1e-12)


def test_e_bh_rejects_the_largest_that_stand_together() -> None:
    log_e = np.log(np.array([500.0, 30.0, 15.0, 1.0, np.nan]))
    # N = 4 at .1: 40, 20, 13.3, 10
    assert e_bh(log_e, 0.1).tolist() == [True, True, True, False, False]
    assert not e_bh(np.log(np.array([30.0, 5.0, 5.0, 5.0])), 0.1).any()
    assert not e_bh(np.full(3, np.nan), 0.1).any()


def test_e_lond_grants_more_after_each_discovery() -> None:
    # 1/α_t = 20, 60/2 … after the first rejection
    assert e_lond(np.log(np.array([20.1, 30.1, 29.0])), 0.1).tolist() == [True, True, False]
    assert e_lond(np.log(np.array([19.9, 30.1])), 0.1).tolist() == [False, False]


def test_false_discoveries_stay_a_small_share() -> None:
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(200):
        is_real = rng.random(200) < 0.1
        z = rng.standard_normal(200) + 4 * is_real
        named = e_bh(3 * z - 4.5, 0.2)
        shares.append((named & ~is_real).sum() / max(named.sum(), 1))
    assert np.mean(shares) <= 0.2
