"""From rows of several times to the leaves of one: what each cell was expected to hold."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, LeafTable

SHRINKAGE = 2.0
"""Events that the common rate is worth against a leaf's own: one seen little is like the rest."""


def leaves_at(
    dims: Sequence[str],
    codes: NDArray[np.int32],
    values: Sequence[Sequence[str]],
    actual: Floats,
    exposure: Floats,
    is_now: NDArray[np.bool_],
) -> LeafTable:
    """Return the leaves of the rows that are now, expected at the rate of all other rows.

    A leaf's rate is shrunk towards that of all rows of the past.

    Parameters
    ----------
    dims, codes, values
        As in `LeafTable`, over all R rows.
    actual, exposure
        Events and what they are per, (R,).
    is_now
        The rows that are to be explained, (R,); the others are their past.

    """
    shape = np.array([max(len(v), 1) for v in values], dtype=np.int64)
    flat = np.ravel_multi_index(tuple(codes.T.astype(np.int64)), tuple(shape))
    cells, leaf = np.unique(flat, return_inverse=True)
    past = ~is_now

    def total(figures: Floats, rows: NDArray[np.bool_]) -> Floats:
        sums = np.bincount(leaf[rows], weights=figures[rows], minlength=len(cells))
        return sums.astype(np.float64)

    seen, at_risk = total(actual, past), total(exposure, past)
    common = max(seen.sum(), 0.5) / max(at_risk.sum(), 1e-12)
    rate = (seen + SHRINKAGE) / (at_risk + SHRINKAGE / common)
    now = total(exposure, is_now)
    used = np.flatnonzero(total(np.ones(len(actual)), is_now) > 0)
    first = np.zeros(len(cells), dtype=np.int64)
    first[leaf[::-1]] = np.arange(len(leaf))[::-1]
    return LeafTable(
        dims=tuple(dims),
        codes=codes[first[used]].astype(np.int32),
        values=tuple(tuple(v) for v in values),
        actual=total(actual, is_now)[used],
        expected=(now * rate)[used],
    )
