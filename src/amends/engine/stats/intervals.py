"""Intervals of proportions, means, rates and net scores, with room for clustered answers.

A `design_effect` is the variance of the estimate ÷ the variance that independent answers would
have (Kish 1965): 2 means that the answers are worth half their number.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from amends.engine.contracts import Floats, Interval


def normal_quantile(level: float) -> float:
    """Return z with P(|Z| ≤ z) = level."""
    return float(stats.norm.ppf(0.5 + level / 2))


def wilson(
    successes: float, n: float, *, level: float = 0.95, design_effect: float = 1.0
) -> Interval:
    """Wilson score interval of a proportion (Wilson 1927), as a share in [0, 1].

    Raises
    ------
    ValueError
        n is not positive, or the successes do not lie in [0, n].

    """
    _check_count(successes, n)
    share, trials, z = successes / n, n / design_effect, normal_quantile(level)
    shrink = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if successes == 0 else max(0.0, float(centre - half))
    high = 1.0 if successes == n else min(1.0, float(centre + half))
    return Interval(low, high, level)


def jeffreys(successes: float, n: float, *, level: float = 0.95) -> Interval:
    """Jeffreys interval of a proportion (Brown, Cai, DasGupta 2001): equal-tailed, ends closed."""
    _check_count(successes, n)
    tail = (1 - level) / 2
    posterior = stats.beta(successes + 0.5, n - successes + 0.5)
    low = 0.0 if successes == 0 else float(posterior.ppf(tail))
    high = 1.0 if successes == n else float(posterior.ppf(1 - tail))
    return Interval(low, high, level)


def poisson_rate(
    events: float, exposure: float, *, level: float = 0.95, design_effect: float = 1.0
) -> Interval:
    """Garwood (1936) interval of events ÷ exposure; overdispersion widens it (quasi-Poisson).

    Raises
    ------
    ValueError
        The exposure is not positive or the events are negative.

    """
    if exposure <= 0 or events < 0:
        raise ValueError(f"{events} events over an exposure of {exposure} have no rate.")
    tail, count = (1 - level) / 2, events / design_effect
    low = 0.0 if events == 0 else float(stats.gamma.ppf(tail, count))
    high = float(stats.gamma.ppf(1 - tail, count + 1))
    return Interval(low * design_effect / exposure, high * design_effect / exposure, level)


def mean_t(
    values: Floats, *, level: float = 0.95, design_effect: float = 1.0, offset_variance: float = 0.0
) -> Interval | None:
    """Student interval of a mean; None below two values.

    `offset_variance` is the variance of an estimate that was subtracted from all values.
    """
    n = len(values)
    if n < 2:
        return None
    variance = float(np.var(values, ddof=1)) * design_effect / n + offset_variance
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * float(np.sqrt(variance))
    centre = float(np.mean(values))
    return Interval(centre - half, centre + half, level)


def net_share(
    positive: float, negative: float, n: float, *, level: float = 0.95, design_effect: float = 1.0
) -> Interval:
    """Adjusted Wald interval of (positive − negative) ÷ n, as a share in [−1, 1].

    Three imaginary answers, spread ¼ : ½ : ¼ over the negative, neutral and positive, keep the
    coverage at small n (Rocks 2016, "Interval estimation for the Net Promoter Score"); the interval
    is stretched to hold what was seen.
    """
    _check_count(positive + negative, n)
    answers = n / design_effect + 3
    up = (positive / design_effect + 0.75) / answers
    down = (negative / design_effect + 0.75) / answers
    half = normal_quantile(level) * float(np.sqrt((up + down - (up - down) ** 2) / answers))
    seen = (positive - negative) / n
    low, high = min(seen, up - down - half), max(seen, up - down + half)
    return Interval(max(-1.0, low), min(1.0, high), level)


def design_effect(values: Floats, clusters: NDArray[np.int64] | None) -> float:
    """Return the design effect of a mean whose values come in clusters; never below 1.

    `clusters` has shape (n,); a negative code is a cluster of its own.
    """
    n = len(values)
    if clusters is None or n < 2:
        return 1.0
    residual = values - values.mean()
    independent = float(residual @ residual)
    if independent == 0:
        return 1.0
    known = clusters >= 0
    codes = np.unique(clusters[known], return_inverse=True)[1]
    sums = np.bincount(codes, weights=residual[known])
    alone = residual[~known]
    return max(1.0, float(sums @ sums + alone @ alone) / independent)


def percentile_bootstrap(draws: Floats, *, level: float = 0.95) -> Interval:
    """Percentile interval of bootstrap draws of shape (B,)."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)


def _check_count(successes: float, n: float) -> None:
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no proportion.")
