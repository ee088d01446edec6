"""What would change a recommendation, in words: "Loss of €25.00 or less: refund €25.00"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from amends.engine.contracts import Turn, Value
from amends.flows.report import words
from amends.web.cases.wording import amount_words, role_words, short_action
from amends.web.classify.queries import cause_label

NAMED: Final = 3
"""So many values of one turn are named."""
SAID_OF: Final[Mapping[str, tuple[str, str]]] = {
    "is_rejected": ("The service was not delivered", "The service was delivered, but badly"),
    "is_vulnerable": ("The customer needs care", "The customer needs no special care"),
    "is_regulated": ("The complaint is regulated", "The complaint is not regulated"),
}
CALLED: Final[Mapping[str, str]] = {
    "value_per_year": "yearly value",
    "failures_90_days": "failures in 90 days",
    "given_90_days": "goodwill given in 90 days",
    "claims_90_days": "claims in 90 days",
    "tenure_months": "months as a customer",
    "cause_family": "kind of cause",
}
MONEY: Final = frozenset({"loss", "value_per_year", "given_90_days"})


@dataclass(frozen=True, slots=True)
class TurnTold:
    """One change of the case and what would be recommended then."""

    change: str
    then: str


def turns_told(turns: Sequence[Turn], currency: str) -> list[TurnTold]:
    """Return turns in words, in their order."""
    return [TurnTold(_change(turn, currency), _then(turn, currency)) for turn in turns]


def _change(turn: Turn, currency: str) -> str:
    name = CALLED.get(turn.fact, turn.fact.replace("_", " "))
    values = [_value(turn.fact, value, currency) for value in turn.values]
    if turn.side != "is":
        size = f"{values[0]} or {'more' if turn.side == 'at_least' else 'less'}"
        return words.label(f"{name} of {size}" if turn.fact in MONEY else f"{size} {name}")
    if turn.fact in SAID_OF:
        return SAID_OF[turn.fact][0 if turn.values[0] else 1]
    if turn.fact == "role":
        return f"A {values[0]} decides"
    return words.label(f"{name}: {_or(values)}")


def _value(fact: str, value: Value, currency: str) -> str:
    if isinstance(value, Decimal):
        return amount_words(value, currency) if fact in MONEY else words.number(float(value))
    text = str(value)
    return cause_label(text).lower() if fact.startswith("cause") else role_words(text)


def _then(turn: Turn, currency: str) -> str:
    what = short_action(turn.kind, turn.goodwill, turn.owed, currency)
    return f"{what}, approved by the {role_words(turn.approver)}" if turn.approver else what


def _or(values: Sequence[str]) -> str:
    named = list(values[:NAMED])
    if len(values) > NAMED:
        return f"{', '.join(named)} or {len(values) - NAMED} others"
    return f"{', '.join(named[:-1])} or {named[-1]}" if len(named) > 1 else named[0]
