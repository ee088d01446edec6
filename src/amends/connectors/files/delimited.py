"""Delimited text, record by record: what is wrong with one record never costs another."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import FileBytes
from .columns import Columns
from .dialect import NONE, Dialect, find_dialect
from .encoding import Encoding, check_encoding, find_encoding
from .header import Header, find_header

LONGEST_RECORD = 1 << 24
"""Characters; a quote that is not closed within these is taken for one that never is."""
_PROBED, _PROBED_SIZE = 1_000, 2_000_000
_UNREADABLE = re.compile("[\udc80-\udcff\ufffd]")
_LONGEST_RAW = 100_000
_HINT = re.compile(r"\ufeff?sep=(.)\r?\n?$", re.IGNORECASE)
"""The line by which Excel is told the delimiter."""


@dataclass(slots=True)
class _Lines:
    """Physical lines; those of the record being read can be put back."""

    stream: Iterator[str]
    waiting: deque[str] = field(default_factory=deque)
    taken: list[str] = field(default_factory=list)
    size: int = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.size > LONGEST_RECORD:
            raise csv.Error("unexpected end of data")
        line = self.waiting.popleft() if self.waiting else next(self.stream)
        self.taken.append(line)
        self.size += len(line)
        return line

    def start_record(self) -> None:
        self.taken, self.size = [], 0

    def put_back(self, kept: int) -> None:
        """Keep the first `kept` lines of the record and put back the others."""
        self.waiting.extendleft(reversed(self.taken[kept:]))
        self.taken = self.taken[:kept]


@dataclass(frozen=True, slots=True)
class _Record:
    cells: list[str]
    raw: str
    problem: str = ""


def read_delimited(
    file: FileBytes, encoding: str | None = None, delimiter: str | None = None
) -> RawTable:
    """Read CSV, TSV or any delimited text.

    Rows with too few or too many cells, an unclosed quote or bytes outside the encoding are
    quarantined.

    Raises
    ------
    BadInput
        The file is not text, or has a header and nothing else.

    """
    code = check_encoding(file, encoding) if encoding else find_encoding(file)
    old_limit = csv.field_size_limit(LONGEST_RECORD * 2)
    try:
        with file.open() as stream:
            # Other codecs cannot escape every byte; they leave the replacement character instead.
            errors = "surrogateescape" if code.name.startswith("utf-8") else "replace"
            text = io.TextIOWrapper(stream, code.name, errors, newline="")
            return _read(file, text, code, delimiter)
    finally:
        csv.field_size_limit(old_limit)


def _read(file: FileBytes, text: TextIO, code: Encoding, delimiter: str | None) -> RawTable:
    probe = _probe(text)
    if probe and (hint := _HINT.match(probe[0])):
        delimiter = delimiter or hint.group(1)
        del probe[0]
    dialect = find_dialect(probe, delimiter)
    header = _header(probe, dialect)
    lines = _Lines(iter(text), deque(probe))
    records = _records(lines, dialect, len(header.names))
    for _ in islice(records, header.records_before_data):
        pass
    columns, quarantined = Columns(header.names), []
    for number, record in enumerate(records, start=1):
        problem = record.problem or _problem(record, header.names, code)
        if problem:
            quarantined.append(_quarantine(file.name, number, problem, record.raw))
        else:
            columns.add(number, record.cells[: len(header.names)])
    table, numbers = columns.table()
    if not len(table) and not quarantined:
        raise BadInput(
            "The file has a header and no rows.",
            where=file.name,
            remedy="Export it again with its rows.",
        )
    shown = "" if dialect.delimiter == NONE else dialect.delimiter
    kind = "tsv" if shown == "\t" else "csv"
    return RawTable(
        file.name, kind, code.name, shown, table, numbers, tuple(quarantined), header.notes
    )


def _probe(text: TextIO) -> list[str]:
    """Return the first lines: as many as tell the dialect, though a line may be megabytes long."""
    lines: list[str] = []
    size = 0
    for line in islice(text, _PROBED):
        lines.append(line)
        size += len(line)
        if size > _PROBED_SIZE:
            break
    return lines


def _header(probe: list[str], dialect: Dialect) -> Header:
    found = [record.cells for record in _records(_Lines(iter(probe)), dialect, None)]
    return find_header(found or [["column"]])


def _records(lines: _Lines, dialect: Dialect, width: int | None) -> Iterator[_Record]:
    """Read records; a record that fails is its first line only, and reading goes on after it."""
    reader = dialect.reader(lines)
    while True:
        lines.start_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.put_back(kept=1)
            yield _Record([], lines.taken[0], _in_words(str(error)))
            continue
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            continue
        if len(lines.taken) > 1 and _swallowed(lines.taken, dialect, width):
            lines.put_back(kept=1)
            yield _Record([], lines.taken[0], _in_words("unexpected end of data"))
            continue
        yield _Record(cells, "".join(lines.taken))


def _swallowed(taken: list[str], dialect: Dialect, width: int | None) -> bool:
    """Tell whether a quoted field ran on over lines that are rows of their own."""
    if width is None or width < 2:
        return False
    inner = taken[1:-1]
    whole = sum(_cells_alone(line, dialect) == width for line in inner)
    return whole > 1 and whole * 2 > len(inner)


def _cells_alone(line: str, dialect: Dialect) -> int:
    try:
        return len(next(dialect.reader([line]), []))
    except csv.Error:
        return 0


def _in_words(error: str) -> str:
    if "unexpected end" in error:
        return "a quote is opened in this row and never closed"
    if "expected after" in error:
        return 'text follows a closing quote (a quote inside a field is written as "")'
    return f"the row cannot be taken apart: {error}"


def _problem(record: _Record, names: tuple[str, ...], code: Encoding) -> str:
    cells, width = record.cells, len(names)
    if len(cells) < width:
        return f"the row has {len(cells)} fields, the header {width}"
    if any(cell.strip() for cell in cells[width:]):
        return f"the row has {len(cells)} fields, the header {width}"
    if not code.is_clean and (broken := _UNREADABLE.search(record.raw)):
        byte = ord(broken.group()) - 0xDC00
        return f"{f'the byte 0x{byte:02X}' if byte < 256 else 'a byte'} is no {code.name}"
    if not any(cell.strip() for cell in cells):
        return "the row is empty"
    return ""


def _quarantine(file: str, number: int, problem: str, raw: str) -> QuarantinedRow:
    readable = raw[:_LONGEST_RAW].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return QuarantinedRow(file, number, "", problem, readable.rstrip("\r\n"))
