"""Many penalised regressions on one design at once.

All N series share the regressors, so that XᵀWX of every series is one matrix product of the weights
with the products of the columns; only the solutions are series by series.
"""

from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import Floats

from .links import Link

_MAX_STEP = 3.0


@dataclass(frozen=True, slots=True)
class Prior:
    """Where coefficients lie before a series speaks: `mean` (N, p), `precision` (N, p)."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (N, p), their covariance (N, p, p) and the dispersion (N,)."""

    coef: Floats
    covariance: Floats
    dispersion: Floats


@dataclass(frozen=True, slots=True)
class Observed:
    """What N series showed: value, exposure and weight, each (N, H); no NaN."""

    value: Floats
    exposure: Floats
    weight: Floats


class Design:
    """Regressors (H, p), the first an intercept, with the products of their columns."""

    def __init__(self, columns: Floats) -> None:
        self.columns = columns
        self.upper = np.triu_indices(columns.shape[1])
        self.products: Floats = columns[:, self.upper[0]] * columns[:, self.upper[1]]

    def gram(self, weight: Floats) -> Floats:
        """Return XᵀWX of every row of `weight` (N, H) as (N, p, p)."""
        p = self.columns.shape[1]
        packed = weight @ self.products
        full = np.empty((len(weight), p, p))
        full[:, self.upper[0], self.upper[1]] = packed
        full[:, self.upper[1], self.upper[0]] = packed
        return full

    def quadratic(self, covariance: Floats) -> Floats:
        """Return xᵀCx of every covariance (N, p, p) and row of the design as (N, H)."""
        twice = np.where(self.upper[0] == self.upper[1], 1.0, 2.0)
        packed = covariance[:, self.upper[0], self.upper[1]] * twice
        return np.asarray(packed @ self.products.T)


def start_fit(link: Link, seen: Observed, prior: Prior) -> Fit:
    """Return the fit that knows nothing but each series' overall level."""
    n, p = prior.mean.shape
    coef = prior.mean.copy()
    events = (seen.weight * seen.value).sum(axis=1) + 0.5
    exposure = (seen.weight * seen.exposure).sum(axis=1) + link.pseudo_exposure
    coef[:, 0] = link.predictor(events, exposure)
    return Fit(coef, np.zeros((n, p, p)), np.ones(n))


def expected(link: Link, design: Design, seen: Observed, fit: Fit) -> Floats:
    """Return what the fit expects of every observation, (N, H)."""
    return link.mean(fit.coef @ design.columns.T, seen.exposure)


def newton_step(
    link: Link, design: Design, seen: Observed, prior: Prior, fit: Fit, mean: Floats
) -> Fit:
    """Take one Fisher-scoring step of the penalised quasi-likelihood.

    It starts from `fit`, which expects `mean`. The level of a series without events stays finite by
    half a pseudo-event (Jeffreys); it costs nothing where there are events.
    """
    variance = link.variance(mean, seen.exposure)
    scale = fit.dispersion[:, None]
    gradient = (seen.weight * (seen.value - mean)) @ design.columns / scale
    gradient -= prior.precision * (fit.coef - prior.mean)
    information = design.gram(seen.weight * variance) / scale[:, :, None]
    diagonal = np.arange(prior.mean.shape[1])
    information[:, diagonal, diagonal] += prior.precision
    nothing = np.full(len(fit.coef), link.pseudo_exposure)
    pseudo = link.mean(fit.coef[:, 0], nothing)
    gradient[:, 0] += 0.5 - pseudo
    information[:, 0, 0] += link.variance(pseudo, nothing) + 1e-9
    covariance: Floats = np.linalg.inv(information).astype(np.float64)
    step = np.einsum("npq,nq->np", covariance, gradient)
    return Fit(fit.coef + np.clip(step, -_MAX_STEP, _MAX_STEP), covariance, fit.dispersion)


def pearson_dispersion(
    link: Link, seen: Observed, mean: Floats, used: int, prior: tuple[float, float]
) -> Floats:
    """Return Pearson's χ²/df per series, shrunk to `prior` = (value, degrees of freedom)."""
    variance = np.maximum(link.variance(mean, seen.exposure), 1e-9)
    chi2 = (seen.weight * (seen.value - mean) ** 2 / variance).sum(axis=1)
    freedom = np.maximum(seen.weight.sum(axis=1) - used, 0.0)
    value, strength = prior
    return np.asarray((value * strength + chi2) / (strength + freedom))
