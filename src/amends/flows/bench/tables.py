"""Reading the CSV files that benchmarks are given: columns by name, errors with their place."""

import gzip
from collections.abc import Collection, Sequence
from csv import reader
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv

from amends.engine.contracts import BadInput, Floats


def read_table(path: Path, required: Sequence[str]) -> pa.Table:
    """Return a CSV file (also .gz) with every column as text.

    Raises
    ------
    BadInput
        The file cannot be read, is empty, or lacks a required column.

    """
    try:
        types = dict.fromkeys(_header(path), pa.string())
        with _opened(path) as file:
            options = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
            table = csv.read_csv(file, convert_options=options)
    except (OSError, EOFError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise BadInput(
            f"It cannot be read as CSV: {error}", where=str(path), remedy="Give a CSV file."
        ) from error
    missing = [name for name in required if name not in table.column_names]
    if missing:
        raise BadInput(
            f"There is no column {', '.join(missing)}.",
            where=str(path),
            remedy=f"The columns are {', '.join(table.column_names)}.",
        )
    if not len(table):
        raise BadInput("The file has a header and no rows.", where=str(path))
    return table


def has_columns(path: Path, wanted: Collection[str]) -> bool:
    """Return whether a file is a CSV (also .gz) with at least these columns."""
    if not path.name.endswith((".csv", ".csv.gz")):
        return False
    try:
        return set(wanted) <= set(_header(path))
    except (OSError, EOFError, UnicodeDecodeError):
        return False


def _header(path: Path) -> list[str]:
    with _opened(path) as file:
        return next(reader([file.readline().decode("utf-8-sig")]), [])


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def numbers(table: pa.Table, column: str, path: Path, *, may_be_empty: bool = False) -> Floats:
    """Return a column as floats, an empty cell as NaN if it may be empty.

    Raises
    ------
    BadInput
        A cell is no number; names its row.

    """
    text = np.asarray(table[column].to_pylist(), dtype=object)
    out = np.full(len(text), np.nan)
    for row, cell in enumerate(text):
        if may_be_empty and not cell.strip():
            continue
        try:
            out[row] = float(cell)
        except ValueError:
            raise BadInput(
                f"{cell!r} is no number.", where=f"{path}, row {row + 1}, column {column}"
            ) from None
    return out


def times(table: pa.Table, column: str, path: Path) -> NDArray[np.datetime64]:
    """Return a column of ISO 8601 times as `datetime64[us]`; a zone designator must be Z or +00:00.

    Raises
    ------
    BadInput
        A cell is no time; names its row.

    """
    cells = [cell.strip().removesuffix("Z").removesuffix("+00:00") for cell in _text(table, column)]
    try:
        return np.array(cells, dtype="datetime64[us]")
    except ValueError:
        for row, cell in enumerate(cells):
            _refuse_time(cell, f"{path}, row {row + 1}, column {column}")
        raise


def _text(table: pa.Table, column: str) -> list[str]:
    return [str(cell) for cell in table[column].to_pylist()]


def _refuse_time(cell: str, where: str) -> None:
    try:
        np.datetime64(cell, "us")
    except ValueError:
        raise BadInput(
            f"{cell!r} is no time.",
            where=where,
            remedy="Write it as 2024-05-31 or 2024-05-31T14:00.",
        ) from None


def coded(table: pa.Table, column: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return a text column as indices into its distinct values, which are sorted."""
    values, index = np.unique(np.array(_text(table, column), dtype=str), return_inverse=True)
    return index.astype(np.int64), tuple(str(v) for v in values)
