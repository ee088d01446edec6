"""Many tests at once: adjusted p values."""

from collections.abc import Callable

import numpy as np

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


def _adjust(p_values: Floats, step: Callable[[Floats], Floats]) -> Floats:
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    adjusted = np.full(len(p_values), np.nan)
    adjusted[order] = np.minimum(1.0, step(p_values[order]))
    return adjusted
