"""One message to many customers: a mass incident has one answer, each case a letter of its own.

Each is the step of its own case, with its own name and reference filled in: what is refused for one
does not keep the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError

from amends.engine.recommend.playbooks import Template, Value
from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import standing
from amends.web.cases.book_actions import book_in_force
from amends.web.cases.bulk import Picked
from amends.web.cases.models import Case, Recommendation
from amends.web.cases.stepping import do_step, plan_of, text_of_step


@dataclass(frozen=True, slots=True)
class Recipient:
    """One case whose customer would be written to, or why not."""

    case: Case
    version: int
    step: str = ""
    why_not: str = ""
    text: str = ""
    """What they would read, once the placeholders are known."""


def templates_for(picked: Picked) -> list[Template]:
    """Return the messages that at least one of the cases has as a step to be done now.

    Those that name money are left out: an amount is one customer's.
    """
    book, _ = book_in_force()
    wanted = {
        planned.step.template
        for case, _ in picked
        for planned in plan_of(case, standing(case), _recommended(case))
        if planned.step.template and not planned.is_done and not planned.why_not_yet
    }
    return [t for t in book.templates if t.id in wanted and "money" not in t.placeholders.values()]


def recipients_of(actor: User, picked: Picked, template: Template) -> list[Recipient]:
    """Return who would get a message, and why the others would not."""
    return [_recipient(actor, case, version, template.id) for case, version in picked]


def written_to(
    actor: User, recipients: Sequence[Recipient], language: str, values: Mapping[str, Value]
) -> list[Recipient]:
    """Return recipients with what each would read; a hole in one keeps the others."""
    return [_written(actor, recipient, language, values) for recipient in recipients]


def write_to_all(
    actor: User, recipients: Sequence[Recipient], language: str, values: Mapping[str, Value]
) -> tuple[int, list[str]]:
    """Do the step of each case; return how many were written to, and why others were not."""
    n, refused = 0, []
    for one in recipients:
        if one.why_not:
            refused.append(f"{one.case.ref}: {one.why_not}")
            continue
        try:
            do_step(actor, one.case, one.version, one.step, language=language, values=values)
            n += 1
        except ValidationError as error:
            refused.append(f"{one.case.ref}: {' '.join(error.messages)}")
    return n, refused


def _recipient(actor: User, case: Case, version: int, template: str) -> Recipient:
    if not can(actor, Verb.CASE_WORK, case):
        return Recipient(case, version, why_not="This is not yours to do.")
    for planned in plan_of(case, standing(case), _recommended(case)):
        if planned.step.template == template:
            done = "They were told already." if planned.is_done else ""
            early = f"{planned.why_not_yet}." if planned.why_not_yet else ""
            return Recipient(case, version, planned.step.id, done or early)
    return Recipient(case, version, why_not="Its playbook has no such message.")


def _written(
    actor: User, recipient: Recipient, language: str, values: Mapping[str, Value]
) -> Recipient:
    if recipient.why_not:
        return recipient
    try:
        text = text_of_step(actor, recipient.case, recipient.step, language, values)
    except ValidationError as error:
        return replace(recipient, why_not=" ".join(error.messages))
    return replace(recipient, text=text)


def _recommended(case: Case) -> str:
    row = Recommendation.objects.filter(case=case).only("kind").first()
    return row.kind if row is not None else ""
