"""What is expected of every series: a pooled, overdispersed regression with a wandering level.

Quasi-likelihood regression with exposure (Noufaily et al. 2013 for counts), each series shrunk
towards the one above it; past outbreaks weighted down by their residual; buckets of open
breakdowns left out. What the regression leaves over block by block tells how far the level wanders;
the present level follows the last blocks as far as that wandering is real, and the forecast is as
unsure as it is wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

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

_OUTLIER = 2.8
"""Residual from which past buckets are taken for an outbreak (Noufaily et al. 2013 have 2.58)."""
_OUTLIER_POWER = 8
_IMPOSSIBLE = 10.0
"""Residual from which a bucket has no weight at all, lest 10⁹ events weigh in after all."""
_BEYOND = 50.0
"""Times the median rate, and events, above which a value is cut in the first, plain fit."""
_OUTLIER_FROM = 0.6
"""Part of it, in standard deviations, from which a residual is worth to be computed exactly."""
_PLAIN_STEPS, _WEIGHED_STEPS = 4, 2
"""A fit from nothing first follows all of the past, lest a season pass for an outbreak; one that
goes on from the last needs a single step."""
_PERSISTENCE = 0.7
"""Correlation of the level between neighbouring blocks."""
_PRIOR_DISPERSION = (1.2, 8.0)
_SURE = 1e4
_CHILD_SD_FLOOR = 0.05
_LEVEL_SD = 1.5
"""How far the ln of a rate is likely to lie from that of the wider slice: sixty days without a
single event do not say that there will never be one."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known when a block begins: (N, H) arrays, masked buckets with weight 0."""

    seen: Observed
    generations: list[Indices]
    parents: Indices
    years: Floats
    """(N,): since when the present level has been seen, in years."""
    is_rate: NDArray[np.bool_]
    """(N,): exposure is counted, so that levels can be compared."""


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

    `before` holds coefficients and dispersion of the last origin: the fit starts from them, and
    anew where they are NaN.
    """
    first, origin, end = span
    past = Design(design.columns[first:origin])
    n, p = len(history.parents), design.columns.shape[1]
    coef, dispersion = np.zeros((n, p)), np.ones(n)
    widths = [width for width, _ in pace.windows[:2]]
    eta, variance = np.empty((n, end - origin)), np.empty((n, end - origin))
    ahead = Design(design.columns[origin:end])
    for members in history.generations:
        prior = _prior(design, coef, history, members)
        start = None
        if before is not None and before[0].shape[1] == p:
            start = _start(link, past, _rows(history.seen, members), prior, _at(before, members))
        runs = _Runs(widths, design.is_planned[first:origin])
        fit, seen, mean = _fit(link, past, _rows(history.seen, members), prior, start, runs)
        coef[members], dispersion[members] = fit.coef, fit.dispersion
        level, level_variance = _level(link, seen, fit, mean, pace)
        eta[members] = fit.coef @ ahead.columns.T + level[:, None]
        variance[members] = ahead.quadratic(fit.covariance) + level_variance[:, None]
    return Forecast(eta, np.maximum(variance, 0.0), dispersion, coef)


def _prior(design: Regressors, coef: Floats, history: History, members: Indices) -> Prior:
    """Centre series on those above them: a rate also its level, a count per time all else."""
    above = history.parents[members]
    is_root = above < 0
    mean = np.where(is_root[:, None], 0.0, coef[np.maximum(above, 0)])
    root_sd = design.prior_sd(history.years[members])
    sd = np.where(is_root[:, None], root_sd, np.maximum(root_sd / 2, _CHILD_SD_FLOOR))
    precision = 1 / np.maximum(sd, 1 / np.sqrt(_SURE)) ** 2
    is_near = ~is_root & history.is_rate[members]
    mean[:, 0] = np.where(is_near, mean[:, 0], 0.0)
    precision[:, 0] = np.where(is_near, _LEVEL_SD**-2.0, 0.0)
    return Prior(mean, precision)


def _rows(seen: Observed, members: Indices) -> Observed:
    if len(members) == len(seen.value):
        return seen
    return Observed(seen.value[members], seen.exposure[members], seen.weight[members])


def _fit(
    link: Link,
    past: Design,
    seen: Observed,
    prior: Prior,
    start: Fit | None,
    runs: "_Runs",
) -> tuple[Fit, Observed, Floats]:
    """Return the fit, the observations with past outbreaks weighted down, and what is expected."""
    used = past.columns.shape[1]
    fit = start or _plain_fit(link, past, seen, prior)
    weighed = seen
    mean = expected(link, past, seen, fit)
    for _ in range(1 if start else _WEIGHED_STEPS):
        weight = seen.weight * _calm(link, seen, mean, fit, runs)
        weighed = Observed(seen.value, seen.exposure, weight)
        dispersion = pearson_dispersion(link, weighed, mean, used, _PRIOR_DISPERSION)
        dispersion = np.maximum(dispersion, link.least_dispersion)
        fit = newton_step(link, past, weighed, prior, replace(fit, dispersion=dispersion), mean)
        mean = expected(link, past, seen, fit)
    return fit, weighed, mean


def _at(before: tuple[Floats, Floats], members: Indices) -> Fit:
    coef = before[0][members]
    return Fit(coef, np.empty((0, coef.shape[1], coef.shape[1])), before[1][members])


def _start(link: Link, past: Design, seen: Observed, prior: Prior, before: Fit) -> Fit:
    """Return where a fit goes on; series without a last fit begin with a plain one."""
    new = np.flatnonzero(np.isnan(before.coef).any(axis=1))
    if not len(new):
        return before
    plain = _plain_fit(link, past, _rows(seen, new), Prior(prior.mean[new], prior.precision[new]))
    coef, dispersion = before.coef.copy(), before.dispersion.copy()
    coef[new], dispersion[new] = plain.coef, plain.dispersion
    return replace(before, coef=coef, dispersion=dispersion)


def _plain_fit(link: Link, past: Design, seen: Observed, prior: Prior) -> Fit:
    """Return the fit to all of the past, but for what is beyond all measure."""
    counted = seen.weight > 0
    rates = np.divide(seen.value, seen.exposure, where=counted, out=np.full(counted.shape, np.nan))
    middle = np.maximum(counted.sum(axis=1) - 1, 0) // 2
    median = np.nan_to_num(np.sort(rates, axis=1)[np.arange(len(rates)), middle])
    most = _BEYOND * (median[:, None] * seen.exposure + 1)
    capped = Observed(np.minimum(seen.value, most), seen.exposure, seen.weight)
    fit = start_fit(link, capped, prior)
    mean = expected(link, past, capped, fit)
    for _ in range(_PLAIN_STEPS):
        fit = newton_step(link, past, capped, prior, fit, mean)
        mean = expected(link, past, capped, fit)
    used = past.columns.shape[1]
    dispersion = pearson_dispersion(link, capped, mean, used, _PRIOR_DISPERSION)
    return replace(fit, dispersion=np.maximum(dispersion, link.least_dispersion))


@dataclass(frozen=True, slots=True)
class _Runs:
    """Where outbreaks are looked for: runs of these widths, but not while something planned is on.

    What a campaign did is learnt from, by its own regressor.
    """

    widths: Sequence[int]
    is_planned: NDArray[np.bool_]


def _calm(link: Link, seen: Observed, mean: Floats, fit: Fit, runs: _Runs) -> Floats:
    """Return the weights of past buckets: next to nothing for those of an outbreak.

    A bucket's residual is that of the worst run of buckets it lies in, for runs of several widths:
    an outbreak of two weeks need not stand out in either. It is read off the tail probability, so
    that a skewed distribution has no more outliers than a normal one.
    """
    counted = (seen.weight > 0) & ~runs.is_planned
    value, exposure, usual = (np.where(counted, f, 0.0) for f in (seen.value, seen.exposure, mean))
    worst = np.zeros_like(mean)
    for width in runs.widths:
        run, run_exposure, run_mean = (_runs(f, width) for f in (value, exposure, usual))
        variance = link.variance(run_mean, run_exposure) * fit.dispersion[:, None]
        above = link.sign * (run - run_mean)
        row, at = np.nonzero(above > _OUTLIER_FROM * _OUTLIER * np.sqrt(variance))
        tail = link.tail(run[row, at], run_exposure[row, at], run_mean[row, at], variance[row, at])
        residual = -ndtri(tail)
        for step in range(width):
            np.maximum.at(worst, (row, at + step), residual)
    weight = (_OUTLIER / np.maximum(worst, _OUTLIER)) ** _OUTLIER_POWER
    return np.asarray(np.where(worst < _IMPOSSIBLE, weight, 0.0))


def _runs(values: Floats, width: int) -> Floats:
    """Return the sums of `width` buckets from each on, as long as there are so many."""
    ends = max(values.shape[1] - width + 1, 0)
    total = values[:, :ends].copy()
    for step in range(1, width):
        total += values[:, step : step + ends]
    return total


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
