"""The recommended playbook as one screen shows it: what, why, on what evidence, in which limit."""

from collections.abc import Sequence
from dataclasses import dataclass

from amends.engine.contracts import ActionKind
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.approving import may_approve
from amends.web.cases.authority import Option
from amends.web.cases.explaining import explained, turned
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.playbook_reasons import (
    Evidence,
    assumed_words,
    costs_of,
    evidence_of,
    explores_of,
    rank_of,
    reasons_of,
)
from amends.web.cases.playbook_steps import Step, steps_told
from amends.web.cases.policy_tables import PolicyTable, policy_tables
from amends.web.cases.remedies import authority_in, may_undo, words_of
from amends.web.cases.transitions import is_possible
from amends.web.cases.turn_telling import TurnTold, turns_told
from amends.web.cases.wording import STARTS, amount_words, role_words, short_action


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
    turns: Sequence[TurnTold]
    """What would change it."""
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
    def runner_up(self) -> Evidence | None:
        """Return the evidence for the next best."""
        return self._others[0] if self._others else None

    @property
    def rest(self) -> Sequence[Evidence]:
        """Return the evidence for everything else that policy allows, best first."""
        return self._others[1:]

    @property
    def _others(self) -> list[Evidence]:
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
        rank=rank_of(row, explanation),
        explores=explores_of(row),
        reasons=reasons_of(explanation),
        evidence=evidence_of(row, explanation),
        costs=costs_of(row, explanation, decided, option),
        assumed=assumed_words(row),
        turns=turns_told(turned(row), row.currency),
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
