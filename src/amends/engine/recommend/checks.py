"""Gaps, overlaps and shadowed rows of a table, found exactly on its cells.

The cells of a column with the same rows are one group; a depth-first walk over the groups of
each column, remembering the masks it has seen, answers "is there a case that no row matches?"
without listing the product of all cells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from amends.engine.contracts import BadInput

from .cells import Cell
from .parts import HitPolicy
from .table import Table

MAX_REPORTED = 20
"""Gaps listed; that there are any at all is exact."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows that can match one case, with such a case in words."""

    first: str
    second: str
    case: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong with a table. Overlaps are faults in UNIQUE tables only."""

    gaps: tuple[str, ...]
    """Cases, in words, that no row matches."""
    overlaps: tuple[Overlap, ...]
    shadowed: tuple[str, ...]
    """Rows that never decide: earlier rows take every case (FIRST), or no case fits at all."""

    def faults(self, hit: HitPolicy) -> tuple[str, ...]:
        """Return what keeps a table of this hit policy from being used."""
        faults = [f"No row for {gap}." for gap in self.gaps]
        if hit is HitPolicy.UNIQUE:
            faults += [f"Rows {o.first} and {o.second} both match {o.case}." for o in self.overlaps]
        return (*faults, *(f"Row {row} never decides." for row in self.shadowed))


@dataclass(frozen=True, slots=True)
class _Group:
    """Cells of one column on which the same rows hold."""

    rows: int
    words: str


def check(table: Table) -> Findings:
    """Return all gaps (at most `MAX_REPORTED` of them in words), overlaps and shadowed rows."""
    columns = [_groups(cells) for cells in table.cells]
    every = (1 << len(table.rows)) - 1
    gaps = tuple(islice(_uncovered(columns, every), MAX_REPORTED))
    return Findings(gaps, tuple(_overlaps(table)), tuple(_shadowed(table, columns)))


def require_sound(table: Table) -> Table:
    """Return the table if it can be used.

    Raises
    ------
    BadInput
        It has gaps, rows that never decide, or (UNIQUE) overlaps; the message lists them.

    """
    faults = check(table).faults(table.hit)
    if faults:
        raise BadInput(
            " ".join(faults),
            where=f"policy table {table.name} {table.version}",
            remedy="Change or add rows until every case is decided by the right row.",
        )
    return table


def _groups(cells: Sequence[Cell]) -> tuple[_Group, ...]:
    by_rows: dict[int, list[str]] = {}
    for cell in cells:
        if cell.is_possible:
            by_rows.setdefault(cell.rows, []).append(cell.words)
    if len(by_rows) == 1:
        return (_Group(next(iter(by_rows)), ""),)
    return tuple(_Group(rows, " or ".join(words)) for rows, words in by_rows.items())


def _uncovered(columns: Sequence[Sequence[_Group]], rows: int) -> Iterator[str]:
    """Yield boxes, in words, on which none of `rows` matches."""

    @cache
    def is_open(depth: int, mask: int) -> bool:
        if not mask:
            return True
        return depth < len(columns) and any(
            is_open(depth + 1, mask & g.rows) for g in columns[depth]
        )

    def walk(depth: int, mask: int, words: tuple[str, ...]) -> Iterator[str]:
        if not mask:
            yield ", ".join(words) or "any case"
        elif depth < len(columns):
            for group in columns[depth]:
                if is_open(depth + 1, mask & group.rows):
                    also = (*words, group.words) if group.words else words
                    yield from walk(depth + 1, mask & group.rows, also)

    yield from walk(0, rows, ())


def _overlaps(table: Table) -> Iterator[Overlap]:
    for j in range(len(table.rows)):
        for i in range(j):
            both = (1 << i) | (1 << j)
            shared = [
                next((c.words for c in cells if c.is_possible and c.rows & both == both), None)
                for cells in table.cells
            ]
            if None not in shared:
                case = ", ".join(filter(None, shared)) or "any case"
                yield Overlap(table.rows[i].row_id, table.rows[j].row_id, case)


def _shadowed(table: Table, columns: Sequence[Sequence[_Group]]) -> Iterator[str]:
    for r, row in enumerate(table.rows):
        bit = 1 << r
        within = [tuple(g for g in groups if g.rows & bit) for groups in columns]
        earlier = bit - 1 if table.hit is HitPolicy.FIRST else 0
        if not all(within) or next(_uncovered(within, earlier), None) is None:
            yield row.row_id
