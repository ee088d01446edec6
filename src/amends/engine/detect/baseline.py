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
    expected,
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
_PLAIN_STEPS, _WEIGHED_STEPS = 4, 2
"""A fit from nothing first follows all of the past, lest a season pass for an outbreak; one that
goes on from the last needs a single step."""
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
    coef: Floats
    """Coefficients (N, p): where the next fit starts."""


def forecast(
    link: Link,
    history: History,
    design: Regressors,
    span: tuple[int, int, int],
    pace: Pace,
    before: tuple[Floats, Floats] | None = None,
) -> Forecast:
    """Fit the buckets [first, origin) and forecast [origin, end); `span` = (first, origin, end).

    `before` holds coefficients and dispersion of the last origin: the fit starts from them.
    """
    first, origin, end = span
    past = Design(design.columns[first:origin])
    n, p = len(history.parents), design.columns.shape[1]
    coef, dispersion = np.zeros((n, p)), np.ones(n)
    eta, variance = np.empty((n, end - origin)), np.empty((n, end - origin))
    ahead = Design(design.columns[origin:end])
    for members in history.generations:
        prior = _prior(design, coef, history.parents[members])
        start = None
        if before is not None and before[0].shape[1] == p:
            start = Fit(before[0][members], np.empty((0, p, p)), before[1][members])
        fit, seen, mean = _fit(link, past, _rows(history.seen, members), prior, start)
        coef[members], dispersion[members] = fit.coef, fit.dispersion
        level, level_variance = _level(link, seen, fit, mean, pace)
        eta[members] = fit.coef @ ahead.columns.T + level[:, None]
        variance[members] = ahead.quadratic(fit.covariance) + level_variance[:, None]
    return Forecast(eta, np.maximum(variance, 0.0), dispersion, coef)


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
    if len(members) == len(seen.value):
        return seen
    return Observed(seen.value[members], seen.exposure[members], seen.weight[members])


def _fit(
    link: Link, past: Design, seen: Observed, prior: Prior, start: Fit | None
) -> tuple[Fit, Observed, Floats]:
    """Return the fit, the observations with past outbreaks weighted down, and what is expected."""
    fit = start or start_fit(link, seen, prior)
    weighed = seen
    mean = expected(link, past, seen, fit)
    plain, weighed_steps = (0, 1) if start else (_PLAIN_STEPS, _WEIGHED_STEPS)
    for step in range(plain + weighed_steps):
        if step >= plain:
            weighed = Observed(
                seen.value, seen.exposure, seen.weight * _calm(link, seen, mean, fit)
            )
            used = past.columns.shape[1]
            dispersion = pearson_dispersion(link, weighed, mean, used, _PRIOR_DISPERSION)
            dispersion = np.maximum(dispersion, link.least_dispersion)
            fit = Fit(fit.coef, fit.covariance, dispersion)
        fit = newton_step(link, past, weighed, prior, fit, mean)
        mean = expected(link, past, seen, fit)
    return fit, weighed, mean


def _calm(link: Link, seen: Observed, mean: Floats, fit: Fit) -> Floats:
    """Return the weights of past buckets: (2.58/r)² of those whose Anscombe residual is larger."""
    weight = np.ones_like(mean)
    scale = np.sqrt(fit.dispersion)[:, None]
    spread = np.sqrt(link.variance(mean, seen.exposure)) * scale
    row, at = np.nonzero(seen.value - mean > 0.8 * _OUTLIER * spread)
    residual = link.residual(seen.value[row, at], mean[row, at], seen.exposure[row, at])
    residual /= scale[row, 0]
    weight[row, at] = (_OUTLIER / np.maximum(residual, _OUTLIER)) ** 2
    return weight


def _level(link: Link, seen: Observed, fit: Fit, mean: Floats, pace: Pace) -> tuple[Floats, Floats]:
    """Return how far the level now lies from the regression, and the variance of that.

    With block residuals d and block variances V at dispersion φ, moments give the wandering
    τ² = Σ(d² − φV)/ΣV², less its own standard error; the level is the usual shrunken mean.
    """
    blocks = seen.value.shape[1] // pace.block
    n = len(seen.value)
    if blocks < 4:
        return np.zeros(n), np.zeros(n)
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
