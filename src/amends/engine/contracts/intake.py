"""What reading a source says about itself: presets, understood columns, quarantined rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .words import Kind

LONGEST_RAW = 10_000
"""Characters of a quarantined row that are kept."""
_SHORT = 20


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One field of the Signal contract and the source column it comes from."""

    field: str
    column: str
    convert: str = "text"
    """A named conversion of `engine.signals.convert`, its argument after a colon."""
    when: str = ""
    """"column=value": only the rows where that column holds that value; empty: all rows."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How the export of one product maps to Signal; its `fingerprint` columns give it away.

    Column names are compared without regard to case, and to blanks, dots and underscores.
    """

    name: str
    title: str
    kind: Kind
    fingerprint: tuple[str, ...]
    fields: tuple[FieldMap, ...]
    skip_rows: int = 0
    """Metadata rows after the header that are no data (Qualtrics has two)."""
    taxonomy: str | None = None
    """The starter taxonomy that fits, when the source says so."""


@dataclass(frozen=True, slots=True)
class UnderstoodColumn:
    """How one column of a file was read, in words a person can check and overrule with --map."""

    column: str
    field: str | None
    """Field of the Signal contract; None: kept as an attribute."""
    how: str
    """told (by --map), preset, name, content, or attribute"""
    detail: str
    """The date format, the scale, the unit: what was assumed."""
    filled: int
    samples: tuple[str, ...]
    convert: str = "text"
    """The named conversion that is applied; see `FieldMap`."""
    when: str = ""
    """See `FieldMap`."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How a whole file was read: which kind of signal its rows are and what each column means.

    A column that fills two fields stands twice.
    """

    preset: str
    """Name of the preset; empty when names and content had to do."""
    kind: Kind
    """What the rows are, where no column says it."""
    kind_because: str
    columns: tuple[UnderstoodColumn, ...]
    notes: tuple[str, ...] = ()
    skip_rows: int = 0
    taxonomy: str | None = None
    """The starter taxonomy that fits, when the preset says so."""

    def column_of(self, field: str) -> str | None:
        """Return the source column of a Signal field; None when there is none."""
        return next((c.column for c in self.columns if c.field == field), None)


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be read, with its reason and itself, so that it can be mended."""

    file: str
    row: int
    """1-based data row (the header is row 0)."""
    field: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class RawTable:
    """A file as it was read, or a batch of it: every row is in `columns` or in `quarantined`.

    Parameters
    ----------
    file
        Name of the file, as messages shall call it.
    format
        csv, tsv, xlsx, json, jsonl or parquet.
    encoding, delimiter
        Of a text file; empty for the others.
    columns
        N rows. Strings, null where the cell is empty; what a Parquet file has as numbers, booleans
        or timestamps stays so.
    rows
        int64 of shape (N,): the 1-based data row of each.
    quarantined
        Rows that could not be read.
    notes
        What was assumed or left aside, one sentence each.
    share
        How much of the file has been read when these rows have been, 0 to 1.

    """

    file: str
    format: str
    encoding: str
    delimiter: str
    columns: pa.Table
    rows: NDArray[np.int64]
    quarantined: tuple[QuarantinedRow, ...] = ()
    notes: tuple[str, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.columns):
            raise ValueError(f"{len(self.columns)} rows, {len(self.rows)} row numbers.")

    @property
    def read(self) -> int:
        """How many data rows the file has: the good ones and the quarantined ones."""
        return len(self.columns) + len(self.quarantined)

    def quarantine(
        self, problems: Sequence[tuple[int, str, str]], spelt: pa.Table | None = None
    ) -> tuple[QuarantinedRow, ...]:
        """Return rows that cannot be used as JSON objects of what their columns hold.

        Parameters
        ----------
        problems
            Place in `columns`, column and reason of each.
        spelt
            What to show of these rows instead of `columns`: what may be kept of them.

        """
        if spelt is None:
            spelt = self.columns.take([place for place, _, _ in problems])
        return tuple(
            QuarantinedRow(self.file, int(self.rows[place]), field, reason, _as_json(row))
            for (place, field, reason), row in zip(problems, spelt.to_pylist(), strict=True)
        )


def _as_json(row: Mapping[str, object]) -> str:
    """Spell what a row holds; long values are cut, so that it stays JSON of bounded size."""
    cells = {name: str(value) for name, value in row.items() if value is not None}
    longest = LONGEST_RAW
    while len(text := json.dumps(cells, ensure_ascii=False)) > LONGEST_RAW and longest > _SHORT:
        longest //= 2
        cells = {
            name: value if len(value) <= longest else f"{value[:longest]}…"
            for name, value in cells.items()
        }
    return text
