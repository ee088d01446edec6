"""Everything that is no field of the contract, kept as one map per row."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import UnderstoodColumn

from .fields import plain_name
from .redact import placeholder_for, redact, redact_addresses

_PREFIX = "attributes."
_WRITTEN = r"\pL.*\s.*\pL"
"""What people wrote: two words at least. Codes and numbers of orders are kept as they are."""


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
    is_written = pc.fill_null(pc.match_substring_regex(array, _WRITTEN), False)
    return pc.if_else(is_written, redact(array), redact_addresses(array))
