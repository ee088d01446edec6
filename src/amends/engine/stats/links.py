"""The families of a baseline: how a linear predictor becomes an expected value.

Both links are canonical, so the derivative of the expected value by the predictor is the variance
function, and one iteratively reweighted fit serves both (McCullagh & Nelder 1989, §2.5).
"""

from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
from scipy.special import expit, logit

from amends.engine.contracts import Family, Floats

from .tails import (
    count_log_ratio,
    count_lower_tail,
    count_range,
    count_tail,
    mean_log_ratio,
    mean_range,
    mean_tail,
)

_EDGE = 1e-9
_FAR = 30.0


class Link(Protocol):
    """What a fit needs to know of a family."""

    sign: float
    """1 where more is worse, −1 where less is."""
    least_dispersion: float
    pseudo_exposure: float
    """Exposure of the half pseudo-event (Jeffreys) that keeps an empty series finite."""

    def mean(self, eta: Floats, exposure: Floats) -> Floats:
        """Return the expected value at predictor `eta`."""
        ...

    def variance(self, mean: Floats, exposure: Floats) -> Floats:
        """Return the variance at dispersion 1."""
        ...

    def predictor(self, value: Floats, exposure: Floats) -> Floats:
        """Return the predictor at which `value` is expected."""
        ...

    def tail(self, value: Floats, exposure: Floats, mean: Floats, variance: Floats) -> Floats:
        """Return the probability of `value` or worse."""
        ...

    def log_ratio(
        self, value: Floats, exposure: Floats, mean: Floats, dispersion: Floats, ratios: Floats
    ) -> Floats:
        """Return ln of the likelihood (or wealth) at `ratios` times the rate (or odds), (…, C)."""
        ...

    def range(
        self, mean: Floats, exposure: Floats, variance: Floats, z: float
    ) -> tuple[Floats, Floats]:
        """Return where a value lies with probability 2Φ(z) − 1."""
        ...


class LogLink:
    """Counts: mean = exposure · exp(η), variance = mean."""

    sign = 1.0
    least_dispersion = 1.0
    pseudo_exposure = 0.0

    def mean(self, eta: Floats, exposure: Floats) -> Floats:
        """Return the expected count."""
        return np.asarray(exposure * np.exp(np.clip(eta, -_FAR, _FAR)))

    def variance(self, mean: Floats, exposure: Floats) -> Floats:
        """Return the Poisson variance."""
        del exposure
        return mean

    def predictor(self, value: Floats, exposure: Floats) -> Floats:
        """Return the log rate."""
        return np.asarray(np.log(np.maximum(value, _EDGE) / np.maximum(exposure, 1e-300)))

    def tail(self, value: Floats, exposure: Floats, mean: Floats, variance: Floats) -> Floats:
        """Return the negative binomial tail."""
        del exposure
        return count_tail(value, mean, variance)

    def log_ratio(
        self, value: Floats, exposure: Floats, mean: Floats, dispersion: Floats, ratios: Floats
    ) -> Floats:
        """Return the negative binomial likelihood ratio."""
        del exposure
        return count_log_ratio(value, mean, dispersion, ratios)

    def range(
        self, mean: Floats, exposure: Floats, variance: Floats, z: float
    ) -> tuple[Floats, Floats]:
        """Return the range of a count."""
        del exposure
        return count_range(mean, variance, z)


class FallLink(LogLink):
    """Counts of which fewer are worse: signs of life of a source, cases that get resolved."""

    sign = -1.0

    def tail(self, value: Floats, exposure: Floats, mean: Floats, variance: Floats) -> Floats:
        """Return the negative binomial probability of `value` or fewer."""
        del exposure
        return count_lower_tail(value, mean, variance)

    def log_ratio(
        self, value: Floats, exposure: Floats, mean: Floats, dispersion: Floats, ratios: Floats
    ) -> Floats:
        """Return the likelihood ratio of rates `ratios` times lower."""
        del exposure
        return count_log_ratio(value, mean, dispersion, 1 / ratios)


class LogitLink:
    """Sums of badness in [0, 1]: mean = n · expit(η), variance = mean · (1 − mean/n)."""

    sign = 1.0
    least_dispersion = 1.0
    pseudo_exposure = 1.0

    def mean(self, eta: Floats, exposure: Floats) -> Floats:
        """Return the expected sum of badness."""
        return np.asarray(exposure * expit(eta))

    def variance(self, mean: Floats, exposure: Floats) -> Floats:
        """Return the binomial variance."""
        return np.asarray(mean * (1 - mean / np.maximum(exposure, _EDGE)))

    def predictor(self, value: Floats, exposure: Floats) -> Floats:
        """Return the log odds of badness."""
        share = value / np.maximum(exposure, _EDGE)
        return np.asarray(logit(np.clip(share, _EDGE, 1 - _EDGE)))

    def tail(self, value: Floats, exposure: Floats, mean: Floats, variance: Floats) -> Floats:
        """Return the tail of the sum."""
        return mean_tail(value, exposure, mean, variance)

    def log_ratio(
        self, value: Floats, exposure: Floats, mean: Floats, dispersion: Floats, ratios: Floats
    ) -> Floats:
        """Return the wealth of a bet."""
        return mean_log_ratio(value, exposure, mean, dispersion, ratios)

    def range(
        self, mean: Floats, exposure: Floats, variance: Floats, z: float
    ) -> tuple[Floats, Floats]:
        """Return the range of the sum."""
        return mean_range(mean, exposure, variance, z)


_LINKS: Final[Mapping[Family, Link]] = {
    Family.COUNT: LogLink(),
    Family.FALL: FallLink(),
    Family.MEAN: LogitLink(),
}


def link_of(family: Family) -> Link:
    """Return the link of a family."""
    return _LINKS[family]
