"""One treated unit against many that were not: DID, synthetic control, and both at once.

Abadie, Diamond & Hainmueller 2010 (synthetic control); Arkhangelsky et al. 2021 (SDID).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from amends.engine.contracts import Floats


@dataclass(frozen=True, slots=True)
class Panel:
    """One treated unit and N donors over T periods, of which the first `n_before` are before.

    Parameters
    ----------
    treated
        float64 of shape (T,).
    donors
        float64 of shape (N, T).

    """

    treated: Floats
    donors: Floats
    n_before: int

    def __post_init__(self) -> None:
        if self.donors.ndim != 2 or self.donors.shape[1] != len(self.treated):
            raise ValueError(f"Donors of shape {self.donors.shape}, {len(self.treated)} periods.")
        if not 1 <= self.n_before < len(self.treated) or not len(self.donors):
            raise ValueError("A panel needs donors and periods before and after.")


def did(panel: Panel) -> float:
    """Return the difference in differences: all donors and periods weigh the same."""
    n, t = len(panel.donors), panel.n_before
    return _double_difference(panel, np.full(n, 1 / n), np.full(t, 1 / t))


def synthetic_control(panel: Panel) -> float:
    """Return the mean gap after, to the mix of donors that tracked the treated unit before."""
    t = panel.n_before
    weights = simplex_fit(panel.donors[:, :t].T, panel.treated[:t], ridge=1e-6)
    gap = panel.treated - weights @ panel.donors
    return float(gap[t:].mean())


def sdid(panel: Panel) -> float:
    """Return the synthetic difference in differences."""
    return _double_difference(panel, unit_weights(panel), time_weights(panel))


def unit_weights(panel: Panel) -> Floats:
    """Return the SDID weights of the donors, shape (N,): parallel to the treated unit before."""
    before = panel.donors[:, : panel.n_before]
    n_after = len(panel.treated) - panel.n_before
    noise = float(np.diff(before, axis=1).std(ddof=1)) if panel.n_before > 2 else 1.0
    zeta = n_after**0.25 * noise
    goal = panel.treated[: panel.n_before]
    return simplex_fit(
        before.T - before.mean(axis=1), goal - goal.mean(), ridge=zeta**2 * panel.n_before
    )


def time_weights(panel: Panel) -> Floats:
    """Return the SDID weights of the periods before: those that foretell the periods after."""
    before, after = panel.donors[:, : panel.n_before], panel.donors[:, panel.n_before :]
    noise = float(np.diff(before, axis=1).std(ddof=1)) if panel.n_before > 2 else 1.0
    goal = after.mean(axis=1)
    return simplex_fit(
        before - before.mean(axis=0), goal - goal.mean(), ridge=(1e-6 * noise) ** 2 * len(goal)
    )


def unit_placebos(panel: Panel, estimator: Callable[[Panel], float]) -> Floats:
    """Return the estimate for each donor as if it had been treated, shape (N,); N ≥ 2."""
    return np.array(
        [
            estimator(Panel(panel.donors[i], np.delete(panel.donors, i, axis=0), panel.n_before))
            for i in range(len(panel.donors))
        ]
    )


def simplex_fit(x: Floats, goal: Floats, *, ridge: float) -> Floats:
    """Return w ≥ 0, Σw = 1 that minimises ‖x·w − goal‖² + ridge·‖w‖².

    Non-negative least squares (Lawson & Hanson 1974) with the sum as a heavy extra equation.
    """
    n = x.shape[1]
    heavy = 1e4 * max(float(np.abs(x).max(initial=0.0)), float(np.sqrt(ridge)), 1e-12)
    rows = np.vstack([x, np.sqrt(ridge) * np.eye(n), np.full((1, n), heavy)])
    weights, _ = nnls(rows, np.r_[goal, np.zeros(n), heavy])
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(n, 1 / n)


def _double_difference(panel: Panel, units: Floats, times: Floats) -> float:
    t = panel.n_before
    gap = panel.treated - units @ panel.donors
    return float(gap[t:].mean() - gap[:t] @ times)
