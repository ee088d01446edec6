"""Decide a case by a table and say why: every row, every condition, and what would change it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice, product

from amends.engine.contracts import ConditionResult, Decision, RowResult, Value

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
    now = _said(table, values, at)
    found = False
    for column in range(len(table.inputs)):
        seen = {now}
        for cell in _by_distance(table, column, at[column]):
            moved = (*at[:column], cell, *at[column + 1 :])
            then = _said(table, _moved_values(table, values, at, moved), moved)
            if then not in seen:
                seen.add(then)
                found = True
                yield f"{table.cells[column][cell].words} → {_difference(table, now, then)}"
    if not found:
        yield from _pair_changes(table, values, at, now)


def _pair_changes(
    table: Table,
    values: tuple[Scalar | None, ...],
    at: tuple[int, ...],
    now: tuple[tuple[str, Value], ...],
) -> Iterator[str]:
    for a, b in combinations(range(len(table.inputs)), 2):
        nearest = (islice(_by_distance(table, c, at[c]), 4) for c in (a, b))
        for i, j in product(*map(tuple, nearest)):
            moved = tuple(i if c == a else j if c == b else k for c, k in enumerate(at))
            then = _said(table, _moved_values(table, values, at, moved), moved)
            if then != now:
                words = f"{table.cells[a][i].words} and {table.cells[b][j].words}"
                yield f"{words} → {_difference(table, now, then)}"
                break


def _by_distance(table: Table, column: int, at: int) -> Iterator[int]:
    """Yield the other possible cells of a column, nearest first; an enum's in the table's order."""
    cells = table.cells[column]
    others = (i for i, cell in enumerate(cells) if cell.is_possible and i != at)
    if table.inputs[column].type.is_ordered:
        return iter(sorted(others, key=lambda i: abs(i - at)))
    return others


def _moved_values(
    table: Table,
    values: tuple[Scalar | None, ...],
    at: tuple[int, ...],
    moved: tuple[int, ...],
) -> tuple[Scalar | None, ...]:
    if not table.scaled_rows:
        return values
    return tuple(
        [
            value if i == j else cells[j].sample
            for value, cells, i, j in zip(values, table.cells, at, moved, strict=True)
        ]
    )


def _said(
    table: Table, values: tuple[Scalar | None, ...], at: tuple[int, ...]
) -> tuple[tuple[str, Value], ...]:
    mask = table.matching(at)
    if not mask:
        return (("decision", "none: the table has a gap here"),)
    return tuple(table.answered(mask, values).outcome.items())


def _difference(
    table: Table, now: tuple[tuple[str, Value], ...], then: tuple[tuple[str, Value], ...]
) -> str:
    before = dict(now)
    if len(then) == 1 and table.hit is HitPolicy.COLLECT:
        return _list_difference(str(now[0][1]), str(then[0][1]))
    changed = [(name, value) for name, value in then if before.get(name) != value]
    parts = []
    for name, value in changed:
        was = before.get(name)
        instead = "" if was is None else f" instead of {write(was) or 'none'}"
        parts.append(f"{name} {write(value) or 'none'}{instead}")
    return ", ".join(parts)


def _list_difference(now: str, then: str) -> str:
    before, after = now.split(", "), then.split(", ")
    gained = [value for value in after if value not in before]
    lost = [value for value in before if value not in after]
    parts = (gained and f"also {', '.join(gained)}", lost and f"no more {', '.join(lost)}")
    return " and ".join(part for part in parts if part)
