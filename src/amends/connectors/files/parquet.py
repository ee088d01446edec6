"""Parquet: typed already, so only what is no number, boolean or instant is spelt as text."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from amends.engine.contracts import BadInput, RawTable

from .bytes_of import FileBytes
from .header import unique_names

_MOST_KEYS = 200


def read_parquet(file: FileBytes) -> RawTable:
    """Read a Parquet file; a map or struct becomes columns "outer.inner".

    Raises
    ------
    BadInput
        The file is broken or has no rows.

    """
    try:
        source = io.BytesIO(file.read()) if file.is_gzipped else str(file.path)
        table = pq.read_table(source, use_threads=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(
            f"The Parquet file is broken ({str(error).splitlines()[0]}).",
            where=file.name,
            remedy="Write or copy it again.",
        ) from error
    if not len(table):
        raise BadInput(
            "The file has columns and no rows.",
            where=file.name,
            remedy="Export it again with its rows.",
        )
    flat = _flat(table)
    names, notes = unique_names(flat.column_names)
    columns = [_plain(column) for column in flat.columns]
    rows = np.arange(1, len(table) + 1, dtype=np.int64)
    return RawTable(
        file.name, "parquet", "", "", pa.table(columns, names=list(names)), rows, (), notes
    )


def _flat(table: pa.Table) -> pa.Table:
    """Give the fields of structs and the keys of maps a column each."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    names: list[str] = []
    columns: list[pa.ChunkedArray] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        for inner, values in _map_columns(column):
            names.append(f"{name}.{inner}" if inner else name)
            columns.append(values)
    return pa.table(columns, names=names)


def _map_columns(column: pa.ChunkedArray) -> list[tuple[str, pa.ChunkedArray]]:
    if not pa.types.is_map(column.type) or not pa.types.is_string(column.type.key_type):
        return [("", column)]
    keys = pa.chunked_array([chunk.keys for chunk in column.chunks], column.type.key_type)
    found = [key for key in pc.unique(keys).to_pylist() if key]
    if len(found) > _MOST_KEYS:
        return [("", column)]
    return [(key, pc.map_lookup(column, pa.scalar(key), "last")) for key in sorted(found)]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return numbers, booleans and instants as they are and everything else as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(kind) or pa.types.is_decimal(kind) or pa.types.is_primitive(kind):
        return column if not pa.types.is_time(kind) else column.cast(pa.string())
    if not pa.types.is_string(kind):
        column = _spelt(column)
    is_empty = pc.equal(column, "")
    if not pc.any(is_empty).as_py():
        return column
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), column)


def _spelt(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        spelt = [None if value is None else str(value) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(spelt, pa.string())])
