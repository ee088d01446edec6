"""Several tables matched at once: one look-up for each fact, however many tables look at it.

The rows of all tables stand side by side as the bits of one mask; columns that are the same in
several tables are one column here. What a mask means for each table is worked out once and kept.
"""

from dataclasses import dataclass, field

from amends.engine.contracts import BadInput

from .columns import Column
from .conditions import Condition
from .lookup import Lookup, compiled, matching_rows
from .table import Answer, Facts, Table

_Part = tuple[Table, int, Answer | None]
"""A table, its matching rows, and its answer where it depends on nothing else."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Tables that are asked about the same cases."""

    tables: tuple[Table, ...]
    _columns: tuple[Lookup, ...] = field(init=False, repr=False, compare=False)
    _known: dict[int, tuple[_Part, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        shared = dict.fromkeys((c, t.currency) for t in self.tables for c in t.inputs)
        looked = tuple(_look(self.tables, column, currency) for column, currency in shared)
        object.__setattr__(self, "_columns", looked)

    def answers(self, facts: Facts) -> list[Answer]:
        """Return what each table decides in a case, in the tables' order.

        Raises
        ------
        BadInput
            As `Table.answer` of the first table that refuses.

        """
        try:
            mask = matching_rows(self._columns, facts)
        except BadInput:
            for table in self.tables:
                table.answer(facts)
            raise
        parts = self._known.get(mask)
        if parts is None:
            parts = self._known[mask] = tuple(self._split(mask, facts))
        return [
            answer or table.answered(rows, table.multiplied(facts)) for table, rows, answer in parts
        ]

    def _split(self, mask: int, facts: Facts) -> list[_Part]:
        parts: list[_Part] = []
        for table in self.tables:
            rows = mask & ((1 << len(table.rows)) - 1)
            mask >>= len(table.rows)
            answer = table.answer(facts)
            parts.append((table, rows, None if table.is_scaled(rows) else answer))
        return parts


def _look(tables: tuple[Table, ...], column: Column, currency: str) -> Lookup:
    conditions: list[Condition | None] = []
    for table in tables:
        at = table.inputs.index(column) if column in table.inputs else -1
        mine = at >= 0 and table.currency == currency
        conditions += [row.conditions[at] if mine else None for row in table.rows]
    return compiled(column, conditions, currency)
