"""Columns of a signals table as numpy arrays."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import UNSURE, Floats

Instants = NDArray[np.datetime64]
"""datetime64[us], UTC; NaT where unknown."""
Codes = NDArray[np.int64]
"""Index into a sorted vocabulary; −1 where unknown."""
Flags = NDArray[np.bool_]

DAY = np.timedelta64(86_400_000_000, "us")


def instants(signals: pa.Table, name: str) -> Instants:
    """Return a timestamp column, shape (n,)."""
    column = signals[name].cast(pa.timestamp("us"))
    return np.asarray(column.to_numpy(), dtype="datetime64[us]")


def numbers(signals: pa.Table, name: str) -> Floats:
    """Return a numeric or bool column as float64 of shape (n,), NaN where unknown."""
    column = signals[name]
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def codes(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Return the code of each text in its sorted vocabulary, so that row order plays no part.

    Empty and null texts get −1.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    known = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    encoded = pa.chunked_array(known).combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    indices = encoded.indices.fill_null(len(order)).to_numpy().astype(np.int64)
    return rank[indices], encoded.dictionary.take(pa.array(order)).to_pylist()


def family_of(cause: str) -> str:
    """Return the branch of the taxonomy that a cause hangs on: "delivery/late" → "delivery"."""
    return cause.split("/", 1)[0]


def family_codes(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Return the cause family of each row; −1 where there is no cause or classify was unsure."""
    fine, causes = codes(column)
    families = sorted({family_of(c) for c in causes if c != UNSURE})
    index = {name: i for i, name in enumerate(families)}
    coarse = [-1 if c == UNSURE else index[family_of(c)] for c in causes]
    return np.asarray([*coarse, -1], dtype=np.int64)[fine], families


def is_one_of(signals: pa.Table, kinds: tuple[str, ...]) -> Flags:
    """Return which rows are of the kinds, shape (n,)."""
    found = pc.is_in(signals["kind"], value_set=pa.array(kinds, pa.string()))
    return np.asarray(found.to_numpy(), dtype=np.bool_)


def as_instant(at: datetime) -> np.datetime64:
    """Return an aware datetime as a numpy UTC instant."""
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def days(delta: NDArray[np.timedelta64]) -> Floats:
    """Return durations in days, NaN for NaT."""
    return np.asarray(delta / DAY, dtype=np.float64)


def first_known(*arrays: Instants) -> Instants:
    """Return per row the first instant that is known."""
    result = arrays[0].copy()
    for other in arrays[1:]:
        unknown = np.isnat(result)
        result[unknown] = other[unknown]
    return result
