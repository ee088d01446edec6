import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.prevent import Panel, did, sdid, synthetic_control, unit_placebos
from amends.engine.prevent.panel import simplex_fit


def factor_panel(seed: int, effect: float, n: int = 20, t: int = 30, before: int = 20) -> Panel:
    """Return units that load differently on a trend, so that the treated one is not average."""
    rng = np.random.default_rng(seed)
    load = rng.uniform(0, 1, n)
    trend = np.cumsum(rng.normal(0.5, 0.5, t))
    donors = 50 + 10 * load[:, None] + load[:, None] * trend + rng.normal(0, 0.3, (n, t))
    treated = 66 + 0.9 * trend + rng.normal(0, 0.3, t)
    treated[before:] += effect
    return Panel(treated, donors, before)


def test_sdid_finds_the_effect_where_plain_did_cannot() -> None:
    panels = [factor_panel(i, -4.0) for i in range(10)]
    weighted = np.mean([abs(sdid(p) + 4) for p in panels])
    plain = np.mean([abs(did(p) + 4) for p in panels])
    assert weighted < 1.0 < plain


def test_a_constant_shift_is_no_effect_for_did_and_sdid() -> None:
    panel = factor_panel(1, -3.0)
    higher = Panel(panel.treated + 100, panel.donors, panel.n_before)
    assert did(higher) == pytest.approx(did(panel))
    assert sdid(higher) == pytest.approx(sdid(panel))


def test_synthetic_control_reproduces_a_mix_of_donors() -> None:
    rng = np.random.default_rng(2)
    donors = rng.normal(0, 5, (4, 30))
    treated = 0.7 * donors[0] + 0.3 * donors[2]
    treated[20:] -= 2
    assert synthetic_control(Panel(treated, donors, 20)) == pytest.approx(-2, abs=1e-3)


def test_placebos_are_centred_where_nothing_happened() -> None:
    placebos = unit_placebos(factor_panel(3, -4.0), sdid)
    assert placebos.shape == (20,)
    assert abs(np.median(placebos)) < 1


@given(st.integers(0, 10_000))
def test_weights_lie_on_the_simplex_and_no_corner_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, goal = rng.normal(size=(8, 5)), rng.normal(size=8)
    weights = simplex_fit(x, goal, ridge=0.1)

    def loss(w: np.ndarray) -> float:
        return float(((x @ w - goal) ** 2).sum() + 0.1 * (w**2).sum())

    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0
    tries = rng.dirichlet(np.ones(5), 50)
    assert loss(weights) <= min(loss(w) for w in [*tries, *np.eye(5)]) + 1e-6


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="periods"):
        Panel(np.zeros(3), np.zeros((2, 4)), 1)
    with pytest.raises(ValueError, match="before and after"):
        Panel(np.zeros(3), np.zeros((2, 3)), 3)
