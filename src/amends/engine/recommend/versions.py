"""Versions of policy tables: a newer one ends the one before; what two versions differ in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from amends.engine.contracts import BadInput

from .columns import write
from .parts import HitPolicy, Row, Scaled
from .table import Table


def succeeded(tables: Iterable[Table], newer: Sequence[Table]) -> tuple[Table, ...]:
    """Return tables with newer versions after them, each ending the one before it.

    Raises
    ------
    BadInput
        A newer version begins no later than the one that it follows.
    """
    known = list(tables)
    for table in newer:
        before = [t for t in known if t.name == table.name]
        last = max(before, key=lambda t: t.effective_from, default=None)
        if last is not None:
            if table.effective_from <= last.effective_from:
                raise BadInput(
                    f"It begins on {table.effective_from}, version {last.version} on "
                    f"{last.effective_from}.",
                    where=f"policy table {table.name} {table.version}",
                    remedy="Let it begin later: what was decided is never rewritten.",
                )
            ends = table.effective_from - timedelta(days=1)
            known[known.index(last)] = replace(last, effective_to=ends)
        known.append(table)
    return tuple(known)


def always(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return tables as if they had always held: what a replay of older cases needs."""
    return tuple(replace(t, effective_from=date(1970, 1, 1), effective_to=None) for t in tables)


@dataclass(frozen=True, slots=True)
class Change:
    """One row or column that differs between two versions; texts are empty where it is not."""

    what: str
    before: str
    after: str


def changes(before: Table, after: Table) -> tuple[Change, ...]:
    """Return what two versions differ in: columns, rows, their order if it decides, hit policy."""
    found = []
    if before.hit is not after.hit:
        found.append(Change("Hit policy", str(before.hit), str(after.hit)))
    for side in ("inputs", "outputs"):
        one, two = ({c.name: repr(c) for c in getattr(t, side)} for t in (before, after))
        named = (n for n in dict.fromkeys([*one, *two]) if one.get(n) != two.get(n))
        found += [
            Change(f"Column {n}", n if n in one else "", n if n in two else "") for n in named
        ]
    old, new = ({r.row_id: row_words(t, r) for r in t.rows} for t in (before, after))
    found += [
        Change(f"Row {row}", old.get(row, ""), new.get(row, ""))
        for row in dict.fromkeys([*old, *new])
        if old.get(row) != new.get(row)
    ]
    kept = [[r for r in rows if r in old and r in new] for rows in (old, new)]
    if kept[0] != kept[1] and after.hit is HitPolicy.FIRST:
        found.append(Change("Order of rows", ", ".join(kept[0]), ", ".join(kept[1])))
    return tuple(found)


def row_words(table: Table, row: Row) -> str:
    """Return a row in words: "loss ≥ 20, tier = gold: limit 25"."""
    tests = [
        condition.words(column.name)
        for column, condition in zip(table.inputs, row.conditions, strict=True)
        if condition is not None
    ]
    named = zip((column.name for column in table.outputs), gives(row), strict=True)
    return f"{', '.join(tests) or 'any case'}: {', '.join(f'{n} {v}' for n, v in named)}"


def gives(row: Row) -> list[str]:
    """Return what a row decides as texts, one per output."""
    return [o.write() if isinstance(o, Scaled) else write(o) for o in row.outputs]
