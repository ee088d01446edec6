"""The recommended playbook as one screen shows it: what, why, on what evidence, in which limit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from amends.engine.contracts import ActionKind, RankedAction
from amends.engine.contracts import Recommendation as Explanation
from amends.flows.report import words
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.approving import may_approve
from amends.web.cases.authority import Option
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.playbook_steps import Step, steps_told
from amends.web.cases.policy_tables import PolicyTable, policy_tables
from amends.web.cases.recommending import assumed_facts, explained, record_of
from amends.web.cases.remedies import authority_in, may_undo, words_of
from amends.web.cases.transitions import is_possible
from amends.web.cases.wording import STARTS, amount_words, role_words, short_action

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


@dataclass(frozen=True, slots=True)
class Playbook:
    """What is recommended in one case to one person, and what they may do about it."""

    title: str
    rank: str
    explores: str
    """Said openly when the case serves to learn; else empty."""
    reasons: Sequence[str]
    evidence: Sequence[Evidence]
    costs: Sequence[tuple[str, str]]
    """What it costs and within which limits: (name, value)."""
    assumed: str
    steps: Sequence[Step]
    tables: Sequence[PolicyTable]
    versions: str
    decided: Action | None
    decided_words: str
    start: str
    """What the button says; empty when the person may not start it."""
    may_change: bool
    may_skip: bool
    approve: str
    """What the button for approval says; empty when it is not the person's to approve."""
    may_undo: bool
    note: str
    """Beside the button: the limit, or who approves."""

    @property
    def shown(self) -> Evidence | None:
        """Return the evidence for what is recommended."""
        return next((found for found in self.evidence if found.is_shown), None)

    @property
    def others(self) -> list[Evidence]:
        """Return the evidence for everything else that policy allows, best first."""
        return [found for found in self.evidence if not found.is_shown]

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for approval."""
        return self.decided is not None and self.decided.state == ActionState.WAITING

    @property
    def is_skipped(self) -> bool:
        """Whether the recommendation was skipped."""
        return self.decided is not None and self.decided.state == ActionState.SKIPPED


def playbook_of(person: User, case: Case, row: Recommendation, decided: Action | None) -> Playbook:
    """Return the playbook of a case; its explanation is worked out and stored the first time."""
    explanation = explained(row)
    may_take = can(person, Verb.ACTION_TAKE, case) and is_possible(case, "decide")
    is_free = may_take and decided is None
    option = None
    if is_free:
        option = authority_in(person, case).option(ActionKind(row.kind), row.amount)
    return Playbook(
        title=short_action(row.kind, row.amount, row.owed, row.currency),
        rank=_rank(row, explanation),
        explores=_explores(row),
        reasons=_reasons(explanation),
        evidence=_evidence(row, explanation),
        costs=_costs(row, explanation, decided, option),
        assumed=_and([ASSUMED_WORDS[name] for name in assumed_facts(row)]),
        steps=steps_told(person, case, row, decided, option),
        tables=policy_tables(explanation.decisions) if explanation else [],
        versions=f"Policy {row.policy_hash}, learning {row.model_version}",
        decided=decided,
        decided_words=words_of(decided) if decided else "",
        start=_start(option),
        may_change=is_free,
        may_skip=is_free and (option is None or not option.owed),
        approve=_approve(person, case, decided),
        may_undo=decided is not None and is_possible(case, "decide") and may_undo(person, decided),
        note=_note(option),
    )


def _rank(row: Recommendation, explanation: Explanation | None) -> str:
    n = len(record_of(row).allowed)
    if explanation is None:
        return f"One of {n} that policy allowed"
    place = [(a.kind, a.amount) for a in explanation.allowed].index(
        (explanation.action.kind, explanation.action.amount)
    )
    return f"Ranked {_ORDINALS[place] if place < len(_ORDINALS) else place + 1} of {n} by value"


_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")


def _explores(row: Recommendation) -> str:
    if not row.explores:
        return ""
    chance = words.percent(row.propensity, 0)
    return (
        f"This case explores: this is shown with a chance of {chance}, "
        "to learn whether it works better than the best guess."
    )


def _reasons(explanation: Explanation | None) -> list[str]:
    """Return the reasons, without the one that says what `explores` says already."""
    if explanation is None:
        return []
    return [r for r in explanation.reasons if not r.startswith("This case explores")]


def _evidence(row: Recommendation, explanation: Explanation | None) -> list[Evidence]:
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


def _costs(
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
    costs.append((name, amount_words(row.amount, row.currency)))
    limit = amount_words(row.limit, row.currency)
    if explanation is not None:
        because = explanation.limit_reason.partition(": ")[2].replace("-", " ")
        limit = limit if because == role_words(row.role) else f"{limit}, {because}"
    costs.append((f"{role_words(row.role).capitalize()}’s limit", limit))
    if option is not None and option.limit < row.limit:
        costs.append(("Left to you", amount_words(option.limit, option.currency)))
    approver = next((o.approver for o in (decided, option) if o is not None), row.approver)
    approval = f"by the {role_words(approver)}" if approver else "not needed"
    costs.append(("Approval", approval))
    return costs


def _start(option: Option | None) -> str:
    if option is None:
        return ""
    money = amount_words(option.amount, option.currency)
    if option.approver:
        return f"Send {money} for approval" if option.amount else "Send for approval"
    return f"Approve {money} and start" if option.amount else STARTS.get(option.kind, "Start")


def _approve(person: User, case: Case, decided: Action | None) -> str:
    if decided is None or decided.state != ActionState.WAITING:
        return ""
    if not (can(person, Verb.ACTION_APPROVE, case) and may_approve(person, decided)):
        return ""
    return (
        f"Approve {amount_words(decided.amount, decided.currency)}" if decided.amount else "Approve"
    )


def _note(option: Option | None) -> str:
    if option is None:
        return ""
    if option.approver:
        return f"for the {role_words(option.approver)}"
    return f"your limit: {amount_words(option.limit, option.currency)}" if option.goodwill else ""


def _and(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
