"""Conditions of policy cells: operator and value, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from amends.engine.contracts import BadInput

from .columns import Column, Scalar, write


class Operator(StrEnum):
    """How a cell looks at a fact. A cell left out holds for anything."""

    EQUAL = "="
    IN = "in"
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="
    BETWEEN = "between"
    KNOWN = "is known"
    UNKNOWN = "is unknown"


_SIGNS = {
    Operator.BELOW: "<",
    Operator.AT_MOST: "≤",
    Operator.ABOVE: ">",
    Operator.AT_LEAST: "≥",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One cell. `values` has one entry, two for between (both ends count), any for in."""

    operator: Operator
    values: tuple[Scalar, ...] = ()

    def holds(self, value: Scalar | None) -> bool:
        """Return whether a typed value passes; None is unknown and passes `is unknown` only."""
        if self.operator is Operator.UNKNOWN:
            return value is None
        if value is None:
            return False
        match self.operator:
            case Operator.KNOWN:
                return True
            case Operator.EQUAL | Operator.IN:
                return value in self.values
            case _:
                return self._holds_in_order(value)

    def _holds_in_order(self, value: Scalar) -> bool:
        first, last = self.values[0], self.values[-1]
        match self.operator:
            case Operator.BELOW:
                return value < first  # type: ignore[operator]
            case Operator.AT_MOST:
                return value <= first  # type: ignore[operator]
            case Operator.ABOVE:
                return value > first  # type: ignore[operator]
            case Operator.AT_LEAST:
                return value >= first  # type: ignore[operator]
            case _:
                return first <= value <= last  # type: ignore[operator]

    def words(self, column: str) -> str:
        """Return the condition for people: "loss ≥ 20"."""
        texts = [write(v) for v in self.values]
        match self.operator:
            case Operator.KNOWN | Operator.UNKNOWN:
                return f"{column} {self.operator}"
            case Operator.EQUAL:
                return f"{column} = {texts[0]}"
            case Operator.IN:
                return f"{column} is one of {', '.join(texts)}"
            case Operator.BETWEEN:
                return f"{column} between {texts[0]} and {texts[1]}"
            case _:
                return f"{column} {_SIGNS[self.operator]} {texts[0]}"

    def write(self) -> str | list[str]:
        """Return the cell as `read_condition` takes it."""
        texts = [write(v) for v in self.values]
        match self.operator:
            case Operator.KNOWN | Operator.UNKNOWN:
                return str(self.operator)
            case Operator.EQUAL:
                return texts[0]
            case Operator.IN:
                return texts
            case Operator.BETWEEN:
                return f"between {texts[0]} and {texts[1]}"
            case _:
                return f"{self.operator} {texts[0]}"


def read_condition(column: Column, cell: str | Sequence[str]) -> Condition | None:
    """Return the condition that a cell's text stands for; None when it holds for anything.

    Parameters
    ----------
    column
        The column that the cell stands in.
    cell
        "any", a value, a list of values, "< 5", "<= 5", "> 5", ">= 5", "between 1 and 5",
        "is known" or "is unknown".

    Raises
    ------
    BadInput
        The cell is none of these, or does not suit the column's type.

    """
    if not isinstance(cell, str):
        return _read_list(column, cell)
    text = cell.strip()
    if text == "any":
        return None
    if text in {Operator.KNOWN, Operator.UNKNOWN}:
        if not column.is_optional:
            raise BadInput(f"{column.name} is never unknown.", remedy="Leave the cell out.")
        return Condition(Operator(text))
    for operator in (Operator.AT_MOST, Operator.AT_LEAST, Operator.BELOW, Operator.ABOVE):
        if text.startswith(operator):
            return _ordered(column, operator, [text.removeprefix(operator).strip()])
    if text.startswith("between "):
        ends = text.removeprefix("between ").split(" and ")
        return _ordered(column, Operator.BETWEEN, ends)
    return Condition(Operator.EQUAL, (column.read(text.removeprefix("=").strip()),))


def _read_list(column: Column, cell: Sequence[str]) -> Condition:
    if not cell or not all(isinstance(text, str) for text in cell):
        raise BadInput("A list cell has at least one plain value.")
    values = sorted({column.read(text) for text in cell}, key=write)
    if len(values) < len(cell):
        raise BadInput("The cell names a value twice.", remedy="Name it once.")
    return Condition(Operator.EQUAL if len(values) == 1 else Operator.IN, tuple(values))


def _ordered(column: Column, operator: Operator, texts: list[str]) -> Condition:
    if not column.type.is_ordered:
        raise BadInput(
            f"{column.name} is {column.type} and has no order.",
            remedy="Use a value or a list of values.",
        )
    values = tuple(column.read(text) for text in texts)
    if operator is Operator.BETWEEN:
        if len(values) != 2 or values[0] > values[1]:  # type: ignore[operator]
            raise BadInput("'between' takes the lower and the higher end: between 1 and 5.")
        if values[0] == values[1]:
            return Condition(Operator.EQUAL, values[:1])
    return Condition(operator, values)
