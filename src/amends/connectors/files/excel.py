"""Excel workbooks: the sheet with the most rows."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import pyarrow as pa
import python_calamine as calamine

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import FileBytes
from .columns import Columns
from .header import Header, check_width, find_header

_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
"""What a locked workbook holds instead of sheets ([MS-OFFCRYPTO] 2.3.4.4)."""
_LARGEST_UNPACKED: Final = 1 << 30
"""Bytes of XML; a workbook is read whole, and Excel itself ends at a million rows."""

Cell = str | float | bool | datetime | date | time | timedelta


@dataclass(frozen=True, slots=True)
class Workbook:
    """The fullest sheet of a workbook; dates come out as ISO, whole numbers without ".0"."""

    file: FileBytes
    sheet: calamine.CalamineSheet
    header: Header
    notes: tuple[str, ...]

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number.

        Raises
        ------
        BadInput
            The sheet has a header and nothing else.

        """
        columns, number = Columns(self.header.names), 0
        height = max(self.sheet.height, 1)
        for number, row in enumerate(self._rows(), start=1):
            if number <= after:
                continue
            if any(0xD800 <= ord(c) <= 0xDFFF for cell in row for c in cell if not cell.isascii()):
                raw = "; ".join(row).encode("utf-8", "replace").decode()
                problem = "half of a Unicode surrogate pair"
                columns.quarantine(QuarantinedRow(self.file.name, number, "", problem, raw))
            else:
                columns.add(number, row, sum(map(len, row)))
            if columns.is_full:
                yield self._batch(columns, min(number / height, 1.0))
        if not number:
            raise BadInput(
                "The sheet has a header and no rows.",
                where=f"{self.file.name}, sheet {self.sheet.name}",
                remedy="Export it again with its rows.",
            )
        if columns:
            yield self._batch(columns, 1.0)

    def spread(self) -> pa.Table:
        """Return some rows from all over the sheet."""
        columns, step = Columns(self.header.names), max(self.sheet.height // 2_000, 1)
        for number, row in enumerate(self._rows()):
            if not number % step and all(cell.isascii() for cell in row):
                columns.add(0, row, 0)
        return columns.take()[0]

    def _rows(self) -> Iterator[list[str]]:
        rows = _rows_of(self.sheet)
        for _ in range(self.header.records_before_data):
            next(rows)
        return rows

    def _batch(self, columns: Columns, share: float) -> RawTable:
        table, numbers, quarantined = columns.take()
        notes = (*self.notes, *self.header.notes)
        return RawTable(self.file.name, "xlsx", "", "", table, numbers, quarantined, notes, share)


def open_excel(file: FileBytes) -> Workbook:
    """Open a workbook at its fullest sheet.

    Raises
    ------
    BadInput
        The workbook is locked, broken, too large, or has no rows.

    """
    content = file.read()
    if _LOCKED in content:
        raise _locked(file)
    _refuse_bomb(content, file.name)
    try:
        book = calamine.load_workbook(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
    except calamine.PasswordError as error:
        raise _locked(file) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadInput(
            f"This is not a workbook that can be read ({error}).",
            where=file.name,
            remedy="Save it as .xlsx or CSV; unpack a zip first.",
        ) from error
    sheet = max(sheets, key=lambda sheet: sheet.height, default=None)
    first = [row for _, row in zip(range(100), _rows_of(sheet), strict=False)] if sheet else []
    if sheet is None or not first:
        raise BadInput(
            "The workbook is empty.", where=file.name, remedy="Save the sheet with its rows."
        )
    others = [other.name for other in sheets if other is not sheet and other.height]
    notes = (
        (f"Sheet {sheet.name!r} was read; not read: {', '.join(map(repr, others))}.",)
        if others
        else ()
    )
    check_width(sheet.width, file.name)
    return Workbook(file, sheet, find_header(first), notes)


def _refuse_bomb(content: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile:
        return  # an old .xls, or broken: the reader says what
    if size > _LARGEST_UNPACKED:
        raise BadInput(
            f"The workbook unpacks to {size >> 20:,} MB; {_LARGEST_UNPACKED >> 20:,} are the most.",
            where=name,
            remedy="Save the sheet as CSV, which may be of any size.",
        )


def _rows_of(sheet: calamine.CalamineSheet) -> Iterator[list[str]]:
    """Read the rows that hold anything."""
    for cells in sheet.iter_rows():
        row = [_text(cell) for cell in cells]
        if any(cell.strip() for cell in row):
            yield row


def _locked(file: FileBytes) -> BadInput:
    return BadInput(
        "The workbook is locked with a password.",
        where=file.name,
        remedy="Save it without a password.",
    )


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)
