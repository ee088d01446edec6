"""Conditions on cases, joined by AND within a list and by OR between lists: what views hold.

A condition is {field, op, value}; `FIELDS` says which there are and what each compares. Nothing of
it is evaluated as code, and what makes no sense is refused with a reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from django.db.models import Q

from amends.engine.contracts import Severity
from amends.web.cases.models import State
from amends.web.intake.filters import LONGEST_VALUE

Condition = Mapping[str, str]
Groups = Sequence[Sequence[Condition]]
Kind = Literal["choice", "text", "number", "flag"]

MOST_GROUPS: Final = 4
MOST_CONDITIONS: Final = 6
NOBODY: Final = "none"
OPS: Final[Mapping[str, str]] = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "at_least": "at least",
    "at_most": "at most",
}
OPS_OF: Final[Mapping[Kind, tuple[str, ...]]] = {
    "choice": ("is", "is_not"),
    "text": ("is", "is_not", "contains"),
    "number": ("at_least", "at_most"),
    "flag": ("is",),
}
YES_NO: Final = (("yes", "Yes"), ("no", "No"))
LARGEST: Final = Decimal(10) ** 9
LARGEST_TIME: Final = Decimal(100_000)
"""Hours or days: eleven years."""


class ConditionError(ValueError):
    """A condition makes no sense; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a condition may look at."""

    label: str
    kind: Kind
    finds: Callable[[str, str, datetime], Q]
    """Operator, value, now → the cases that fit."""
    choices: tuple[tuple[str, str], ...] = ()
    """Of a choice that is always the same; the others are offered by the form."""

    @property
    def ops(self) -> tuple[str, ...]:
        """Return the operators it knows."""
        return OPS_OF[self.kind]


def _exact(column: str) -> Callable[[str, str, datetime], Q]:
    def finds(op: str, value: str, _now: datetime) -> Q:
        if op == "contains":
            return Q(**{f"{column}__icontains": value})
        return Q(**{column: value})

    return finds


def _person(_op: str, value: str, _now: datetime) -> Q:
    return Q(owner=None) if value == NOBODY else Q(owner=_whole(value))


def _team(_op: str, value: str, _now: datetime) -> Q:
    return Q(team=None) if value == NOBODY else Q(team=_whole(value))


def _cause(_op: str, value: str, _now: datetime) -> Q:
    return Q(cause=value) | Q(cause__startswith=f"{value}/")


def _customer(op: str, value: str, _now: datetime) -> Q:
    if op == "contains":
        return Q(customer__name__icontains=value) | Q(customer__customer_id__icontains=value)
    return Q(customer=value)


def _amount(column: str) -> Callable[[str, str, datetime], Q]:
    def finds(op: str, value: str, _now: datetime) -> Q:
        return Q(**{f"{column}__{'gte' if op == 'at_least' else 'lte'}": _number(value, LARGEST)})

    return finds


def _opened(op: str, value: str, now: datetime) -> Q:
    then = now - timedelta(days=float(_number(value, LARGEST_TIME)))
    return Q(opened_at__lte=then) if op == "at_least" else Q(opened_at__gte=then)


def _due(op: str, value: str, now: datetime) -> Q:
    then = now + timedelta(hours=float(_number(value, LARGEST_TIME)))
    return Q(due_at__gte=then) if op == "at_least" else Q(due_at__lte=then)


def _yes(condition: Q) -> Callable[[str, str, datetime], Q]:
    return lambda _op, value, _now: condition if value == "yes" else ~condition


FIELDS: Final[Mapping[str, Field]] = {
    "severity": Field(
        "Severity",
        "choice",
        _exact("severity"),
        tuple((s.value, s.value.title()) for s in reversed(Severity)),
    ),
    "state": Field("State", "choice", _exact("state"), tuple(State.choices)),
    "owner": Field("Owner", "choice", _person),
    "team": Field("Team", "choice", _team),
    "cause": Field("Cause", "choice", _cause),
    "product": Field("Product", "text", _exact("product")),
    "channel": Field("Channel", "text", _exact("channel")),
    "region": Field("Region", "text", _exact("region")),
    "segment": Field("Segment", "text", _exact("segment")),
    "tier": Field("Tier", "text", _exact("tier")),
    "vendor": Field("Vendor", "text", _exact("vendor")),
    "title": Field("Title", "text", _exact("title")),
    "customer": Field("Customer", "text", _customer),
    "value_at_risk": Field("Value at risk", "number", _amount("value_at_risk")),
    "loss": Field("Loss", "number", _amount("loss")),
    "failures": Field("Failures in 90 days", "number", _amount("failures_90_days")),
    "opened": Field("Opened, days ago", "number", _opened),
    "due": Field("Due in, hours", "number", _due),
    "regulated": Field("Regulated", "flag", _yes(Q(is_regulated=True)), YES_NO),
    "vulnerable": Field("Needs care", "flag", _yes(Q(customer__is_vulnerable=True)), YES_NO),
    "breakdown": Field(
        "Part of a breakdown", "flag", _yes(Q(breakdown__isnull=False)), YES_NO
    ),
}  # fmt: skip


def condition_q(condition: Condition, now: datetime) -> Q:
    """Return the cases that fulfil one condition.

    Raises
    ------
    ConditionError
    """
    field = FIELDS.get(condition.get("field", ""))
    if field is None:
        raise ConditionError("Choose what to look at.")
    op, value = condition.get("op", ""), condition.get("value", "").replace("\0", "").strip()
    if op not in field.ops:
        raise ConditionError(f"{field.label}: choose how to compare.")
    if not value:
        raise ConditionError(f"{field.label}: say with what to compare.")
    if len(value) > LONGEST_VALUE:
        raise ConditionError(f"{field.label}: at most {LONGEST_VALUE} characters.")
    if field.choices and value not in dict(field.choices):
        raise ConditionError(f"{field.label}: choose one of the list.")
    try:
        found = field.finds(op, value, now)
    except ConditionError as error:
        raise ConditionError(f"{field.label}: {error}") from error
    return ~found if op == "is_not" else found


def groups_q(groups: Groups, now: datetime) -> Q:
    """Return the cases that fulfil all of at least one list; without lists all cases.

    Raises
    ------
    ConditionError
    """
    if len(groups) > MOST_GROUPS or any(len(group) > MOST_CONDITIONS for group in groups):
        raise ConditionError(
            f"At most {MOST_GROUPS} lists of {MOST_CONDITIONS} conditions: make two views."
        )
    every = Q()
    for group in groups:
        together = Q()
        for condition in group:
            together &= condition_q(condition, now)
        every |= together
    return every


def _number(text: str, most: Decimal) -> Decimal:
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise ConditionError("a number, please.") from error
    if not number.is_finite() or abs(number) > most:
        raise ConditionError(f"between −{most} and {most}.")
    return number


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ConditionError("choose one of the list.")
    return int(text)
