"""Words as numbers, and rows that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .events import Codes


@dataclass(frozen=True, slots=True)
class Encoded:
    """n words as numbers of a list."""

    codes: Codes
    words: tuple[str, ...]


def encoded(words: Sequence[str]) -> Encoded:
    """Return words as numbers of the list of those that occur."""
    found = pa.array(words, pa.string()).dictionary_encode()
    codes = found.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Encoded(codes, tuple(found.dictionary.to_pylist()))


def groups_of(*columns: Codes) -> tuple[Codes, list[int]]:
    """Return the group of each row by all columns, and the first row of each group."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        key = key * (int(column.max(initial=0)) + 1) + column
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    return group, first.tolist()
