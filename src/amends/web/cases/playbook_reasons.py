"""Why something is recommended: reasons, evidence, limits, and whether it explores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from amends.engine.contracts import RankedAction
from amends.engine.contracts import Recommendation as Explanation
from amends.engine.recommend.ranking import why_spared
from amends.flows.report import words
from amends.web.cases.authority import Option
from amends.web.cases.models import Action, Recommendation
from amends.web.cases.recommending import assumed_facts, known_facts, record_of
from amends.web.cases.wording import amount_words, role_words, short_action

ASSUMED_WORDS: Final[Mapping[str, str]] = {
    "cause": "the cause is not known",
    "tenure_months": "how long they are a customer is not on file",
    "value_per_year": "their yearly value is not on file",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One allowed action with what is known of it; rates in [0, 1]."""

    label: str
    rate: float
    low: float
    high: float
    n: int
    value: str
    """Expected, in money."""
    chance: float
    is_shown: bool

    @property
    def text(self) -> str:
        """Return `47 % (38 – 56 %)`."""
        ends = f"{words.number(100 * self.low, 0)} – {words.percent(self.high, 0)}"
        return f"{words.percent(self.rate, 0)} ({ends})"


def rank_of(row: Recommendation, explanation: Explanation | None) -> str:
    """Return which place it has among all that policy allowed."""
    n = len(record_of(row).allowed)
    if explanation is None:
        return f"One of {n} that policy allowed"
    place = [(a.kind, a.amount) for a in explanation.allowed].index(
        (explanation.action.kind, explanation.action.amount)
    )
    return f"Ranked {_ORDINALS[place] if place < len(_ORDINALS) else place + 1} of {n} by value"


_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


def explores_of(row: Recommendation) -> str:
    """Return what is said openly when a case serves to learn; else ""."""
    if not row.explores:
        return ""
    chance = words.percent(row.propensity, 0)
    return (
        f"This case explores: this is shown with a chance of {chance}, "
        "to learn whether it works better than the best guess."
    )


def exploring_of(row: Recommendation) -> str:
    """Return whether it explores and, if not, why not."""
    spared = why_spared(known_facts(row))
    if spared and not row.explores:
        return f"no, {spared}"
    chance = words.percent(row.propensity, 0)
    return f"{'yes' if row.explores else 'no'}, shown with a chance of {chance}"


def reasons_of(explanation: Explanation | None) -> list[str]:
    """Return the reasons, without the one that says what `explores` says already."""
    if explanation is None:
        return []
    return [r for r in explanation.reasons if not r.startswith("This case explores")]


def evidence_of(row: Recommendation, explanation: Explanation | None) -> list[Evidence]:
    """Return the evidence for every allowed action: what is shown, then the others, best first."""
    if explanation is None:
        return []
    shown = (explanation.action.kind, explanation.action.amount)
    return [
        Evidence(
            label=short_action(a.kind, a.amount.amount, Decimal(0), row.currency),
            rate=a.rate,
            low=a.rate_interval.low,
            high=a.rate_interval.high,
            n=a.n,
            value=words.money(a.expected_value, row.currency),
            chance=a.propensity,
            is_shown=(a.kind, a.amount) == shown,
        )
        for a in _shown_first(explanation.allowed, shown)
    ]


def _shown_first(
    allowed: Iterable[RankedAction], shown: tuple[object, object]
) -> list[RankedAction]:
    return sorted(allowed, key=lambda a: (a.kind, a.amount) != shown)


def costs_of(
    row: Recommendation,
    explanation: Explanation | None,
    decided: Action | None,
    option: Option | None,
) -> list[tuple[str, str]]:
    """Return what it costs, the limit and the approval: the person's own while they may decide."""
    costs = []
    if row.owed:
        costs.append(("Owed in any case", amount_words(row.owed, row.currency)))
    name = "Goodwill on top" if row.owed else "Costs"
    is_cut = row.amount > 0 and row.amount == row.limit
    amount = amount_words(row.amount, row.currency)
    costs.append((name, f"{amount}, as much as the limit lets" if is_cut else amount))
    limit = amount_words(row.limit, row.currency)
    if explanation is not None:
        because = explanation.limit_reason.partition(": ")[2].replace("-", " ")
        limit = limit if because == role_words(row.role) else f"{limit}, {because}"
    costs.append((f"{role_words(row.role).capitalize()}’s limit", limit))
    if option is not None and option.limit < row.limit:
        costs.append(("Left to you", amount_words(option.limit, option.currency)))
    approver = next((o.approver for o in (decided, option) if o is not None), row.approver)
    approval = f"by the {role_words(approver)}" if approver else "not needed"
    costs += [("Approval", approval), ("Explores", exploring_of(row))]
    return costs


def assumed_words(row: Recommendation) -> str:
    """Return which facts were stand-ins, and why."""
    return _and([ASSUMED_WORDS[name] for name in assumed_facts(row)])


def _and(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
