"""What the value of an action may depend on: named features in groups, each group shrunk alike.

The value of doing arm *a* in case *x* is the evidence's expectation plus a sum of corrections:
worth(x) · (kind + kind × severity + kind × delivery + … + curve of money) + cost(kind). Groups go
from global (`kind`) to narrow (`cohort`); narrow ones are shrunk hardest, so a cohort with few
cases speaks with the voice of its parents.

Region and tier are left out: they are proxies for protected attributes and serve the audit only.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from amends.engine.contracts import ActionKind, CaseFacts

from .evidence import ASSUMED_VALUE_PER_YEAR

Traits = tuple[tuple[str, str], ...]
"""(group, value) of everything about a case that may change an action's effect."""

KNOTS: Final = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Shares of the loss between which the curve of money is straight."""

GROUPS: Final = {
    "base": 0.3,
    "level": 30.0,
    "evidence": 0.2,
    "cost": 4.0,
    "discount": 0.2,
    "kind": 0.06,
    "severity": 0.03,
    "delivery": 0.03,
    "repeat": 0.03,
    "loss": 0.03,
    "family": 0.03,
    "segment": 0.03,
    "cohort": 0.02,
    "place": 0.02,
    "spot": 0.01,
    "money": 0.05,
}
"""Group → prior standard deviation of its corrections, before the data say better.

`base` and `level` are of the case, whatever is done; `cost` and `level` are in currency,
`discount` is the part of an amount given that it did not cost, all others are in parts of the
customer's yearly value."""

VOICE: Final[Mapping[str, str]] = {
    ActionKind.NONE: "silence",
    ActionKind.APOLOGY: "apology",
    ActionKind.CALLBACK: "callback",
    ActionKind.CREDIT: "silence",
    ActionKind.APOLOGY_CREDIT: "apology",
    ActionKind.REFUND: "refund",
    ActionKind.REPLACEMENT: "replacement",
    ActionKind.ESCALATION: "escalation",
}
"""What an action says besides the money: actions with one voice learn from each other."""

_OF_KIND: Final = frozenset({"place", "spot"})
"""Groups in which every kind of action is on its own, whatever its voice."""

_NARROW: Final = frozenset({"cohort", "place", "spot"})
"""Groups that are about actions only: a case's own level does not need them."""

UNSCALED: Final = frozenset({"level", "cost", "discount"})
"""Groups in currency."""


def worth(facts: CaseFacts) -> float:
    """Return the customer's value a year; an assumed one where none is on file."""
    return float(facts.value_per_year.amount) or ASSUMED_VALUE_PER_YEAR


def repeat_band(facts: CaseFacts) -> str:
    """Return 0, 1 or 2+: how often the customer was failed before."""
    return ("0", "1", "2+")[min(facts.failures_90_days, 2)]


def traits(facts: CaseFacts) -> Traits:
    """Return (group, value) of everything about a case that may change an action's effect."""
    delivery = "rejected" if facts.is_rejected else "accepted"
    repeat = repeat_band(facts)
    loss = "loss" if facts.loss.amount > 0 else "no_loss"
    family = facts.cause.partition("/")[0]
    return (
        ("severity", facts.severity.value),
        ("delivery", delivery),
        ("repeat", repeat),
        ("loss", loss),
        ("family", family),
        ("segment", facts.segment),
        ("cohort", f"{facts.segment}/{delivery}/{repeat}/{loss}"),
        ("place", f"{facts.segment}/{family}"),
        ("spot", f"{facts.segment}/{family}/{delivery}"),
    )


def effect_names(kind: str, trait: tuple[str, str] | None) -> tuple[str, ...]:
    """Return the names of an action's effects: of one trait of the case, or of none (global)."""
    voice = VOICE[kind]
    if trait is None:
        return f"kind|{kind}", f"kind|voice|{voice}"
    group, value = trait
    return (f"{group}|{kind if group in _OF_KIND else voice}|{value}",)


def base_names(case_traits: Traits) -> Iterator[str]:
    """Yield the names of the case's own level, the same whatever is done."""
    yield "base|"
    for group, value in case_traits:
        if group in _NARROW:
            continue
        yield f"base|{group}|{value}"


def money_weights(share: float) -> Iterator[tuple[float, float]]:
    """Yield (knot, weight) of a share on the straight-line curve from 0 through `KNOTS`."""
    share = min(share, KNOTS[-1])
    below = 0.0
    for knot in KNOTS:
        if share <= knot:
            part = (share - below) / (knot - below)
            if below and part < 1:
                yield below, 1 - part
            if part:
                yield knot, part
            return
        below = knot


def group_of(name: str) -> str:
    """Return the group that a feature belongs to."""
    return name.partition("|")[0]


def money_names(case_traits: Traits, share: float) -> Iterator[tuple[str, float]]:
    """Yield (name, weight) of what a share of the loss does: a curve, and a slope by segment."""
    if share <= 0:
        return
    values = dict(case_traits)
    for knot, weight in money_weights(share):
        yield f"money|{values['delivery']}|{knot}", weight
    yield f"money|segment|{values['segment']}", min(share, KNOTS[-1])
