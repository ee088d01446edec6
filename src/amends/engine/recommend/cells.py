"""Exact cells of a column: the finest parts on which no condition of the table can differ.

An ordered column is cut at every value that a condition names, into points and open intervals;
an enum into its values and, if open, "any other"; an optional column has "unknown" besides. Within
a cell every row of the table says the same, so a table is known completely from its cells: they
serve to decide (`cell_finder`), to find gaps, overlaps and shadowed rows (`checks`) and to
say what would change a decision (`explain`).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from amends.engine.contracts import BadInput, Money

from .columns import OTHER, Column, ColumnType, Scalar, write
from .conditions import Condition

_Ordered = Decimal | date


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a column. `sample` lies in it (None: unknown); `words` says which part it is."""

    sample: Scalar | None
    words: str
    rows: int
    """Bit r is set when row r's condition holds here."""
    is_possible: bool = True
    """False for an interval that holds no value of the column's domain."""


def cells_of(column: Column, conditions: Sequence[Condition | None]) -> tuple[Cell, ...]:
    """Return a column's cells, the impossible ones included.

    Parameters
    ----------
    column
        The column.
    conditions
        R conditions of the column, one a row; None holds for anything.

    Returns
    -------
    tuple of Cell
        Ordered column with k named values: 2k + 1 cells from low to high, then unknown.

    """
    if column.type.is_ordered:
        parts = _ordered_parts(column, conditions)
    elif column.type is ColumnType.BOOL:
        parts = [(False, f"{column.name} = false", True), (True, f"{column.name} = true", True)]
    else:
        parts = _enum_parts(column, conditions)
    if column.is_optional:
        parts.append((None, f"{column.name} is unknown", True))
    return tuple(
        Cell(
            sample,
            words,
            sum(1 << r for r, c in enumerate(conditions) if c is None or c.holds(sample)),
            is_possible,
        )
        for sample, words, is_possible in parts
    )


def cell_finder(
    column: Column, conditions: Sequence[Condition | None], currency: str
) -> Callable[[object], int]:
    """Return a closure from a case's fact to the index of its cell in `cells_of`.

    The closure takes what `Column.accept` takes, and None where the column is optional; anything
    else is refused with `BadInput`. Facts of exactly the expected type take a short way.
    """
    place = _placer(column, conditions)
    unknown = place(None) if column.is_optional else -1

    def find(fact: object) -> int:
        if fact is not None:
            return place(column.accept(fact, currency))
        if unknown < 0:
            raise BadInput(f"The case has no {column.name}.")
        return unknown

    if column.type is ColumnType.MONEY:
        return _money_finder(place, find, column, currency)
    if column.type is ColumnType.NUMBER:
        return _count_finder(find)
    if column.type is ColumnType.DATE:
        return find
    samples = (cell.sample for cell in cells_of(column, conditions))
    return _named_finder({sample: i for i, sample in enumerate(samples)}, find)


_Find = Callable[[object], int]
_COUNTS: Final = 64


def _named_finder(index: dict[Scalar | None, int], otherwise: _Find) -> _Find:
    """Return the short way of an enum or bool."""
    other = index.get(OTHER)

    def find(fact: object) -> int:
        if fact.__class__ is str or fact.__class__ is bool:
            at = index.get(fact, other if fact.__class__ is str else None)
            if at is not None:
                return at
        return otherwise(fact)

    return find


def _count_finder(otherwise: _Find) -> _Find:
    """Return the short way of a count: small whole numbers are placed once."""
    known: dict[int, int] = {}

    def find(fact: object) -> int:
        if fact.__class__ is int:
            at = known.get(fact)
            if at is not None:
                return int(at)
            at = otherwise(fact)
            if 0 <= fact < _COUNTS:
                known[fact] = at
            return at
        return otherwise(fact)

    return find


def _money_finder(
    place: Callable[[Scalar | None], int], otherwise: _Find, column: Column, currency: str
) -> _Find:
    """Return the short way of an amount in the right currency."""
    low = column.low if isinstance(column.low, Decimal) else Decimal("-Infinity")
    high = column.high if isinstance(column.high, Decimal) else Decimal("Infinity")

    def find(fact: object) -> int:
        if fact.__class__ is Money:
            amount = fact.amount
            same = not currency or fact.currency == currency
            if same and low <= amount <= high:
                return place(amount)
        return otherwise(fact)

    return find


def _placer(
    column: Column, conditions: Sequence[Condition | None]
) -> Callable[[Scalar | None], int]:
    """Return a closure from a typed value of the column's domain to the index of its cell."""
    if column.type.is_ordered:
        cuts = _cuts(column, conditions)
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


def _enum_parts(
    column: Column, conditions: Sequence[Condition | None]
) -> list[tuple[Scalar | None, str, bool]]:
    named = dict.fromkeys(column.values)
    for condition in conditions:
        if condition is not None:
            named |= dict.fromkeys(str(v) for v in condition.values)
    parts: list[tuple[Scalar | None, str, bool]] = [
        (v, f"{column.name} = {v}", True) for v in named
    ]
    if column.is_open:
        parts.append((OTHER, f"{column.name} = any other", True))
    return parts


def _cuts(column: Column, conditions: Sequence[Condition | None]) -> list[_Ordered]:
    named = {v for c in conditions if c is not None for v in c.values}
    named |= {end for end in (column.low, column.high) if end is not None}
    return sorted(named)  # type: ignore[arg-type]


def _ordered_parts(
    column: Column, conditions: Sequence[Condition | None]
) -> list[tuple[Scalar | None, str, bool]]:
    cuts = _cuts(column, conditions)
    name = column.name
    if not cuts:
        middle = date(2000, 1, 1) if column.type is ColumnType.DATE else Decimal(0)
        return [(middle, f"{name} = anything", True)]
    one = timedelta(days=1) if column.type is ColumnType.DATE else Decimal(1)
    first, last = cuts[0], cuts[-1]
    parts: list[tuple[Scalar | None, str, bool]] = [
        (first - one, f"{name} < {write(first)}", column.low is None)  # type: ignore[operator]
    ]
    for low, high in pairwise(cuts):
        parts.append((low, f"{name} = {write(low)}", True))
        sample = _between(column, low, high)
        words = f"{write(low)} < {name} < {write(high)}"
        parts.append((sample, words, low < sample < high))  # type: ignore[operator]
    parts.append((last, f"{name} = {write(last)}", True))
    parts.append((last + one, f"{name} > {write(last)}", column.high is None))  # type: ignore[operator]
    return parts


def _between(column: Column, low: _Ordered, high: _Ordered) -> _Ordered:
    """Return a value of the column's step above `low`; the midpoint when any value may occur."""
    if isinstance(low, date):
        return low + timedelta(days=1)
    if column.step is not None:
        return low + column.step
    return (low + Decimal(high)) / 2  # type: ignore[arg-type]
