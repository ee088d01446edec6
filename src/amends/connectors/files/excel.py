"""Excel workbooks: the sheet with the most rows."""

import io
from datetime import date, datetime, time, timedelta

import python_calamine as calamine

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import FileBytes
from .columns import Columns
from .header import find_header

_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""What a locked workbook holds instead of sheets ([MS-OFFCRYPTO] 2.3.4.4)."""

Cell = str | float | bool | datetime | date | time | timedelta


def read_excel(file: FileBytes) -> RawTable:
    """Read the fullest sheet of a workbook; dates come out as ISO, whole numbers without ".0".

    Raises
    ------
    BadInput
        The workbook is locked, broken, or has no rows.

    """
    sheet, rows, notes = _fullest_sheet(file)
    if not rows:
        raise BadInput(
            "The workbook is empty.", where=file.name, remedy="Save the sheet with its rows."
        )
    header = find_header(rows[:100])
    data = rows[header.records_before_data :]
    if not data:
        raise BadInput(
            "The sheet has a header and no rows.",
            where=f"{file.name}, sheet {sheet}",
            remedy="Export it again with its rows.",
        )
    columns, quarantined = Columns(header.names), []
    for number, row in enumerate(data, start=1):
        if any(0xD800 <= ord(c) <= 0xDFFF for cell in row for c in cell if not cell.isascii()):
            raw = "; ".join(row).encode("utf-8", "replace").decode()
            quarantined.append(
                QuarantinedRow(file.name, number, "", "half of a Unicode surrogate pair", raw)
            )
        else:
            columns.add(number, row)
    table, numbers = columns.table()
    return RawTable(
        file.name, "xlsx", "", "", table, numbers, tuple(quarantined), (*notes, *header.notes)
    )


def _fullest_sheet(file: FileBytes) -> tuple[str, list[list[str]], tuple[str, ...]]:
    content = file.read()
    if _LOCKED in content:
        raise _locked(file)
    try:
        book = calamine.load_workbook(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    except calamine.PasswordError as error:
        raise _locked(file) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadInput(
            f"This is not a workbook that can be read ({error}).",
            where=file.name,
            remedy="Save it as .xlsx or CSV; unpack a zip first.",
        ) from error
    if not sheets:
        return "", [], ()
    name = max(sheets, key=lambda sheet: len(sheets[sheet]))
    others = [other for other, rows in sheets.items() if other != name and rows]
    notes = (
        (f"Sheet {name!r} was read; not read: {', '.join(map(repr, others))}.",) if others else ()
    )
    rows = [[_text(cell) for cell in row] for row in sheets[name]]
    return name, [row for row in rows if any(cell.strip() for cell in row)], notes


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
