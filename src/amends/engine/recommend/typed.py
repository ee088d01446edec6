"""A table as people type it, a text per cell: from the table, and back with what is wrong where.

Cells are written as in the table's file (`conditions`), lists with commas; an empty cell is "any".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from amends.engine.contracts import BadInput

from .columns import Column, ColumnType, Scalar, write
from .conditions import Condition, read_condition
from .parts import Example, HitPolicy, Row
from .policy_file import read_output
from .table import Table
from .versions import gives


@dataclass(frozen=True, slots=True)
class Line:
    """One row, or one example: a text per input, a text per output."""

    name: str
    """Of a row; examples have none."""
    cells: tuple[str, ...]
    gives: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """All that is typed of a version."""

    version: str
    effective_from: str
    title: str
    citation: str
    note: str
    rows: tuple[Line, ...]
    examples: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that cannot be read."""

    what: str
    part: str
    """`row`, `example`, or the name of a field of the version."""
    number: int = -1
    """Of the row or example, from 0."""
    cell: str = ""
    """`name`, `c0` … for inputs, `o0` … for outputs."""


def typed(table: Table) -> Typed:
    """Return a table as it would be typed."""
    return Typed(
        version=table.version,
        effective_from=table.effective_from.isoformat(),
        title=table.about.title,
        citation=table.about.citation,
        note=table.about.note,
        rows=tuple(_typed_row(table, row) for row in table.rows),
        examples=tuple(_typed_example(table, example) for example in table.examples),
    )


def read_typed(table: Table, known: Typed) -> tuple[Table | None, tuple[Wrong, ...]]:
    """Return a version of `table` with what was typed; None with what cannot be read.

    Columns, hit policy and scope are those of `table`. Its examples are read, not run.
    """
    wrong = list(_names(known))
    rows = [_row(table, line, n, wrong) for n, line in enumerate(known.rows)]
    examples = [_example(table, line, n, wrong) for n, line in enumerate(known.examples)]
    begins = _tried(wrong, Wrong("", "effective_from"), _DAY.read, known.effective_from.strip())
    if wrong or not isinstance(begins, date):
        return None, tuple(wrong)
    about = replace(table.about, title=known.title, citation=known.citation, note=known.note)
    newer = replace(
        table,
        version=known.version.strip(),
        effective_from=begins,
        effective_to=None,
        about=about,
        rows=tuple(rows),
        examples=tuple(examples),
    )
    return newer, ()


def _names(known: Typed) -> Iterator[Wrong]:
    if not known.version.strip():
        yield Wrong("Name the version.", "version")
    if not known.rows:
        yield Wrong("A table has at least one row.", "version")
    names = [line.name.strip() for line in known.rows]
    for n, name in enumerate(names):
        if not name:
            yield Wrong("Name the row: reasons speak of it.", "row", n, "name")
        elif name in names[:n]:
            yield Wrong(f"Two rows are called {name}.", "row", n, "name")


def _row(table: Table, line: Line, n: int, wrong: list[Wrong]) -> Row:
    conditions = tuple(
        _tried(wrong, Wrong("", "row", n, f"c{i}"), _condition, column, text)
        for i, (column, text) in enumerate(zip(table.inputs, line.cells, strict=True))
    )
    outputs = []
    for i, (column, text) in enumerate(zip(table.outputs, line.gives, strict=True)):
        place = Wrong("", "row", n, f"o{i}")
        args = (column, _plain(column, text), table.inputs, conditions, "")
        outputs.append(_tried(wrong, place, read_output, *args))
    return Row(line.name.strip(), conditions, tuple(outputs), line.note.strip())


def _example(table: Table, line: Line, n: int, wrong: list[Wrong]) -> Example:
    facts: dict[str, Scalar | None] = {}
    expect: dict[str, Scalar] = {}
    for i, (column, text) in enumerate(zip(table.inputs, line.cells, strict=True)):
        if text.strip():
            place = Wrong("", "example", n, f"c{i}")
            facts[column.name] = _tried(wrong, place, column.read, _plain(column, text))
    for i, (column, text) in enumerate(zip(table.outputs, line.gives, strict=True)):
        if text.strip():
            place = Wrong("", "example", n, f"o{i}")
            of = _LIST if table.hit is HitPolicy.COLLECT else column
            expect[column.name] = _tried(wrong, place, of.read, _plain(of, text))
    if not expect:
        wrong.append(Wrong("Say what it must decide.", "example", n, "o0"))
    return Example(facts, expect)


_LIST: Final = Column("list", ColumnType.ENUM, is_open=True)
_DAY: Final = Column("day", ColumnType.DATE)


def _tried(wrong: list[Wrong], place: Wrong, reader: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401  (what the reader returns)
    """Return what a reader returns; None where it refuses, which is noted at its place."""
    try:
        return reader(*args)
    except BadInput as error:
        what = " ".join(part for part in (error.what, error.remedy) if part)
        wrong.append(replace(place, what=what))
        return None


def _condition(column: Column, text: str) -> Condition | None:
    plain = _plain(column, text)
    if not plain or plain == "any":
        return None
    comma = "," if column.type is ColumnType.ENUM else ", "
    parts = [part.strip() for part in plain.split(comma)]
    return read_condition(column, parts if len(parts) > 1 else plain)


def _plain(column: Column, text: str) -> str:
    """Return a cell's text with the words and signs of people turned into the file's."""
    plain = text.strip().replace("≤", "<=").replace("≥", ">=")
    return _TO_FILE.get(plain, plain) if column.type is ColumnType.BOOL else plain


_TO_FILE: Final = {"yes": "true", "no": "false"}
_FROM_FILE: Final = {word: text for text, word in _TO_FILE.items()}


def _said(column: Column, text: str) -> str:
    return _FROM_FILE.get(text, text) if column.type is ColumnType.BOOL else text


def _typed_row(table: Table, row: Row) -> Line:
    cells = []
    for column, condition in zip(table.inputs, row.conditions, strict=True):
        written = "" if condition is None else condition.write()
        cells.append(_said(column, written) if isinstance(written, str) else ", ".join(written))
    said = [_said(c, text) for c, text in zip(table.outputs, gives(row), strict=True)]
    return Line(row.row_id, tuple(cells), tuple(said), row.note)


def _typed_example(table: Table, example: Example) -> Line:
    facts, expect = example.facts, example.expect
    return Line(
        "",
        tuple(_value(c, facts.get(c.name)) for c in table.inputs),
        tuple(_value(c, expect.get(c.name)) for c in table.outputs),
    )


def _value(column: Column, value: Scalar | None) -> str:
    return "" if value is None else _said(column, write(value))
