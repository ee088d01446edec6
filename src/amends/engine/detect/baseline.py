"""What is expected of every series: a pooled, overdispersed regression with a wandering level.

Quasi-likelihood regression with exposure (Noufaily et al. 2013 for counts), each series shrunk
towards the one above it; past outbreaks reweighted by their Anscombe residual; buckets of open
breakdowns left out. What the regression leaves over block by block tells how far the level wanders;
the present level follows the last blocks as far as that wandering is real, and the forecast is as
unsure as it is wide.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats
from amends.engine.stats.glm import (
    Design,
    Fit,
    Observed,
    Prior,
    newton_step,
    pearson_dispersion,
    start_fit,
)
from amends.engine.stats.links import Link

from .config import Pace
from .design import Regressors
from .hierarchy import Indices

_OUTLIER = 2.58
"""Anscombe residual from which a past bucket is taken for an outbreak (Noufaily et al. 2013)."""
_STEPS = 4
_PERSISTENCE = 0.7
"""Correlation of the level between neighbouring blocks."""
_PRIOR_DISPERSION = (1.2, 8.0)
_SURE = 1e4
_CHILD_SD_FLOOR = 0.05


@dataclass(frozen=True, slots=True)
class History:
    """What is known when a block begins: (N, H) arrays, masked buckets with weight 0."""

    seen: Observed
    generations: list[Indices]
    parents: Indices


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next k buckets of N series."""

    eta: Floats
    """Predictor without exposure, (N, k)."""
    eta_variance: Floats
    """Variance of the predictor, (N, k)."""
    dispersion: Floats
    """Variance ÷ variance function, (N,)."""


def forecast(
    link: Link, history: History, design: Regressors, span: tuple[int, int, int], pace: Pace
) -> Forecast:
    """Fit the buckets [first, origin) and forecast [origin, end); `span` = (first, origin, end)."""
    first, origin, end = span
    past = Design(design.columns[first:origin])
    n, p = len(history.parents), design.columns.shape[1]
    coef, dispersion = np.zeros((n, p)), np.ones(n)
    eta, variance = np.empty((n, end - origin)), np.empty((n, end - origin))
    ahead = Design(design.columns[origin:end])
    for members in history.generations:
        above = history.parents[members]
        prior = _prior(design, coef, above)
        seen = _rows(history.seen, members)
        fit, seen = _fit(link, past, seen, prior)
        coef[members], dispersion[members] = fit.coef, fit.dispersion
        level, level_variance = _level(link, past, seen, fit, pace)
        eta[members] = fit.coef @ ahead.columns.T + level[:, None]
        variance[members] = ahead.quadratic(fit.covariance) + level_variance[:, None]
    return Forecast(eta, np.maximum(variance, 0.0), dispersion)


def _prior(design: Regressors, coef: Floats, above: NDArray[np.int64]) -> Prior:
    """Centre a series on the one above it; the level itself is every series' own."""
    is_root = above < 0
    mean = np.where(is_root[:, None], 0.0, coef[np.maximum(above, 0)])
    sd = np.where(is_root[:, None], design.root_sd, np.maximum(design.child_sd, _CHILD_SD_FLOOR))
    precision = 1 / np.maximum(sd, 1 / np.sqrt(_SURE)) ** 2
    mean[:, 0] = 0.0
    precision[:, 0] = 0.0
    return Prior(mean, precision)


def _rows(seen: Observed, members: Indices) -> Observed:
    return Observed(
        seen.value[members], seen.exposure[members], seen.offset[members], seen.weight[members]
    )


def _fit(link: Link, past: Design, seen: Observed, prior: Prior) -> tuple[Fit, Observed]:
    """Return the fit and the observations with past outbreaks weighted down."""
    fit = start_fit(link, seen, prior)
    plain = seen
    for step in range(_STEPS):
        fit = newton_step(link, past, seen, prior, fit)
        if step == 0:
            continue
        mean = link.mean(fit.coef @ past.columns.T + seen.offset, seen.exposure)
        dispersion = pearson_dispersion(link, seen, mean, past.columns.shape[1], _PRIOR_DISPERSION)
        fit = Fit(fit.coef, fit.covariance, np.maximum(dispersion, link.least_dispersion))
        residual = link.residual(seen.value, mean, seen.exposure) / np.sqrt(fit.dispersion)[:, None]
        outlier = (_OUTLIER / np.maximum(residual, _OUTLIER)) ** 2
        seen = Observed(plain.value, plain.exposure, plain.offset, plain.weight * outlier)
    return fit, seen


def _level(link: Link, past: Design, seen: Observed, fit: Fit, pace: Pace) -> tuple[Floats, Floats]:
    """Return how far the level now lies from the regression, and the variance of that.

    With block residuals d and block variances V at dispersion φ, moments give the wandering
    τ² = Σ(d² − φV)/ΣV², less its own standard error; the level is the usual shrunken mean.
    """
    blocks = seen.value.shape[1] // pace.block
    n = len(seen.value)
    if blocks < 4:
        return np.zeros(n), np.zeros(n)
    mean = link.mean(fit.coef @ past.columns.T + seen.offset, seen.exposure)
    variance = seen.weight * link.variance(mean, seen.exposure)

    def by_block(values: Floats) -> Floats:
        tail = values[:, values.shape[1] - blocks * pace.block :]
        return np.asarray(tail.reshape(n, blocks, pace.block).sum(axis=2))

    d, v = by_block(seen.weight * (seen.value - mean)), by_block(variance)
    phi = fit.dispersion[:, None]
    surplus = (d**2 - phi * v).sum(axis=1) - np.sqrt(2 * ((phi * v) ** 2).sum(axis=1))
    wander = np.maximum(surplus, 0.0) / np.maximum((v**2).sum(axis=1), 1e-12)
    fade = _PERSISTENCE ** np.arange(blocks)[::-1]
    total, weight = d @ fade, v @ fade
    shrink = wander / (wander * weight + fit.dispersion)
    level = shrink * total
    unsure = shrink * fit.dispersion + wander * (1 - _PERSISTENCE**2)
    return level, unsure
