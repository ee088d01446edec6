"""Typed columns of a policy table: what a cell may hold and what a case must bring.

There is no free text in a table and no conversion at run time: a float, a string where a number
belongs, an amount in another currency or a value outside the column's domain is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from amends.engine.contracts import CENT, BadInput, Money

Scalar = str | Decimal | bool | date
"""A typed value inside a table: enum value, number or amount, yes/no, day."""

OTHER: Final = "\x00other"
"""Stands for every value of an open enum that the table does not name."""


class ColumnType(StrEnum):
    """What a column holds."""

    ENUM = "enum"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    BOOL = "bool"

    @property
    def is_ordered(self) -> bool:
        """Whether <, ≤, >, ≥ and between make sense."""
        return self in {ColumnType.NUMBER, ColumnType.MONEY, ColumnType.DATE}


@dataclass(frozen=True, slots=True)
class Column:
    """One input or output of a table.

    Parameters
    ----------
    name
        A fact of the case (input) or what is decided (output).
    type
        What it holds.
    values
        Values of an enum; in an open enum those known beforehand.
    is_open
        Enum: other values than `values` are possible (causes, regions, products).
    is_whole
        Number: whole numbers only.
    low, high
        Inclusive bounds of an ordered column; None: unbounded.
    is_optional
        The fact may be unknown. Unknown is a value of its own ("is unknown"), never a guess.

    """

    name: str
    type: ColumnType
    values: tuple[str, ...] = ()
    is_open: bool = False
    is_whole: bool = False
    low: Decimal | date | None = None
    high: Decimal | date | None = None
    is_optional: bool = False

    @property
    def step(self) -> Decimal | None:
        """Smallest difference of two values; None when there is none (or none is needed)."""
        if self.type is ColumnType.MONEY:
            return CENT
        return Decimal(1) if self.is_whole or self.type is ColumnType.DATE else None

    def read(self, text: str) -> Scalar:
        """Return the value that a cell's text stands for.

        Raises
        ------
        BadInput
            The text is not a value of this column.

        """
        match self.type:
            case ColumnType.ENUM:
                value: Scalar = text
            case ColumnType.BOOL:
                if text not in {"true", "false"}:
                    raise BadInput(f"{text!r} is neither true nor false.", remedy=_TYPED)
                value = text == "true"
            case ColumnType.DATE:
                value = _read_date(text)
            case ColumnType.NUMBER | ColumnType.MONEY:
                value = _read_decimal(text)
        return self.accept(value, "")

    def accept(self, value: object, currency: str) -> Scalar:
        """Return a case's value in the table's own terms.

        Parameters
        ----------
        value
            str, Decimal, int, Money, bool or date, as the type asks for.
        currency
            The currency of amounts given as `Money`; empty: any.

        Raises
        ------
        BadInput
            Wrong type, wrong currency, or outside the column's domain.

        """
        match self.type:
            case ColumnType.ENUM:
                return self._accept_enum(value)
            case ColumnType.BOOL:
                if isinstance(value, bool):
                    return value
                raise self._wrong(value, "true or false")
            case ColumnType.DATE:
                if isinstance(value, date) and not isinstance(value, datetime):
                    return self._in_domain(value)
                raise self._wrong(value, "a day")
            case ColumnType.MONEY:
                return self._accept_money(value, currency)
            case ColumnType.NUMBER:
                return self._accept_number(value)

    def _accept_enum(self, value: object) -> str:
        if not isinstance(value, str):
            raise self._wrong(value, "a text value")
        if self.is_open or value in self.values:
            return str(value)
        raise BadInput(
            f"{value!r} is not a value of {self.name}.", remedy=f"It has {', '.join(self.values)}."
        )

    def _accept_money(self, value: object, currency: str) -> Scalar:
        if isinstance(value, Money):
            if currency and value.currency != currency:
                raise BadInput(
                    f"{self.name} is in {value.currency}, the policy in {currency}.",
                    remedy="Convert the amount, or use a policy in that currency.",
                )
            return self._in_domain(value.amount)
        if isinstance(value, Decimal) and value.is_finite():
            if value != value.quantize(CENT):
                raise BadInput(f"{self.name} is {value}: more than two decimal places.")
            return self._in_domain(value)
        raise self._wrong(value, "an amount (decimal)")

    def _accept_number(self, value: object) -> Scalar:
        if isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        if not isinstance(value, Decimal) or not value.is_finite():
            raise self._wrong(value, "a decimal number")
        if self.is_whole and value != value.to_integral_value():
            raise BadInput(f"{self.name} is {value}; it takes whole numbers.")
        return self._in_domain(value)

    def _in_domain(self, value: Decimal | date) -> Decimal | date:
        if self.low is not None and value < self.low:  # type: ignore[operator]
            raise BadInput(f"{self.name} is {value}; the lowest that it takes is {self.low}.")
        if self.high is not None and value > self.high:  # type: ignore[operator]
            raise BadInput(f"{self.name} is {value}; the highest that it takes is {self.high}.")
        return value

    def _wrong(self, value: object, wanted: str) -> BadInput:
        given = type(value).__name__
        return BadInput(f"{self.name} is {value!r} ({given}); it takes {wanted}.", remedy=_TYPED)


_MAX_DIGITS: Final = 18
_TYPED: Final = "Give the value in the column's type; nothing is converted or guessed."


def write(value: Scalar) -> str:
    """Return a value as the text that `Column.read` takes; equal values give equal texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
    return value.isoformat() if isinstance(value, date) else value


def _read_decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{text!r} is not a number.", remedy=_TYPED) from None
    if not value.is_finite() or len(value.as_tuple().digits) > _MAX_DIGITS:
        raise BadInput(f"{text!r} is not a number of at most {_MAX_DIGITS} digits.", remedy=_TYPED)
    return value


def _read_date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day.", remedy="Write YYYY-MM-DD.") from None
    if day in {date.min, date.max}:
        raise BadInput(f"{text} is no day to decide by.", remedy="Leave the bound out.")
    return day
