"""Cases drawn at the edges of a table's conditions."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from amends.engine.recommend import Table
from amends.engine.recommend.columns import Column, ColumnType, Scalar


def edges(table: Table, at: int) -> list[Scalar]:
    """Return the values that a column's conditions name, and those just beside them."""
    column = table.inputs[at]
    named = [v for row in table.rows if (c := row.conditions[at]) is not None for v in c.values]
    if column.type is ColumnType.ENUM:
        return [*named, *column.values, *(["elsewhere"] if column.is_open else [])]
    if column.type is ColumnType.BOOL:
        return [True, False]
    if column.type is ColumnType.DATE:
        days = [v for v in named if isinstance(v, date)] or [date(2026, 1, 1)]
        return [day + timedelta(days=n) for day in days for n in (-1, 0, 1)]
    step = column.step or Decimal("0.25")
    numbers = [v for v in [*named, column.low, column.high] if isinstance(v, Decimal)] or [
        Decimal(3)
    ]
    beside = [v + n * step for v in numbers for n in (-1, 0, 1, 7)]
    return [v for v in beside if in_domain(column, v)]


def in_domain(column: Column, value: Any) -> bool:
    above = column.low is None or value >= column.low
    return above and (column.high is None or value <= column.high)


def drawn(table: Table, rng: random.Random) -> dict[str, Scalar | None]:
    return {
        column.name: None
        if column.is_optional and rng.random() < 0.2
        else rng.choice(edges(table, at))
        for at, column in enumerate(table.inputs)
    }
