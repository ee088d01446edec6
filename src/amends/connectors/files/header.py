"""The header of a table: where it stands, and one usable name per column."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import BadInput

MOST_COLUMNS: Final = 2_000
_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Header:
    """Column names, how many records stand before the first data row, and what was assumed."""

    names: tuple[str, ...]
    records_before_data: int
    notes: tuple[str, ...]


def find_header(records: Sequence[Sequence[str]]) -> Header:
    """Find the header in the first non-blank records of a table.

    Title lines above the header (fewer cells than nearly all rows have) are passed over. A first
    record that looks like data (a number or a date where later rows also have one) is data: the
    columns are then called column_1, column_2, ….
    """
    first, notes = _after_titles(records)
    cells = [cell.strip() for cell in records[first]]
    if _is_data(cells, records[first + 1 :]):
        names = tuple(f"column_{i}" for i in range(1, len(cells) + 1))
        note = f"No header found: the columns are called {names[0]} to {names[-1]}."
        return Header(names, first, (*notes, note))
    names, renamed = unique_names(cells)
    return Header(names, first + 1, (*notes, *renamed))


def check_width(width: int, where: str) -> None:
    """Refuse a table that is wider than any that people fill in.

    Raises
    ------
    BadInput

    """
    if width > MOST_COLUMNS:
        raise BadInput(
            f"The rows have {width:,} different fields; {MOST_COLUMNS:,} are the most.",
            where=where,
            remedy="Export only the columns that matter, or put what varies under one field.",
        )


def unique_names(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names of which no two are alike and none is empty, and a note on each change."""
    names: dict[str, None] = {}
    notes: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\0", "").split()) or f"column_{place}"
        base, n = name, 1
        while name in names:
            n += 1
            name = f"{base} ({n})"
        if n > 1:
            notes.append(f"Two columns are called {base!r}: the one at {place} is now {name!r}.")
        names[name] = None
    return tuple(names), tuple(notes)


def _after_titles(records: Sequence[Sequence[str]]) -> tuple[int, tuple[str, ...]]:
    widths = [_filled_to(record) for record in records]
    common, times = Counter(widths).most_common(1)[0]
    if common < 3 or times < 3 or times < 0.6 * len(widths):
        return 0, ()
    first = next((i for i, width in enumerate(widths) if width * 2 > common), 0)
    if first == 0:
        return 0, ()
    return first, (f"{first} line(s) above the header were passed over.",)


def _filled_to(record: Sequence[str]) -> int:
    return max((i for i, cell in enumerate(record, start=1) if cell.strip()), default=0)


def _is_data(cells: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    rows = [row for row in later if len(row) == len(cells)][:50]
    if any(len(cell) > _LONGEST_NAME for cell in cells):
        return True
    for place, cell in enumerate(cells):
        for pattern in (_NUMBER, _DATE):
            below = [row[place].strip() for row in rows if row[place].strip()]
            alike = sum(pattern.fullmatch(value) is not None for value in below)
            if pattern.fullmatch(cell) and below and alike > 0.8 * len(below):
                return True
    return False
