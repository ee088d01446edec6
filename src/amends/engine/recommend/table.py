"""A typed decision table, compiled to closures.

Each row is a bit. Compiling turns every column into a closure from a value to the mask of the rows
whose condition holds there; deciding is one look-up per column and a bitwise AND. The masks come
from the exact cells of the column (`cells`), so deciding and checking cannot disagree.

A fact that is missing or of the wrong type is refused, and so is a case that no row speaks for:
nothing falls through to a default.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from amends.engine.contracts import CENT, BadInput, Money, Value

from .cells import Cell, cells_of
from .columns import Column, ColumnType, Scalar, write
from .lookup import Lookup, compiled, matching_rows
from .parts import About, Example, HitPolicy, Output, Row, Scaled, content_hash

Fact = str | Decimal | int | Money | bool | date | None
"""What a case brings for a column."""
Facts = Mapping[str, Fact]


class Answer(NamedTuple):
    """What a table decides: the outputs, and the rows that say so, the deciding one first."""

    outcome: Mapping[str, Value]
    rows: tuple[str, ...]
    collected: tuple[Mapping[str, Value], ...]
    """Outputs of every matched row, of tables that collect."""


_Give = Callable[[tuple[Scalar | None, ...]], Value]
"""Closure from the facts that outputs multiply to one output."""


@dataclass(frozen=True, slots=True)
class Table:
    """A compiled policy table. Made by `read_table`; frozen; safe to share."""

    name: str
    version: str
    hit: HitPolicy
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[Row, ...]
    currency: str = ""
    """ISO code that amounts must have; empty: any (amounts are in the case's own currency)."""
    effective_from: date = date(1970, 1, 1)
    effective_to: date | None = None
    """Last day on which the table holds; None: until replaced."""
    jurisdiction: str = ""
    sector: str = ""
    about: About = field(default_factory=About)
    examples: tuple[Example, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = field(init=False, repr=False, compare=False)
    content_hash: str = field(init=False, compare=False)
    """SHA-256 (16 hex digits) of what the table decides; notes and layout do not change it."""
    tests: tuple[tuple[tuple[int, str], ...], ...] = field(init=False, repr=False, compare=False)
    """Per row the columns that it looks at and its conditions in words."""
    scaled_rows: int = field(init=False, repr=False, compare=False)
    """Bits of the rows whose outputs depend on more than that they match."""
    _known: dict[int, Answer] = field(init=False, repr=False, compare=False, default_factory=dict)
    """Answers by matching rows, where nothing else enters: worked out once."""
    _ids: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _gives: tuple[tuple[_Give, ...], ...] = field(init=False, repr=False, compare=False)
    _scaled: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _columns: tuple[Lookup, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_column = [tuple(r.conditions[c] for r in self.rows) for c in range(len(self.inputs))]
        pairs = list(zip(self.inputs, by_column, strict=True))
        set_ = object.__setattr__
        set_(self, "cells", tuple(cells_of(column, cs) for column, cs in pairs))
        set_(self, "_columns", tuple(compiled(column, cs, self.currency) for column, cs in pairs))
        names = [column.name for column in self.inputs]
        scaled = {o.column for row in self.rows for o in row.outputs if isinstance(o, Scaled)}
        is_scaled = [any(isinstance(o, Scaled) for o in row.outputs) for row in self.rows]
        set_(self, "tests", tuple(_tests(row, self.inputs) for row in self.rows))
        set_(self, "scaled_rows", sum(1 << r for r, scaled_ in enumerate(is_scaled) if scaled_))
        positions = {name: i for i, name in enumerate(names)}
        rounding = ROUND_DOWN if self.hit is HitPolicy.COLLECT_MIN else ROUND_HALF_EVEN
        gives = (
            [
                _giver(o, c, positions, rounding)
                for o, c in zip(r.outputs, self.outputs, strict=True)
            ]
            for r in self.rows
        )
        set_(self, "_gives", tuple(map(tuple, gives)))
        set_(self, "_names", tuple(column.name for column in self.outputs))
        set_(self, "_ids", tuple(row.row_id for row in self.rows))
        set_(self, "_scaled", tuple(i for i, name in enumerate(names) if name in scaled))
        # A table that a newer one ends decides what it always did: its end is no part of it.
        scope = [self.jurisdiction, self.sector, self.effective_from.isoformat()]
        head = [self.name, self.currency, *scope]
        both = (self.inputs, self.outputs)
        set_(self, "content_hash", content_hash(head, self.hit, both, self.rows))

    def is_effective(self, on: date) -> bool:
        """Return whether the table holds on a day (both ends count)."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)

    def typed(self, facts: Facts) -> tuple[Scalar | None, ...]:
        """Return the facts that the table looks at, in column order and checked.

        Raises
        ------
        BadInput
            A fact is missing, unknown though the column is not optional, of the wrong type, in
            another currency, or outside the column's domain.

        """
        return tuple(_typed(self, column, facts) for column in self.inputs)

    def locate(self, facts: Facts) -> tuple[int, ...]:
        """Return per column the index of the cell that a case lies in.

        Raises
        ------
        BadInput
            As `typed`.

        """
        self.typed(facts)
        return tuple([column.find(facts.get(column.name)) for column in self._columns])

    def cell(self, column: int, value: Fact) -> int:
        """Return the index of the cell of one column that a value lies in.

        Raises
        ------
        BadInput
            It is no value of the column, or unknown though the column is not optional.

        """
        return self._columns[column].find(value)

    def match(self, facts: Facts) -> int:
        """Return the mask of rows that match a case: the compiled way.

        Raises
        ------
        BadInput
            As `typed`.

        """
        try:
            return matching_rows(self._columns, facts)
        except BadInput:
            self.typed(facts)
            raise

    def multiplied(self, facts: Facts) -> tuple[Scalar | None, ...]:
        """Return the facts that outputs multiply, in column order; None for all others.

        For a case that `match` has accepted: amounts are not checked again.
        """
        values: list[Scalar | None] = [None] * len(self.inputs)
        for at in self._scaled:
            fact = facts.get(self.inputs[at].name)
            if fact.__class__ is Money:
                values[at] = fact.amount
            else:
                values[at] = _typed(self, self.inputs[at], facts)
        return tuple(values)

    def matching(self, at: tuple[int, ...]) -> int:
        """Return the mask of rows that match a combination of cells."""
        mask = (1 << len(self.rows)) - 1
        for cells, i in zip(self.cells, at, strict=True):
            mask &= cells[i].rows
        return mask

    def answer(self, facts: Facts) -> Answer:
        """Return what the table decides in a case.

        Raises
        ------
        BadInput
            As `typed`, or no row matches.

        """
        mask = self.match(facts)
        if not mask:
            raise self.refuse(facts)
        if self.hit is HitPolicy.FIRST:
            mask &= -mask
        return self._known.get(mask) or self.answered(mask, self.multiplied(facts))

    def answered(self, mask: int, values: tuple[Scalar | None, ...]) -> Answer:
        """Return what matching rows decide; `values` are needed where outputs multiply them."""
        if self.hit is HitPolicy.FIRST:
            mask &= -mask
        known = self._known.get(mask)
        if known is None:
            known = self._work_out(mask, values)
            if not self.is_scaled(mask):
                self._known[mask] = known
        return known

    def is_scaled(self, mask: int) -> bool:
        """Return whether the outcome of matching rows depends on more than that they match."""
        return bool((mask & -mask if self.hit is HitPolicy.FIRST else mask) & self.scaled_rows)

    def _work_out(self, mask: int, values: tuple[Scalar | None, ...]) -> Answer:
        rows = list(_bits(mask))
        if self.hit is HitPolicy.COLLECT_MIN and len(rows) > 1:
            ranked = sorted([(self._gives[r][0](values), r) for r in rows])
            rows = [r for _, r in ranked]
        outcome = self._given(rows[0], values)
        collected: tuple[Mapping[str, Value], ...] = ()
        if self.hit is HitPolicy.COLLECT:
            collected = tuple(self._given(r, values) for r in rows)
            first = [write(c[self._names[0]]) for c in collected]
            outcome = {self._names[0]: ", ".join(dict.fromkeys(first))}
        return Answer(outcome, tuple([self._ids[r] for r in rows]), collected)

    def _given(self, row: int, values: tuple[Scalar | None, ...]) -> dict[str, Value]:
        gives = self._gives[row]
        return dict(zip(self._names, [give(values) for give in gives], strict=True))

    def refuse(self, facts: Facts) -> BadInput:
        """Return the refusal of a case that no row speaks for."""
        values = self.typed(facts)
        case = ", ".join(
            f"{c.name} = {'unknown' if v is None else write(v)}"
            for c, v in zip(self.inputs, values, strict=True)
        )
        return BadInput(
            f"No row matches the case {case}.",
            where=f"policy table {self.name} {self.version}",
            remedy="Close the gap in the table; nothing is decided by default.",
        )


def _tests(row: Row, columns: tuple[Column, ...]) -> tuple[tuple[int, str], ...]:
    return tuple(
        (i, condition.words(column.name))
        for i, (column, condition) in enumerate(zip(columns, row.conditions, strict=True))
        if condition is not None
    )


def _giver(output: Output, column: Column, positions: Mapping[str, int], rounding: str) -> _Give:
    if not isinstance(output, Scaled):
        plain = output.isoformat() if isinstance(output, date) else output
        return lambda _: plain
    factor, at = output.factor, positions[output.column]

    def product(values: tuple[Scalar | None, ...]) -> Value:
        return factor * values[at]  # type: ignore[operator]

    def amount(values: tuple[Scalar | None, ...]) -> Value:
        return (factor * values[at]).quantize(CENT, rounding)  # type: ignore[operator]

    return amount if column.type is ColumnType.MONEY else product


def _typed(table: Table, column: Column, facts: Facts) -> Scalar | None:
    value = facts.get(column.name)
    if value is None:
        if column.is_optional:
            return None
        raise BadInput(
            f"The case has no {column.name}.",
            where=f"policy table {table.name}",
            remedy="Find it out: the table does not decide without it.",
        )
    try:
        return column.accept(value, table.currency)
    except BadInput as error:
        where = f"policy table {table.name}, column {column.name}"
        raise BadInput(error.what, where=where, remedy=error.remedy) from None


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
