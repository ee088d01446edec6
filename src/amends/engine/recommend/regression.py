"""Bayesian linear regression with one variance per group of features, from sums alone.

The hierarchical normal model solved at once: a feature's correction is drawn from its group's
normal with mean 0. Variances and noise are re-estimated by MacKay's fixed-point iterations of the
evidence (MacKay 1992, "Bayesian interpolation").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy import linalg

from amends.engine.contracts import Floats

from .features import GROUPS, group_of

_ROUNDS: Final = 4
_TIGHTEST, _LOOSEST = 0.05, 5.0
"""Bounds of a group's re-estimated spread, as multiples of its first guess."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Hyperparameters: group → standard deviation of its corrections, and that of the noise."""

    spreads: Mapping[str, float]
    noise: float


@dataclass(frozen=True)
class Regression:
    """A regression of N targets on D features, known by its sums.

    Parameters
    ----------
    names
        D feature names; the part before "|" is the group.
    gram, moment, square
        Sums of φφᵀ (D, D), φr (D,) and r² over the targets.
    n
        Targets.
    fit
        Hyperparameters.

    """

    names: tuple[str, ...]
    gram: Floats
    moment: Floats
    square: float
    n: int
    fit: Fit

    @cached_property
    def mean(self) -> Floats:
        """Posterior means, shape (D,)."""
        mean: Floats = linalg.cho_solve(self._factor, self.moment / self.fit.noise**2)
        return mean

    def draws(self, normals: Floats) -> Floats:
        """Return posterior draws, shape (D, M), from standard normals of that shape."""
        lower = np.tril(self._factor[0])
        spread = linalg.solve_triangular(lower.T, normals, lower=False)
        draws: Floats = self.mean[:, None] + spread
        return draws

    @cached_property
    def _factor(self) -> tuple[Floats, bool]:
        precision = self.gram / self.fit.noise**2 + np.diag(_prior(self.names, self.fit))
        factor: tuple[Floats, bool] = linalg.cho_factor(precision, lower=True)
        return factor

    def refit(self, guess: Fit) -> Fit:
        """Return hyperparameters at (nearly) the maximum of the evidence, near a first guess."""
        groups = np.array([group_of(name) for name in self.names])
        fit = self.fit
        for _ in range(_ROUNDS):
            prior = _prior(self.names, fit)
            covariance = linalg.inv(self.gram / fit.noise**2 + np.diag(prior))
            mean = covariance @ self.moment / fit.noise**2
            determined = 1 - prior * np.diag(covariance)
            spreads = dict(fit.spreads)
            for group, first in guess.spreads.items():
                members = groups == group
                used = float(determined[members].sum())
                if used > 0:
                    spread = float(np.sqrt(mean[members] @ mean[members] / used))
                    spreads[group] = min(max(spread, _TIGHTEST * first), _LOOSEST * first)
            rest = self.square - 2 * mean @ self.moment + mean @ self.gram @ mean
            noise = float(np.sqrt(max(rest, 1e-9) / max(self.n - determined.sum(), 1.0)))
            fit = Fit(spreads, max(noise, 1e-3))
        return fit


def _prior(names: tuple[str, ...], fit: Fit) -> Floats:
    return np.array([fit.spreads[group_of(name)] ** -2.0 for name in names])


def first_guess(noise: float, tightness: float = 1.0) -> Fit:
    """Return what is believed of spreads before any data, all of them scaled by `tightness`."""
    return Fit({group: spread * tightness for group, spread in GROUPS.items()}, noise)
