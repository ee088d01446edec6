"""Exact cells of a column: the finest parts on which no condition of the table can differ.

An ordered column is cut at every value that a condition names, into points and open intervals;
an enum into its values and, if open, "any other"; an optional column has "unknown" besides. Within
a cell every row of the table says the same, so a table is known completely from its cells: they
serve to decide (`lookup`), to find gaps, overlaps and shadowed rows (`checks`) and to
say what would change a decision (`explain`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

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


def cuts_of(column: Column, conditions: Sequence[Condition | None]) -> list[_Ordered]:
    """Return the values that cut an ordered column, ascending: the named, the domain's ends."""
    named = {v for c in conditions if c is not None for v in c.values}
    named |= {end for end in (column.low, column.high) if end is not None}
    return sorted(named)  # type: ignore[arg-type]


def _ordered_parts(
    column: Column, conditions: Sequence[Condition | None]
) -> list[tuple[Scalar | None, str, bool]]:
    cuts = cuts_of(column, conditions)
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
