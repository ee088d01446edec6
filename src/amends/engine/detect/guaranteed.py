"""The guaranteed arm: an e-detector, whose false alarms are bounded by a theorem.

Shiryaev–Roberts sums over several alternatives (Shin, Ramdas & Rinaldo 2023), against a null that
already grants the baseline its uncertainty and a tolerated rise.
"""

from math import exp, log

import numpy as np

from amends.engine.contracts import Floats
from amends.engine.stats.evidence import next_sum
from amends.engine.stats.links import Link

from .config import DetectConfig
from .state import State
from .step import Step

_HEADROOM = 3.0
"""Nats that the sums may stand above the threshold, so that they fall soon after."""


def likelihood_ratios(
    link: Link,
    seen: tuple[Floats, Floats],
    eta: tuple[Floats, Floats],
    dispersion: Floats,
    config: DetectConfig,
) -> Floats:
    """Return the likelihood ratio of every alternative, (N, k, C).

    Parameters
    ----------
    seen
        Value and exposure, each (N, k).
    eta
        Predictor and its standard deviation, each (N, k).
    dispersion
        (N, k) or what broadcasts to it.

    """
    value, exposure = seen
    cautious = eta[0] + link.sign * np.maximum(eta[1], log(1 + config.tolerance))
    mean = link.mean(cautious, exposure)
    ln = link.log_ratio(value, exposure, mean, dispersion, np.array(config.ratios))
    return np.asarray(np.exp(np.minimum(ln, 700.0)))


def slow_score(state: State, now: Step, threshold: float) -> Floats:
    """Take the bucket in; return ln of the average sum, and keep what was gathered under it."""
    cap = exp(min(threshold + _HEADROOM, 700.0))
    grown = next_sum(state.sums, now.ratios, np.minimum(now.mean, 1.0)[:, None], cap)
    np.copyto(state.sums, grown, where=now.usable[:, None])
    with np.errstate(divide="ignore"):
        slow = np.log(state.sums.mean(axis=1))
    state.gathered[:] = np.where(slow > 0, state.gathered, 0.0) + now.value
    return np.asarray(slow)
