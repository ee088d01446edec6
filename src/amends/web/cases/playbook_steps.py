"""The steps of a case's playbook as its page shows them: what is done, what is next, and who."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from amends.engine.contracts import ActionKind, Money
from amends.engine.recommend import to_do
from amends.flows.report import words
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.authority import Option
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.remedies import words_of
from amends.web.cases.stepping import Planned, plan_of
from amends.web.cases.transitions import is_possible
from amends.web.cases.wording import role_words


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the playbook."""

    title: str
    detail: str
    is_done: bool
    name: str = ""
    """Of a step that the person may do now: the last part of its address."""
    is_next: bool = False
    due_at: datetime | None = None


def steps_told(
    person: User,
    case: Case,
    row: Recommendation,
    decided: Action | None,
    option: Option | None,
) -> list[Step]:
    """Return the steps of the case's playbook, with the action where it names it, or at its end."""
    may_work = can(person, Verb.CASE_WORK, case) and is_possible(case, "answer")
    main = [*_approval_step(row, decided, option), _main_step(row, decided, option)]
    before: list[Step] = []
    after: list[Step] = []
    for planned in plan_of(case, decided, row.kind):
        if planned.is_by_action:
            before += main
            main = []
        else:
            part = after if planned.step.kind == "survey" else before
            part.append(_planned_step(planned, may_work=may_work))
    detail = "Once the customer has what was promised"
    resolve = Step("Resolve", detail, case.resolved_at is not None)
    steps = [*before, *main, resolve, *after]
    following = next((i for i, step in enumerate(steps) if not step.is_done), len(steps))
    return [replace(step, is_next=i == following) for i, step in enumerate(steps)]


def _planned_step(planned: Planned, *, may_work: bool) -> Step:
    step, done = planned.step, planned.done
    if done is not None:
        by = done.by.short_name if done.by else "somebody"
        return Step(step.title, f"{by}, {words.day(done.at)}", is_done=True)
    name = step.id if may_work and not planned.why_not_yet else ""
    detail = planned.why_not_yet or f"By the {role_words(step.who)}"
    return Step(step.title, detail, is_done=False, name=name, due_at=planned.due_at)


def _approval_step(
    row: Recommendation, decided: Action | None, option: Option | None
) -> list[Step]:
    if decided is not None:
        approver = decided.approver
    else:
        approver = option.approver if option is not None else row.approver
    if not approver:
        return []
    is_approved = decided is not None and decided.state == ActionState.TAKEN
    who = role_words(approver)
    return [Step(f"Have the {who} approve it", "It is above the limit of who decides", is_approved)]


def _main_step(row: Recommendation, decided: Action | None, option: Option | None) -> Step:
    if decided is None:
        money = option.money if option is not None else _money(row)
        return Step(to_do(ActionKind(row.kind), *money).rstrip("."), _HOW[row.kind], is_done=False)
    if decided.state == ActionState.SKIPPED:
        return Step("Do nothing further", f"Skipped: {decided.reason}", is_done=True)
    is_done = decided.state == ActionState.TAKEN
    return Step(words_of(decided), _HOW[decided.kind], is_done)


def _money(row: Recommendation) -> tuple[Money, Money]:
    return Money(row.amount, row.currency), Money(row.owed, row.currency)


_HOW: Final[Mapping[str, str]] = {
    ActionKind.NONE: "A short, complete answer in the channel they chose",
    ActionKind.APOLOGY: "What happened, whose fault it was, and what is different now",
    ActionKind.CALLBACK: "One named person, who knows the story and need not ask again",
    ActionKind.CREDIT: "Say what it is for; no conditions",
    ActionKind.APOLOGY_CREDIT: "The apology first, then the money; no conditions",
    ActionKind.REFUND: "To the means of payment that was used, and say when it arrives",
    ActionKind.REPLACEMENT: "Sent before anything has to come back",
    ActionKind.ESCALATION: "With summary, promises made and next step",
}
