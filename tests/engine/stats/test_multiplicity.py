import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.stats.multiplicity import benjamini_hochberg, holm


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
