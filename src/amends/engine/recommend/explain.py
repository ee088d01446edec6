"""Decide a case by a table and say why: every row, every condition, and what would change it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from itertools import combinations, islice, product
from operator import and_
from typing import Final

from amends.engine.contracts import ConditionResult, Decision, RowResult, Value

from .cells import Cell
from .columns import Scalar, write
from .parts import HitPolicy
from .table import Facts, Table

MAX_CHANGES = 6


def decide(table: Table, facts: Facts) -> Decision:
    """Return what the table decides, without reasons (`rows` is empty).

    Raises
    ------
    BadInput
        A fact is missing or of the wrong type, or no row matches.

    """
    answer = table.answer(facts)
    return Decision(
        table.name,
        table.version,
        table.content_hash,
        answer.outcome,
        answer.rows,
        collected=answer.collected,
        rows=(),
    )


def explain(table: Table, facts: Facts) -> Decision:
    """Return what the table decides with every row's verdict and the nearest other outcomes.

    Raises
    ------
    BadInput
        A fact is missing or of the wrong type, or no row matches.

    """
    values = table.typed(facts)
    at = table.locate(facts)
    bare = decide(table, facts)
    return replace(
        bare,
        rows=tuple(_row_results(table, values, at)),
        would_change=tuple(islice(_changes(table, values, at), MAX_CHANGES)),
    )


def _row_results(
    table: Table, values: tuple[Scalar | None, ...], at: tuple[int, ...]
) -> Iterator[RowResult]:
    here = [cells[i].rows for cells, i in zip(table.cells, at, strict=True)]
    actual = ["unknown" if v is None else write(v) for v in values]
    names = [column.name for column in table.inputs]
    matching = table.matching(at)
    for r, (row, tests) in enumerate(zip(table.rows, table.tests, strict=True)):
        results = [
            ConditionResult(names[c], words, actual[c], bool(here[c] >> r & 1))
            for c, words in tests
        ]
        yield RowResult(row.row_id, bool(matching >> r & 1), tuple(results), row.note)


def _changes(table: Table, values: tuple[Scalar | None, ...], at: tuple[int, ...]) -> Iterator[str]:
    """Yield the nearest changes of one fact that change the outcome; of two if no one does."""
    here = [cells[i].rows for cells, i in zip(table.cells, at, strict=True)]
    now = _outcome(table, _all_of(here), values)
    found = False
    for column in range(len(here)):
        rest = _all_of(here[:column] + here[column + 1 :])
        seen = [now]
        for cell in _by_distance(table, column, at[column]):
            then = _outcome(table, rest & cell.rows, _moved(table, values, (column, cell)))
            if then not in seen:
                seen.append(then)
                found = True
                yield f"{cell.words} → {_difference(table, now, then)}"
    if not found:
        yield from _pair_changes(table, values, at, now)


def _pair_changes(
    table: Table,
    values: tuple[Scalar | None, ...],
    at: tuple[int, ...],
    now: Mapping[str, Value],
) -> Iterator[str]:
    here = [cells[i].rows for cells, i in zip(table.cells, at, strict=True)]
    for a, b in combinations(range(len(here)), 2):
        rest = _all_of([rows for c, rows in enumerate(here) if c not in (a, b)])
        nearest = (tuple(islice(_by_distance(table, c, at[c]), 4)) for c in (a, b))
        for one, other in product(*nearest):
            moved = _moved(table, values, (a, one), (b, other))
            then = _outcome(table, rest & one.rows & other.rows, moved)
            if then != now:
                yield f"{one.words} and {other.words} → {_difference(table, now, then)}"
                break


def _all_of(masks: Iterable[int]) -> int:
    return reduce(and_, masks, -1)


def _by_distance(table: Table, column: int, at: int) -> Iterator[Cell]:
    """Yield the other possible cells of a column, nearest first; an enum's in the table's order."""
    cells = table.cells[column]
    others = range(len(cells))
    if table.inputs[column].type.is_ordered:
        others = sorted(others, key=lambda i: abs(i - at))  # type: ignore[assignment]
    return (cells[i] for i in others if i != at and cells[i].is_possible)


def _moved(
    table: Table, values: tuple[Scalar | None, ...], *moves: tuple[int, Cell]
) -> tuple[Scalar | None, ...]:
    """Return the values after facts have moved to other cells; only scaled outputs need them."""
    if not table.scaled_rows:
        return values
    moved = list(values)
    for column, cell in moves:
        moved[column] = cell.sample
    return tuple(moved)


def _outcome(table: Table, mask: int, values: tuple[Scalar | None, ...]) -> Mapping[str, Value]:
    if not mask:
        return _GAP
    return table.answered(mask, values).outcome


_GAP: Final[Mapping[str, Value]] = {"decision": "none: the table has a gap here"}


def _difference(table: Table, now: Mapping[str, Value], then: Mapping[str, Value]) -> str:
    if table.hit is HitPolicy.COLLECT and then is not _GAP:
        ((before, after),) = zip(now.values(), then.values(), strict=True)
        return _list_difference(str(before), str(after))
    parts = []
    for name, value in then.items():
        if now.get(name) != value:
            instead = f" instead of {write(now[name]) or 'none'}" if name in now else ""
            parts.append(f"{name} {write(value) or 'none'}{instead}")
    return ", ".join(parts)


def _list_difference(now: str, then: str) -> str:
    before, after = now.split(", "), then.split(", ")
    gained = [value for value in after if value not in before]
    lost = [value for value in before if value not in after]
    parts = (gained and f"also {', '.join(gained)}", lost and f"no more {', '.join(lost)}")
    return " and ".join(part for part in parts if part)
