"""A case with one fact changed, by the name under which policy tables look at it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from amends.engine.contracts import CaseFacts, Money, Severity, Value

_Set = Callable[[CaseFacts, Value], CaseFacts]


def with_fact(facts: CaseFacts, name: str, value: Value) -> CaseFacts:
    """Return the case with one fact at a value; what the case does not hold becomes measured."""
    return _SETS.get(name, _measured(name))(facts, value)


def _text(name: str) -> _Set:
    return lambda facts, value: replace(facts, **{name: str(value)})  # type: ignore[arg-type]


def _yes_or_no(name: str) -> _Set:
    return lambda facts, value: replace(facts, **{name: bool(value)})  # type: ignore[arg-type]


def _amount(name: str) -> _Set:
    def put(facts: CaseFacts, value: Value) -> CaseFacts:
        amount = Money(Decimal(value), facts.loss.currency)
        return replace(facts, **{name: amount})  # type: ignore[arg-type]

    return put


def _measured(name: str) -> _Set:
    def put(facts: CaseFacts, value: Value) -> CaseFacts:
        others = tuple(pair for pair in facts.measured if pair[0] != name)
        return replace(facts, measured=(*others, (name, Decimal(value))))

    return put


_SETS: Final[Mapping[str, _Set]] = {
    **{name: _text(name) for name in ("cause", "region", "tier", "segment", "product", "channel")},
    **{name: _yes_or_no(name) for name in ("is_rejected", "is_vulnerable", "is_regulated")},
    **{name: _amount(name) for name in ("loss", "value_per_year")},
    "cause_family": lambda facts, value: replace(facts, cause=str(value)),
    "severity": lambda facts, value: replace(facts, severity=Severity(str(value))),
    "failures_90_days": lambda facts, value: replace(facts, failures_90_days=int(value)),
    "tenure_months": lambda facts, value: replace(facts, tenure_months=float(value)),
}
