"""A policy table as questions, one at a time: only what still matters is asked.

Answers are values of columns. The rows that they leave say what matters: a column is asked while
its cells still tell rows apart. Where the cells of a column make no difference, they are one
choice, so that a person answers "more than 20" and not an amount. Whoever answers along a case's
facts ends with exactly what the table decides for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import and_

from amends.engine.contracts import BadInput

from .cells import Cell, cuts_of
from .columns import OTHER, Column, ColumnType, Scalar, write
from .parts import HitPolicy, Scaled
from .table import Answer, Table

Answers = Mapping[str, Scalar | None]
"""Column → what was answered; None: unknown."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Cells of a column that make no difference any more."""

    words: str
    value: Scalar | None
    """Stands for all of them."""
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be answered next."""

    column: Column
    choices: tuple[Choice, ...]
    is_exact: bool
    """The value itself is needed: it is multiplied."""


def next_question(table: Table, answers: Answers) -> Question | None:
    """Return what still has to be known; None when the table is decided.

    Raises
    ------
    BadInput
        An answer is no value of its column.
    """
    rows = _left(table, answers)
    open_ = [c for c, column in enumerate(table.inputs) if column.name not in answers]
    telling = [c for c in open_ if len({rows & cell.rows for cell in _possible(table, c)}) > 1]
    if telling:
        return _ask(table, min(telling, key=lambda c: _worst(table, c, rows)), rows)
    multiplied = _multiplied(table, rows)
    needed = next((c for c in open_ if table.inputs[c].name in multiplied), None)
    return None if needed is None else _ask(table, needed, rows)


def ending(table: Table, answers: Answers) -> Answer:
    """Return what the table decides once nothing is left to ask.

    Raises
    ------
    BadInput
        Something is left to ask, or no row holds.
    """
    if question := next_question(table, answers):
        raise BadInput(f"{question.column.name} has to be known first.", where=table.name)
    rows = _left(table, answers)
    for c, column in enumerate(table.inputs):
        if column.name not in answers:
            rows &= next(iter(_possible(table, c))).rows
    if not rows:
        raise BadInput(
            "No row holds for these answers.",
            where=f"policy table {table.name} {table.version}",
            remedy="Close the gap in the table; nothing is decided by default.",
        )
    return table.answered(rows, tuple(answers.get(column.name) for column in table.inputs))


def _left(table: Table, answers: Answers) -> int:
    """Return the rows that the answers leave; after the first that surely holds, none matter."""
    at = {
        c: table.cell(c, answers[i.name]) for c, i in enumerate(table.inputs) if i.name in answers
    }
    rows = reduce(and_, (table.cells[c][i].rows for c, i in at.items()), (1 << len(table.rows)) - 1)
    if table.hit is not HitPolicy.FIRST:
        return rows
    sure = rows
    for c in range(len(table.inputs)):
        if c not in at:
            sure = reduce(and_, (cell.rows for cell in _possible(table, c)), sure)
    first = sure & -sure
    return rows & (first | (first - 1)) if first else rows


def _possible(table: Table, column: int) -> Iterator[Cell]:
    return (cell for cell in table.cells[column] if cell.is_possible)


def _worst(table: Table, column: int, rows: int) -> int:
    """Return how many rows the least telling answer leaves: fewer are asked first."""
    return max((rows & cell.rows).bit_count() for cell in _possible(table, column))


def _multiplied(table: Table, rows: int) -> set[str]:
    """Return the columns that the outputs of these rows multiply."""
    if table.hit is HitPolicy.FIRST:
        rows &= -rows
    held = [row for r, row in enumerate(table.rows) if rows >> r & 1]
    return {out.column for row in held for out in row.outputs if isinstance(out, Scaled)}


def _ask(table: Table, c: int, rows: int) -> Question:
    column = table.inputs[c]
    everywhere = {o.column for row in table.rows for o in row.outputs if isinstance(o, Scaled)}
    return Question(column, tuple(_choices(table, c, rows)), column.name in everywhere)


def _choices(table: Table, c: int, rows: int) -> Iterator[Choice]:
    column, cells = table.inputs[c], table.cells[c]
    known = [i for i, cell in enumerate(cells) if cell.is_possible and cell.sample is not None]
    if column.type.is_ordered:
        cuts = [write(cut) for cut in cuts_of(column, [row.conditions[c] for row in table.rows])]
        for _, run in groupby(known, key=lambda i: rows & cells[i].rows):
            same = tuple(run)
            yield Choice(_range(column, cuts, same), cells[same[0]].sample, same)
    else:
        alike: dict[int, list[int]] = {}
        for i in known:
            alike.setdefault(rows & cells[i].rows, []).append(i)
        for same_ in alike.values():
            words = ", ".join(_word(column, cells[i].sample) for i in same_)
            yield Choice(words, cells[same_[0]].sample, tuple(same_))
    if column.is_optional:
        yield Choice("not known", None, (len(cells) - 1,))


def _word(column: Column, value: Scalar | None) -> str:
    if column.type is ColumnType.BOOL:
        return "yes" if value else "no"
    return "any other" if value == OTHER else str(value)


def _range(column: Column, cuts: Sequence[str], cells: Sequence[int]) -> str:
    """Return a run of cells in words; odd cells are the cuts, even ones lie between them."""
    first, last = cells[0], cells[-1]
    ends = [None if end is None else write(end) for end in (column.low, column.high)]
    if first == last and first % 2:
        return f"exactly {cuts[first // 2]}"
    low = high = ""
    if first % 2:
        low = "" if cuts[first // 2] == ends[0] else f"from {cuts[first // 2]}"
    elif first:
        low = f"more than {cuts[first // 2 - 1]}"
    if last % 2:
        high = "" if cuts[last // 2] == ends[1] else f"up to {cuts[last // 2]}"
    elif last < 2 * len(cuts):
        high = f"less than {cuts[last // 2]}"
    return ", ".join(part for part in (low, high) if part) or "anything"
