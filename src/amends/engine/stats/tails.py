"""Tail probabilities, likelihood ratios and ranges of counts and of bounded sums.

A count with mean μ and variance V > μ is negative binomial with size r = μ²/(V − μ). A sum of
badness over n answers with variance V is taken as binomial in n·p(1−p)/(V/n) effective answers,
its tail read off the regularised incomplete beta function, which is defined between integers.
"""

import numpy as np
from scipy.special import betainc, expit, gammaln, logit, ndtr

from amends.engine.contracts import Floats

_TINY = 1e-12
_EXACT_FROM = 1.5
_EXACT_MEAN_FROM = 0.5
"""Standard errors from the mean from which a tail is computed exactly; nearer by nobody asks."""


def count_tail(value: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return P(Y ≥ value) of a negative binomial with this mean and variance; any equal shapes."""
    mean = np.maximum(mean, _TINY)
    spread = np.maximum(variance - mean, 1e-6 * mean)
    z = (value - 0.5 - mean) / np.sqrt(mean + spread)
    tail = ndtr(-z)
    far = (z > _EXACT_FROM) & (value > 0)
    size = mean[far] ** 2 / spread[far]
    share = mean[far] / (mean[far] + size)
    tail[far] = betainc(value[far], size, share)
    return np.asarray(np.clip(tail, 1e-300, 1.0))


def count_lower_tail(value: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return P(Y ≤ value) of a negative binomial with this mean and variance; any equal shapes."""
    mean = np.maximum(mean, _TINY)
    spread = np.maximum(variance - mean, 1e-6 * mean)
    z = (mean - value - 0.5) / np.sqrt(mean + spread)
    tail = ndtr(-z)
    far = z > _EXACT_FROM
    size = mean[far] ** 2 / spread[far]
    tail[far] = betainc(size, value[far] + 1, size / (mean[far] + size))
    return np.asarray(np.clip(tail, 1e-300, 1.0))


def mean_tail(value: Floats, exposure: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return P(S ≥ value) of a sum of badness over `exposure` answers."""
    n = np.maximum(exposure, _TINY)
    p = np.clip(mean / n, _TINY, 1 - _TINY)
    scale = np.maximum(variance, _TINY) / (n * p * (1 - p))
    z = (value - mean) / np.sqrt(np.maximum(variance, _TINY))
    tail = ndtr(-z)
    far = (z > _EXACT_MEAN_FROM) & (value > 0)
    seen = value[far] / scale[far]
    rest = np.maximum((n[far] - value[far]) / scale[far], 0.0) + 1.0
    tail[far] = betainc(np.maximum(seen, _TINY), rest, p[far])
    return np.asarray(np.clip(tail, 1e-300, 1.0))


def count_log_ratio(value: Floats, mean: Floats, dispersion: Floats, ratios: Floats) -> Floats:
    """Return ln of the likelihood at each of `ratios` (C,) times the mean over that at the mean.

    Negative binomial with variance dispersion·mean at both; near dispersion 1 the Poisson limit.
    Value, mean and dispersion broadcast to (…); the result is (…, C).
    """
    mean = np.maximum(mean, _TINY)
    over = np.broadcast_to(dispersion, value.shape)
    less = ratios - 1
    is_over = over >= 1 + 1e-3
    fade = np.where(is_over, np.log(over) / np.maximum(over - 1, 1e-3), 1.0) * mean
    ln = -fade[..., None] * less
    plain = ~is_over & (value > 0)
    ln[plain] += value[plain, None] * np.log(ratios)
    rich = is_over & (value > 0)
    seen = value[rich]
    size = mean[rich] / (over[rich] - 1)
    more = size[:, None] * ratios
    ln[rich] += gammaln(seen[:, None] + more) - gammaln(more)
    ln[rich] -= (gammaln(seen + size) - gammaln(size))[:, None]
    return np.asarray(ln)


def mean_log_ratio(
    value: Floats, exposure: Floats, mean: Floats, dispersion: Floats, ratios: Floats
) -> Floats:
    """Return ln of the wealth of bets that the odds of badness are `ratios` (C,) × the expected.

    The bet λ = (q − p)/(p(1 − p)) on answers z ∈ [0, 1] has ln(1 + λ(z − p)) ≥ z·ln(q/p) +
    (1 − z)·ln((1 − q)/(1 − p)), so that the sum alone gives a lower bound which is still an e-value
    (Waudby-Smith & Ramdas 2024). Dispersion above 1 tempers it.
    """
    p = np.clip(mean / np.maximum(exposure, _TINY), 1e-6, 1 - 1e-6)[..., None]
    q = expit(logit(p) + np.log(ratios))
    good = (exposure - value)[..., None]
    wealth = value[..., None] * np.log(q / p) + good * np.log((1 - q) / (1 - p))
    return np.asarray(wealth / np.maximum(dispersion, 1.0)[..., None])


def count_range(mean: Floats, variance: Floats, z: float) -> tuple[Floats, Floats]:
    """Return the range that holds a count with probability 2Φ(z) − 1 (Wilson & Hilferty 1931)."""
    shape = np.maximum(mean, _TINY) ** 2 / np.maximum(variance, _TINY)
    scale = variance / np.maximum(mean, _TINY)

    def quantile(sign: float) -> Floats:
        root = 1 - 1 / (9 * shape) + sign * z / (3 * np.sqrt(shape))
        return np.asarray(scale * shape * np.maximum(root, 0.0) ** 3)

    return quantile(-1.0), quantile(1.0)


def mean_range(mean: Floats, exposure: Floats, variance: Floats, z: float) -> tuple[Floats, Floats]:
    """Return the range of a sum of badness, normal on the scale of log odds."""
    n = np.maximum(exposure, _TINY)
    p = np.clip(mean / n, 1e-6, 1 - 1e-6)
    spread = z * np.sqrt(variance) / (n * p * (1 - p))
    return np.asarray(n * expit(logit(p) - spread)), np.asarray(n * expit(logit(p) + spread))
