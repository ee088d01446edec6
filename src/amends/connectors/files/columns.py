"""Rows of cells turned into Arrow columns, a batch at a time."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import QuarantinedRow

BATCH: Final = 20_000
"""Rows that are read together; what a batch holds is all that is in memory of a long file."""
BATCH_SIZE: Final = 1 << 26
"""Characters that make a batch of fewer rows."""


class _Rows:
    """What rows of either shape have in common: their numbers, what they weigh, what was wrong."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._quarantined: list[QuarantinedRow] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Return whether a batch's worth was added since the last was taken."""
        n = len(self._numbers) + len(self._quarantined)
        return n >= BATCH or self._size >= BATCH_SIZE

    def __bool__(self) -> bool:
        return bool(self._numbers or self._quarantined)

    def quarantine(self, row: QuarantinedRow) -> None:
        """Add a row that cannot be read."""
        self._quarantined.append(row)
        self._size += len(row.raw)

    def _take(self) -> tuple[NDArray[np.int64], tuple[QuarantinedRow, ...]]:
        taken = np.asarray(self._numbers, dtype=np.int64), tuple(self._quarantined)
        self._numbers, self._quarantined, self._size = [], [], 0
        return taken


Taken = tuple[pa.Table, NDArray[np.int64], tuple[QuarantinedRow, ...]]
"""Columns, the 1-based number of each row, and the rows that cannot be read."""


class Columns(_Rows):
    """Collects rows that have one cell per column; empty cells become null."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._cells: list[Sequence[str | None]] = []

    def add(self, number: int, cells: Sequence[str | None], size: int) -> None:
        """Add the row of that number, which was `size` characters long."""
        self._cells.append(cells)
        self._numbers.append(number)
        self._size += size

    def take(self) -> Taken:
        """Return what was added since the last time."""
        by_column = zip(*self._cells, strict=True) if self._cells else [()] * len(self._schema)
        arrays = [_nulled(pa.array(column, pa.string())) for column in by_column]
        self._cells = []
        return (pa.table(arrays, schema=self._schema), *self._take())


class Records(_Rows):
    """Collects rows that need not have the same fields; fields come in order of appearance."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, None] = {}
        self._rows: list[Mapping[str, str | None]] = []

    def add(self, number: int, row: Mapping[str, str | None], size: int) -> None:
        """Add the row of that number, which was `size` characters long."""
        self._rows.append(row)
        self._numbers.append(number)
        self._size += size
        self.fields.update(dict.fromkeys(row))

    def take(self) -> Taken:
        """Return what was added since the last time, in all fields that appeared so far."""
        columns = {
            name: _nulled(pa.array([row.get(name) for row in self._rows], pa.string()))
            for name in self.fields
        }
        self._rows = []
        return (pa.table(columns), *self._take())


def _nulled(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
