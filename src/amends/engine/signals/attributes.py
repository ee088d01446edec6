"""Everything that is no field of the contract, kept as one map per row."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import UnderstoodColumn

from .fields import plain_name
from .redact import placeholder_for, redact, redact_addresses

_PREFIX = "attributes."
_LONG = 40
"""Characters from which a value may be what somebody wrote."""


def attribute_maps(part: pa.Table, columns: Sequence[UnderstoodColumn]) -> pa.Array:
    """Return map<string, string> of shape (rows,): column → value, empty cells left out."""
    n, width = len(part), len(columns)
    if not width:
        offsets = pa.array(np.zeros(n + 1, dtype=np.int32))
        empty = pa.array([], pa.string())
        return pa.MapArray.from_arrays(offsets, empty, empty)
    values = [_text(part[column.column], column.column) for column in columns]
    given = np.column_stack([pc.is_valid(v).to_numpy(zero_copy_only=False) for v in values])
    offsets = np.concatenate([[0], np.cumsum(given.sum(axis=1))]).astype(np.int32)
    rows, places = np.nonzero(given)
    names = pa.array([column.column.removeprefix(_PREFIX) for column in columns])
    keys = names.take(pa.array(places))
    items = pa.concat_arrays(values).take(pa.array(places * n + rows))
    return pa.MapArray.from_arrays(pa.array(offsets), keys, items)


def _text(column: pa.ChunkedArray, name: str) -> pa.Array:
    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    array = array.cast(pa.string())
    placeholder = placeholder_for(plain_name(name))
    if placeholder is not None:
        return pc.if_else(pc.is_valid(array), placeholder, array)
    return _redacted(array)


def attributes_of_rows(rows: Sequence[Mapping[str, str]]) -> pa.Array:
    """Return map<string, string> of shape (rows,) of rows that need not have the same keys.

    A value is redacted by its own name and length, so that it reads alike among any others.
    """
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int32)
    keys = list(chain.from_iterable(rows))
    items = list(chain.from_iterable(row.values() for row in rows))
    return pa.MapArray.from_arrays(
        pa.array(offsets), pa.array(keys, pa.string()), redact_values(keys, items)
    )


def redact_values(names: Sequence[str], values: Sequence[str]) -> pa.Array:
    """Return values without personal data: by their names, as free text where they may be some.

    A value without a blank is a number or a code: of these only e-mail addresses are replaced.
    """
    array = pa.array(values, pa.string())
    if not len(array):
        return array
    array = _redacted(array)
    private = {name: word for name in set(names) if (word := _placeholder(name))}
    if private:
        words = pa.array([private.get(name) for name in names], pa.string())
        array = pc.coalesce(words, array)
    return array


def _redacted(array: pa.Array) -> pa.Array:
    """Redact each value by itself, so that it reads alike among any others.

    A short value without a blank is a number or a code: of these only addresses are replaced.
    """
    is_text = pc.or_(
        pc.greater(pc.utf8_length(array), _LONG), pc.match_substring_regex(array, r"\s")
    )
    places = np.flatnonzero(pc.fill_null(is_text, False).to_numpy(zero_copy_only=False))
    array = redact_addresses(array)
    if not len(places):
        return array
    mask = np.zeros(len(array), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(array, pa.array(mask), redact(array.take(pa.array(places))))


@lru_cache(maxsize=4096)
def _placeholder(name: str) -> str | None:
    return placeholder_for(plain_name(name))
