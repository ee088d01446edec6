"""Chance that is the same on every machine: named PCG64 streams and a counter-based mixer.

A stream belongs to a seed and a name, so that drawing more of one thing never changes another.
The mixer (splitmix64, Steele et al. 2014) turns a row's own 64-bit seed into as many choices as a
text needs, whatever the size of the chunks it is written in.
"""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Seeds = NDArray[np.uint64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_GOLDEN: Final = 0x9E3779B97F4A7C15
_MASK: Final = (1 << 64) - 1


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator of a name under a seed."""
    key = tuple(zlib.crc32(name.encode()) for name in names)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def mix(seeds: Seeds, salt: int) -> Seeds:
    """Return one well-mixed 64-bit number per seed; another salt gives another."""
    z = seeds + np.uint64((_GOLDEN * (salt + 1)) & _MASK)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seeds: Seeds, salt: int) -> Floats:
    """Return one number in [0, 1) per seed."""
    return (mix(seeds, salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pick(seeds: Seeds, salt: int, n: Ints | int) -> Ints:
    """Return one index in [0, n) per seed; 0 where n is 0."""
    return (uniform(seeds, salt) * n).astype(np.int64)


def weighted(u: Floats, weights: Floats) -> Ints:
    """Return the index whose share of the weights contains u, for u in [0, 1)."""
    edges = np.cumsum(weights / weights.sum())
    found = np.searchsorted(edges, u, side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)
