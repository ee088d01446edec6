"""Delimited text, record by record: what is wrong with one record never costs another."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

import pyarrow as pa

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import LONGEST_RECORD, FileBytes
from .columns import Columns
from .dialect import NONE, Dialect, find_dialect
from .encoding import Encoding, check_encoding, find_encoding
from .header import Header, check_width, find_header
from .lines import CutLine, lines_of, spread_lines

_PROBED, _PROBED_SIZE = 1_000, 2_000_000
_UNREADABLE = re.compile("[\udc80-\udcff\ufffd]")
_LONGEST_RAW = 100_000
_HINT: Final = re.compile(r"\ufeff?sep=(.)\r?\n?$", re.IGNORECASE)
"""The line by which Excel is told the delimiter."""

# A limit of the process; records are kept within `LONGEST_RECORD` here.
csv.field_size_limit(LONGEST_RECORD * 2)


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
        if isinstance(line, CutLine):
            raise csv.Error("line too long")
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


@dataclass(frozen=True, slots=True)
class Delimited:
    """CSV, TSV or any delimited text, and how it is written."""

    file: FileBytes
    code: Encoding
    dialect: Dialect
    header: Header
    lines_before: int
    """Lines that say how to read the file, and are no record."""

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number.

        Those with too few or too many cells, an unclosed quote or bytes outside the encoding are
        quarantined.

        Raises
        ------
        BadInput
            The file has a header and nothing else.

        """
        columns, number = Columns(self.header.names), 0
        with self.file.follow() as (stream, share), _text(stream, self.code) as text:
            lines = _Lines(text)
            for _ in islice(text, self.lines_before):
                pass
            records = _records(lines, self.dialect, len(self.header.names))
            for _ in islice(records, self.header.records_before_data):
                pass
            for number, record in enumerate(records, start=1):
                if number <= after:
                    continue
                problem = record.problem or _problem(record, self.header.names, self.code)
                if problem:
                    columns.quarantine(_quarantine(self.file.name, number, problem, record.raw))
                else:
                    cells = record.cells[: len(self.header.names)]
                    columns.add(number, cells, len(record.raw))
                if columns.is_full:
                    yield self._batch(columns, share())
        if not number:
            raise BadInput(
                "The file has a header and no rows.",
                where=self.file.name,
                remedy="Export it again with its rows.",
            )
        if columns:
            yield self._batch(columns, 1.0)

    def spread(self) -> pa.Table:
        """Return some rows from all over the file: those that are whole on one line."""
        columns, width = Columns(self.header.names), len(self.header.names)
        for line in spread_lines(self.file, self.code.name):
            try:
                cells: list[str] = next(self.dialect.reader([line]), [])
            except csv.Error:
                continue
            if len(cells) == width and any(cells):
                columns.add(0, cells, 0)
        return columns.take()[0]

    def _batch(self, columns: Columns, share: float) -> RawTable:
        table, numbers, quarantined = columns.take()
        shown = "" if self.dialect.delimiter == NONE else self.dialect.delimiter
        return RawTable(
            self.file.name,
            "tsv" if shown == "\t" else "csv",
            self.code.name,
            shown,
            table,
            numbers,
            quarantined,
            self.header.notes,
            share,
        )


def open_delimited(
    file: FileBytes, encoding: str | None = None, delimiter: str | None = None
) -> Delimited:
    """Find out how a delimited text is written.

    Raises
    ------
    BadInput
        The file is not text, or wider than any table.

    """
    code = check_encoding(file, encoding) if encoding else find_encoding(file)
    with file.open() as stream, _text(stream, code) as text:
        probe = _probe(text)
    lines_before = 0
    if probe and (hint := _HINT.match(probe[0])):
        delimiter = delimiter or hint.group(1)
        del probe[0]
        lines_before = 1
    dialect = find_dialect(probe, delimiter)
    return Delimited(file, code, dialect, _header(probe, dialect, file.name), lines_before)


def _text(stream: BinaryIO, code: Encoding) -> AbstractContextManager[Iterator[str]]:
    # Other codecs cannot escape every byte; they leave the replacement character instead.
    errors = "surrogateescape" if code.name.startswith("utf-8") else "replace"
    return lines_of(stream, code.name, errors=errors, newline="")


def _probe(text: Iterator[str]) -> list[str]:
    """Return the first lines: as many as tell the dialect, though a line may be megabytes long."""
    lines: list[str] = []
    size = 0
    for line in islice(text, _PROBED):
        lines.append(line)
        size += len(line)
        if size > _PROBED_SIZE:
            break
    return lines


def _header(probe: list[str], dialect: Dialect, name: str) -> Header:
    found = [record.cells for record in _records(_Lines(iter(probe)), dialect, None)]
    header = find_header(found or [["column"]])
    check_width(len(header.names), name)
    return header


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
            [first] = lines.taken
            yield _Record([], first, _in_words(str(error), is_cut=isinstance(first, CutLine)))
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


def _in_words(error: str, *, is_cut: bool = False) -> str:
    if is_cut:
        return f"the line has more than {LONGEST_RECORD:,} characters"
    if "unexpected end" in error or "line too long" in error:
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
