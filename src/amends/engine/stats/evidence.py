"""Evidence that grows with time: e-detectors and the intervals that belong to them.

Shin, Ramdas & Rinaldo (2023): with likelihood ratios (or any e-values) L_t, the Shiryaev–Roberts
sum R_t = (1 + R_{t−1})·L_t raises an alarm at R ≥ A on average no more often than every A steps
when nothing has changed, and so does an average of several such sums.
"""

import numpy as np
from scipy.special import chdtri

from amends.engine.contracts import Floats, Interval


def next_sum(
    total: Floats, ratio: Floats, start: Floats | float = 1.0, cap: float = np.inf
) -> Floats:
    """Return R_t of R_t = (start + R_{t−1})·L_t.

    `start` ≤ 1, fixed before the bucket is seen, is how much is newly put on a change beginning
    here: less where a bucket can tell little, lest R grow without a word being said. `cap` bounds
    the sum, so that it can fall again. Both only ever lower R and so cost false alarms nothing.
    """
    return np.minimum((start + total) * ratio, cap)


def poisson_llr(observed: Floats, expected: Floats, *, falls: bool = False) -> Floats:
    """Return the log-likelihood ratio of the best rate against the expected.

    Only what is above the expected counts, or only what is below it if it `falls`.
    """
    seen = np.maximum(observed, 1e-12)
    ratio = seen / np.maximum(expected, 1e-12)
    llr = seen * np.log(ratio) - (observed - expected)
    is_meant = observed < expected if falls else observed > expected
    return np.asarray(np.where(is_meant, llr, 0.0))


def ratio_interval(
    observed: float, expected: float, dispersion: float, relative_sd: float, level: float = 0.95
) -> Interval:
    """Return an interval of observed ÷ expected.

    Garwood's exact Poisson limits on observed ÷ dispersion, widened by the uncertainty of the
    expectation (`relative_sd`, its standard deviation on the log scale) in root sum of squares.
    """
    tail = (1 - level) / 2
    seen, base = max(observed, 0.0) / dispersion, max(expected, 1e-12) / dispersion
    low = float(chdtri(2 * seen, 1 - tail)) / 2 if seen > 0 else 0.0
    high = float(chdtri(2 * (seen + 1), tail)) / 2
    ratio, z = seen / base, 1.959963984540054
    if relative_sd <= 0 or ratio <= 0:
        return Interval(low / base, high / base, level)
    down = np.hypot(np.log(max(ratio * base / max(low, 1e-9), 1.0)), z * relative_sd)
    up = np.hypot(np.log(high / seen), z * relative_sd)
    return Interval(float(ratio * np.exp(-down)), float(ratio * np.exp(up)), level)
