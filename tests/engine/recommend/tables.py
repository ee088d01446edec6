"""Random policy tables and an interpreter of their text that shares no code with the engine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product

from hypothesis import strategies as st

Cell = str | list[str]
Fact = str | Decimal | bool | date | None


@dataclass(frozen=True)
class Plan:
    """A table as text: column name → type, and rows of column name → cell."""

    hit: str
    types: Mapping[str, str]
    rows: Sequence[Mapping[str, Cell]]
    outputs: Sequence[str]

    @property
    def yaml(self) -> str:
        columns = "\n".join(f"  - {{name: {c}, {TYPES[t]}}}" for c, t in self.types.items())
        rows = "\n".join(
            f"  - id: r{i}\n    when: {{{_when(row)}}}\n    then: {{give: {output}}}"
            for i, (row, output) in enumerate(zip(self.rows, self.outputs, strict=True))
        )
        return (
            f"policy: random\nversion: '1'\nhit: {self.hit}\ninputs:\n{columns}\n"
            f"outputs:\n  - {{name: give, type: money}}\nrows:\n{rows}\n"
        )


def _when(row: Mapping[str, Cell]) -> str:
    return ", ".join(f"{column}: {_quoted(cell)}" for column, cell in row.items())


def _quoted(cell: Cell) -> str:
    if isinstance(cell, str):
        return f'"{cell}"'
    return "[" + ", ".join(f'"{c}"' for c in cell) + "]"


TYPES = {
    "enum": "type: enum, values: [a, b, c]",
    "open": "type: enum, open: true",
    "bool": "type: bool",
    "number": "type: number, min: 0, max: 6",
    "whole": "type: number, whole: true, min: 0, optional: true",
    "money": "type: money, min: 0",
    "date": "type: date, optional: true",
}

_FIRST_DAY = date(2026, 1, 1)
_SIGNS = ("<", "<=", ">", ">=")


def _number(kind: str) -> st.SearchStrategy[str]:
    if kind == "date":
        return st.integers(0, 4).map(lambda d: (_FIRST_DAY + timedelta(days=d)).isoformat())
    if kind == "money":
        return st.integers(0, 4).map(lambda c: f"0.0{c}")
    if kind == "whole":
        return st.integers(0, 4).map(str)
    return st.sampled_from(["0", "1", "2.5", "4", "6"])


@st.composite
def cells(draw: st.DrawFn, kind: str) -> Cell:
    if kind == "bool":
        return draw(st.sampled_from(["true", "false", "any"]))
    if kind in {"enum", "open"}:
        named = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)
        return draw(st.one_of(st.sampled_from(["a", "b", "any"]), named))
    number = _number(kind)
    forms = [
        number,
        st.just("any"),
        st.tuples(st.sampled_from(_SIGNS), number).map(" ".join),
        st.tuples(number, number).map(lambda p: f"between {min(p)} and {max(p)}"),
    ]
    if "optional" in TYPES[kind]:
        forms.append(st.sampled_from(["is known", "is unknown"]))
    return draw(st.one_of(forms))


@st.composite
def plans(
    draw: st.DrawFn,
    hits: Iterable[str] = ("unique", "first", "collect-min"),
    types: Mapping[str, str] | None = None,
) -> Plan:
    if types is None:
        kinds = draw(st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
        types = {f"c{i}": kind for i, kind in enumerate(kinds)}
    row = st.fixed_dictionaries({}, optional={name: cells(kind) for name, kind in types.items()})
    rows = draw(st.lists(row, min_size=1, max_size=5))
    outputs = draw(st.lists(st.integers(0, 30).map(str), min_size=len(rows), max_size=len(rows)))
    return Plan(draw(st.sampled_from(sorted(hits))), types, rows, outputs)


_CUTS = [Decimal(v) for v in ("0", "1", "2.5", "4", "6")]

POINTS: Mapping[str, Sequence[Fact]] = {
    "bool": [True, False],
    "enum": ["a", "b", "c"],
    "open": ["a", "b", "c", "something else"],
    "number": [*_CUTS, *((a + b) / 2 for a, b in pairwise(_CUTS))],
    "whole": [None, *map(Decimal, range(6))],
    "money": [Decimal(c) / 100 for c in range(6)],
    "date": [None, *(_FIRST_DAY + timedelta(days=d) for d in range(-1, 6))],
}
"""Values on, between and beyond everything that a random cell can name."""


def every_case(plan: Plan) -> list[dict[str, Fact]]:
    values = [POINTS[kind] for kind in plan.types.values()]
    return [dict(zip(plan.types, case, strict=True)) for case in product(*values)]


def holds(cell: Cell, fact: Fact) -> bool:
    """Interpret a cell's text against a fact, from the words alone."""
    if isinstance(cell, list):
        return fact in cell
    if cell.startswith(("any", "is ")):
        return cell in {"any", "is unknown" if fact is None else "is known"}
    if fact is None:
        return False
    if isinstance(fact, bool | str):
        return cell == (str(fact).lower() if isinstance(fact, bool) else fact)
    return _holds_in_order(cell, fact)


def _holds_in_order(cell: str, fact: Decimal | date) -> bool:
    def at(text: str) -> Decimal | date:
        return date.fromisoformat(text) if isinstance(fact, date) else Decimal(text)

    words = cell.split()
    if words[0] == "between":
        low, high = at(words[1]), at(words[3])
        return not fact < low and not fact > high  # type: ignore[operator]
    if len(words) == 1:
        return fact == at(cell)
    sign, bound = words[0], at(words[1])
    verdicts = {"<": fact < bound, ">": fact > bound}  # type: ignore[operator]
    return verdicts[sign[0]] or ("=" in sign and fact == bound)


def matching(plan: Plan, case: Mapping[str, Fact]) -> list[int]:
    return [
        i
        for i, row in enumerate(plan.rows)
        if all(holds(cell, case[column]) for column, cell in row.items())
    ]


def outcome(plan: Plan, case: Mapping[str, Fact]) -> Decimal | None:
    """Return what the table gives in a case; None: no row matches."""
    outputs = [Decimal(plan.outputs[r]) for r in matching(plan, case)]
    if not outputs:
        return None
    return min(outputs) if plan.hit == "collect-min" else outputs[0]
