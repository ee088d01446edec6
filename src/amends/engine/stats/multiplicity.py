"""Many tests at once: adjusted p values, and e-values that bound the share of false discoveries."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats


def holm(p_values: Floats) -> Floats:
    """Return p values adjusted for the chance of any false positive (Holm 1979).

    NaN (no test was made) stays NaN and costs nothing.
    """
    return _adjust(
        p_values, lambda ordered: np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1))
    )


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Return p values adjusted for the share of false positives (Benjamini & Hochberg 1995).

    NaN (no test was made) stays NaN and costs nothing.
    """
    return _adjust(
        p_values,
        lambda ordered: np.minimum.accumulate(
            (ordered * len(ordered) / np.arange(1, len(ordered) + 1))[::-1]
        )[::-1],
    )


def e_bh(log_e: Floats, share: float) -> NDArray[np.bool_]:
    """Return which hypotheses are rejected so that at most `share` of them are false, on average.

    e-BH (Wang & Ramdas 2022): the k largest of N e-values, for the largest k whose k-th is at least
    N/(share·k); whatever the dependence. NaN is no test and costs nothing.
    """
    tested = ~np.isnan(log_e)
    n = int(tested.sum())
    ordered = np.sort(log_e[tested])[::-1]
    enough = np.flatnonzero(ordered >= np.log(n / (share * np.arange(1, n + 1))))
    if not len(enough):
        return np.zeros(len(log_e), dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(log_e >= ordered[enough[-1]])


def e_lond(log_e: Floats, share: float) -> NDArray[np.bool_]:
    """Return which of a stream of hypotheses are rejected, each when it comes.

    e-LOND (Xu & Ramdas 2024): hypothesis t is rejected at e ≥ 1/α_t with α_t = share·γ_t·(D + 1),
    D rejections so far and γ_t = 1/(t(t + 1)); the share of false ones stays below `share` at any
    time, whatever the dependence.
    """
    rejected = np.zeros(len(log_e), dtype=bool)
    found = 0
    for t, evidence in enumerate(log_e, start=1):
        rejected[t - 1] = evidence >= np.log(t * (t + 1) / (share * (found + 1)))
        found += int(rejected[t - 1])
    return rejected


def _adjust(p_values: Floats, step: Callable[[Floats], Floats]) -> Floats:
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    adjusted = np.full(len(p_values), np.nan)
    adjusted[order] = np.minimum(1.0, step(p_values[order]))
    return adjusted
