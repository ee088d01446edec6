"""Parquet: typed already, so only what is no number, boolean or instant is spelt as text."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from amends.engine.contracts import BadInput, RawTable

from .bytes_of import FileBytes
from .columns import BATCH, BATCH_SIZE
from .header import check_width, unique_names

_MOST_KEYS: Final = 200
_READ_AT_ONCE: Final = 1 << 20
_PLACES, _ROWS_AT_EACH = 16, 1_000

Keys = dict[str, tuple[str, ...]]
"""Column that holds a map → its keys, each of which becomes a column."""


@dataclass(frozen=True, slots=True)
class Parquet:
    """A Parquet file; a map or struct becomes columns "outer.inner"."""

    file: FileBytes
    keys: Keys

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number.

        Raises
        ------
        BadInput
            The file is broken or has no rows.

        """
        with _opened(self.file) as parquet:
            meta = parquet.metadata
            if not meta.num_rows:
                raise BadInput(
                    "The file has columns and no rows.",
                    where=self.file.name,
                    remedy="Export it again with its rows.",
                )
            done, groups = _groups_after(meta, after)
            for batch in parquet.iter_batches(_rows_at_once(meta), row_groups=groups):
                first, done = done, done + len(batch)
                if done <= after:
                    continue
                table = pa.Table.from_batches([batch]).slice(max(after - first, 0))
                yield self._raw(table, done - len(table) + 1, done / meta.num_rows)

    def spread(self) -> pa.Table:
        """Return some rows from all over the file, as far as its parts allow."""
        with _opened(self.file) as parquet:
            n = parquet.metadata.num_row_groups
            found = []
            for group in np.unique(np.linspace(0, n - 1, min(n, _PLACES)).astype(int))[1:]:
                batch = next(parquet.iter_batches(_ROWS_AT_EACH, row_groups=[int(group)]), None)
                if batch is not None:
                    found.append(pa.Table.from_batches([batch]))
            schema = parquet.schema_arrow
        table = pa.concat_tables([schema.empty_table(), *found])
        return self._raw(table, 1, 1.0).columns

    def _raw(self, table: pa.Table, first: int, share: float) -> RawTable:
        flat = _flat(table, self.keys)
        names, notes = unique_names(flat.column_names)
        columns = [_plain(column) for column in flat.columns]
        rows = np.arange(first, first + len(table), dtype=np.int64)
        plain = pa.table(columns, names=list(names))
        return RawTable(self.file.name, "parquet", "", "", plain, rows, (), notes, share)


def open_parquet(file: FileBytes) -> Parquet:
    """Look at a Parquet file: which keys its maps have.

    Raises
    ------
    BadInput
        The file is broken, or wider than any table.

    """
    with _opened(file) as parquet:
        schema = _without_structs(parquet.schema_arrow.empty_table()).schema
        check_width(len(schema), file.name)
        nested = [f.name for f in parquet.schema_arrow if pa.types.is_nested(f.type)]
        keys = _keys(parquet, nested) if _maps(schema) else {}
    check_width(len(schema) + sum(map(len, keys.values())), file.name)
    return Parquet(file, keys)


@contextmanager
def _opened(file: FileBytes) -> Iterator[pq.ParquetFile]:
    try:
        with _seekable(file) as source:
            yield pq.ParquetFile(source, buffer_size=_READ_AT_ONCE, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"The Parquet file is broken ({str(error).splitlines()[0]}).",
            where=file.name,
            remedy="Write or copy it again.",
        ) from error


@contextmanager
def _seekable(file: FileBytes) -> Iterator[BinaryIO]:
    """Open the file; a gzipped one is unpacked to the disk, since Parquet is read by place."""
    if not file.is_gzipped:
        with file.path.open("rb") as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as plain:
        with file.open() as packed:
            shutil.copyfileobj(packed, plain)
        plain.seek(0)
        yield cast("BinaryIO", plain)


def _groups_after(meta: pq.FileMetaData, after: int) -> tuple[int, list[int]]:
    """Return how many rows lie in row groups that are over, and the other groups."""
    ends = np.cumsum([meta.row_group(i).num_rows for i in range(meta.num_row_groups)])
    over = int(np.searchsorted(ends, after, side="right"))
    return int(ends[over - 1]) if over else 0, list(range(over, meta.num_row_groups))


def _rows_at_once(meta: pq.FileMetaData) -> int:
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    return int(min(BATCH, max(BATCH_SIZE * meta.num_rows // max(size, 1), 100)))


def _maps(schema: pa.Schema) -> list[str]:
    kinds = {field.name: field.type for field in schema}
    return [
        name
        for name, kind in kinds.items()
        if pa.types.is_map(kind) and pa.types.is_string(kind.key_type)
    ]


def _keys(parquet: pq.ParquetFile, nested: list[str]) -> Keys:
    """Return the keys of each map, in order; none of a map that has more than `_MOST_KEYS`."""
    found: dict[str, set[str]] = {}
    for batch in parquet.iter_batches(BATCH, columns=nested):
        table = _without_structs(pa.Table.from_batches([batch]))
        for name in _maps(table.schema):
            keys = pa.chunked_array(
                [chunk.keys for chunk in table[name].chunks], table[name].type.key_type
            )
            known = found.setdefault(name, set())
            if len(known) <= _MOST_KEYS:
                known.update(key for key in pc.unique(keys).to_pylist() if key)
    return {name: tuple(sorted(keys)) for name, keys in found.items() if len(keys) <= _MOST_KEYS}


def _without_structs(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _flat(table: pa.Table, maps: Keys) -> pa.Table:
    """Give the fields of structs and the keys of maps a column each."""
    table = _without_structs(table)
    names: list[str] = []
    columns: list[pa.ChunkedArray] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name not in maps:
            names.append(name)
            columns.append(column)
            continue
        for key in maps[name]:
            names.append(f"{name}.{key}")
            columns.append(pc.map_lookup(column, pa.scalar(key), "last"))
    return pa.table(columns, names=names)


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
