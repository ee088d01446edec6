"""Arrow columns out of numpy codes, seconds and cents."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from amends.engine.contracts import MONEY, TIMESTAMP

from .company import Company
from .randomness import Bools, Ints


def dictionary(codes: Ints, values: Sequence[str]) -> pa.Array:
    """Return a dictionary column; code −1 is null. The dictionary holds all values, in order."""
    indices = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))


def named(codes: Ints, values: Sequence[str]) -> pa.Array:
    """Return a string column; code −1 is null."""
    return pa.array([*values, None], pa.string()).take(
        pa.array(np.where(codes < 0, len(values), codes))
    )


def integers(values: Ints, known: Bools, kind: pa.DataType) -> pa.Array:
    """Return an integer column, null where not known."""
    return pa.array(values, mask=~known).cast(kind)


def timestamps(company: Company, seconds: Ints, known: Bools | None = None) -> pa.Array:
    """Return instants from seconds since the first day of the period, 00:00 UTC."""
    first = company.period.first
    start = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    mask = None if known is None else ~known
    return pa.array((start + seconds) * 1_000_000, mask=mask).cast(TIMESTAMP)


def money(cents: Ints, known: Bools) -> pa.Array:
    """Return an amount column from cents, null where not known."""
    words = np.zeros((len(cents), 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    valid = pa.array(known).buffers()[1]
    return pa.Array.from_buffers(MONEY, len(cents), [valid, pa.py_buffer(words)])


def mapping(key: str, values: pa.Array) -> pa.Array:
    """Return a map column with one key; null where the value is null."""
    known = ~np.asarray(values.is_null())
    offsets = np.concatenate([[0], np.cumsum(known)]).astype(np.int32)
    held = values.drop_null()
    built = pa.MapArray.from_arrays(offsets, pa.array([key] * len(held)), held)
    nulls = pa.array(known).buffers()[1]
    return pa.Array.from_buffers(
        built.type, len(values), [nulls, built.buffers()[1]], children=[built.values]
    )
