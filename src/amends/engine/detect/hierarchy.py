"""Which series a series is pooled towards: the finest one in the batch that covers it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import SeriesKey, Slice

Indices = NDArray[np.int64]


def parents_of(keys: Sequence[SeriesKey], events: NDArray[np.float64]) -> Indices:
    """Return per series the index of the series above it in the batch, −1 where there is none.

    Of several with equally many terms it is the one with the fewest events: the closest.
    """
    index = {key: i for i, key in enumerate(keys)}
    found = np.full(len(keys), -1, dtype=np.int64)
    for i, key in enumerate(keys):
        terms = key.slice.terms
        for depth in range(len(terms) - 1, -1, -1):
            above = [
                index[k]
                for c in combinations(terms, depth)
                if (k := SeriesKey(key.measure, Slice(c))) in index
            ]
            if above:
                found[i] = min(above, key=lambda j: (float(events[j]), keys[j]))
                break
    return found


def generations(parents: Indices) -> list[Indices]:
    """Return the series in groups so that each stands in a later group than the one above it."""
    depth = np.zeros(len(parents), dtype=np.int64)
    above = parents.copy()
    while (above >= 0).any():
        depth += above >= 0
        above = np.where(above >= 0, parents[above], -1)
    return [np.flatnonzero(depth == d) for d in range(int(depth.max(initial=0)) + 1)]
