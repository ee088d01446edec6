"""Rows of cells turned into Arrow columns, a chunk at a time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_CHUNK = 20_000


class Columns:
    """Collects rows and their numbers; empty cells become null."""

    def __init__(self, names: Sequence[str]) -> None:
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._cells: list[Sequence[str | None]] = []
        self._numbers: list[int] = []
        self._chunks: list[pa.RecordBatch] = []

    def add(self, number: int, cells: Sequence[str | None]) -> None:
        """Add the row of that number; it has one cell per column."""
        self._cells.append(cells)
        self._numbers.append(number)
        if len(self._cells) == _CHUNK:
            self._flush()

    def table(self) -> tuple[pa.Table, NDArray[np.int64]]:
        """Return the columns and the 1-based number of each row."""
        self._flush()
        table = pa.Table.from_batches(self._chunks, schema=self._schema)
        return table, np.asarray(self._numbers, dtype=np.int64)

    def _flush(self) -> None:
        if self._cells:
            by_column = zip(*self._cells, strict=True)
            arrays = [_nulled(pa.array(column, pa.string())) for column in by_column]
            self._chunks.append(pa.record_batch(arrays, schema=self._schema))
            self._cells = []


def _nulled(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


class Records:
    """Collects rows that need not have the same fields; fields come in order of appearance."""

    def __init__(self) -> None:
        self.fields: dict[str, None] = {}
        self._rows: list[Mapping[str, str | None]] = []
        self._numbers: list[int] = []
        self._chunks: list[pa.Table] = []

    def add(self, number: int, row: Mapping[str, str | None]) -> None:
        """Add the row of that number."""
        self._rows.append(row)
        self._numbers.append(number)
        self.fields.update(dict.fromkeys(row))
        if len(self._rows) == _CHUNK:
            self._flush()

    def table(self) -> tuple[pa.Table, NDArray[np.int64]]:
        """Return the columns and the 1-based number of each row."""
        self._flush()
        schema = pa.schema([(name, pa.string()) for name in self.fields])
        table = pa.concat_tables([schema.empty_table(), *self._chunks], promote_options="default")
        return table, np.asarray(self._numbers, dtype=np.int64)

    def _flush(self) -> None:
        if self._rows:
            columns = {
                name: _nulled(pa.array([row.get(name) for row in self._rows], pa.string()))
                for name in self.fields
            }
            self._chunks.append(pa.table(columns))
            self._rows = []
