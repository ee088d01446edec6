"""From a fact to the rows whose condition holds for it: a column compiled to a closure.

Facts of exactly the type that a column usually gets (text, yes/no, count) are remembered with their
rows; the type is part of the question, so that 1, True and "1" stay three different facts.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from amends.engine.contracts import BadInput, Money

from .cells import cells_of, cuts_of
from .columns import OTHER, Column, ColumnType, Scalar
from .conditions import Condition

_MOST_REMEMBERED: Final = 4_096

_USUAL: Final[Mapping[ColumnType, type]] = {
    ColumnType.ENUM: str,
    ColumnType.BOOL: bool,
    ColumnType.NUMBER: int,
}


class _Never:
    """The type of no fact."""


class Lookup(NamedTuple):
    """One column, compiled."""

    name: str
    usual: type
    known: dict[object, int]
    """Rows of facts of the usual type that were met before."""
    find: Callable[[object], int]
    """From a fact to its cell; refuses with `BadInput` what the column does not take."""
    rows: tuple[int, ...]
    """Rows of each cell, as a mask."""


def compiled(column: Column, conditions: Sequence[Condition | None], currency: str) -> Lookup:
    """Return a column of R rows compiled; see `cells_of` for the parameters."""
    rows = tuple(cell.rows for cell in cells_of(column, conditions))
    usual = _USUAL.get(column.type, _Never)
    return Lookup(column.name, usual, {}, _finder(column, conditions, currency), rows)


def matching_rows(columns: Iterable[Lookup], facts: Mapping[str, object]) -> int:
    """Return the mask of the rows that hold in all columns; −1 without columns.

    Raises
    ------
    BadInput
        A fact is missing or is not what its column takes.

    """
    mask = -1
    get = facts.get
    for name, usual, known, find, rows in columns:
        fact = get(name)
        if fact.__class__ is not usual:
            mask &= rows[find(fact)]
            continue
        part = known.get(fact)
        if part is None:
            part = rows[find(fact)]
            if len(known) < _MOST_REMEMBERED:
                known[fact] = part
        mask &= part
    return mask


def _finder(
    column: Column, conditions: Sequence[Condition | None], currency: str
) -> Callable[[object], int]:
    place = _placer(column, conditions)
    unknown = place(None) if column.is_optional else -1

    def find(fact: object) -> int:
        if fact is not None:
            return place(column.accept(fact, currency))
        if unknown < 0:
            raise BadInput(f"The case has no {column.name}.")
        return unknown

    if column.type is not ColumnType.MONEY:
        return find
    low = column.low if isinstance(column.low, Decimal) else Decimal("-Infinity")
    high = column.high if isinstance(column.high, Decimal) else Decimal("Infinity")

    def find_money(fact: object) -> int:
        if fact.__class__ is Money:
            amount = fact.amount
            same = not currency or fact.currency == currency
            if same and low <= amount <= high:
                return place(amount)
        return find(fact)

    return find_money


def _placer(
    column: Column, conditions: Sequence[Condition | None]
) -> Callable[[Scalar | None], int]:
    """Return a closure from a typed value of the column's domain to the index of its cell."""
    if column.type.is_ordered:
        cuts = cuts_of(column, conditions)
        unknown, count = 2 * len(cuts) + 1, len(cuts)

        def place(value: Scalar | None) -> int:
            if value is None:
                return unknown
            at = bisect_left(cuts, value)
            return 2 * at + (at < count and cuts[at] == value)

        return place
    index = {cell.sample: i for i, cell in enumerate(cells_of(column, conditions))}
    other = index.get(OTHER, -1)
    return lambda value: index.get(value, other)
