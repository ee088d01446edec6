"""The nearest neighbours of vectors of unit length, exactly, block by block."""

from typing import Final

import numpy as np

from amends.engine.classify.features import Ints, Reals

_BLOCK: Final = 500


def nearest(vectors: Reals, among: Reals, n: int) -> tuple[Ints, Reals]:
    """Return the n nearest rows of `among` to each vector, and their cosines, both (N, n).

    In no particular order. `n` must not exceed the rows of `among`.
    """
    found = np.empty((len(vectors), n), np.int64)
    cosine = np.empty((len(vectors), n), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        near = vectors[part] @ among.T
        place = np.argpartition(near, -n, axis=1)[:, -n:]
        found[part], cosine[part] = place, np.take_along_axis(near, place, axis=1)
    return found, cosine
