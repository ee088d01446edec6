"""Deadlines of cases that passed unmet, as rules see them.

Cases lie above alerts: who knows them says here how they are looked up (`provide`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from amends.web.alerts.models import Rule


@dataclass(frozen=True, slots=True)
class Breach:
    """One deadline that passed."""

    at: datetime
    where: Mapping[str, str] = field(default_factory=dict)
    """Dimension and cause → value."""


Provider = Callable[[datetime, datetime], Iterable[Breach]]
_provider: list[Provider] = []


def provide(provider: Provider) -> None:
    """Say how the breaches from one instant until before another are found."""
    _provider[:] = [provider]


def breaches_of(rule: Rule, since: datetime, until: datetime) -> list[Breach]:
    """Return the breaches that count for a rule, in time order."""
    found = _provider[0](since, until) if _provider else ()
    mine = [b for b in found if _counts(rule, b.where)]
    return sorted(mine, key=lambda b: b.at)


def _counts(rule: Rule, where: Mapping[str, str]) -> bool:
    cause = where.get("cause", "")
    is_below = not rule.cause or cause == rule.cause or cause.startswith(f"{rule.cause}/")
    return is_below and all(where.get(dim) == value for dim, value in rule.where.items())
