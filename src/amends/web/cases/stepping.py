"""The steps of a case's playbook: which there are, what is done, and doing the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.engine.contracts import BadInput, Money
from amends.engine.recommend.playbooks import ACTIONS, Book, PlaybookStep, Value, fill
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, mark_answered, standing, tell
from amends.web.cases.book_actions import book_in_force
from amends.web.cases.following_up import FollowUp, follow_up_of
from amends.web.cases.letters import has_post, write_letter
from amends.web.cases.models import (
    RESOLVED,
    Action,
    ActionState,
    Case,
    Happening,
    Recommendation,
    State,
    StepDone,
)
from amends.web.cases.transitions import RefusedError, go, require_move

TO_CUSTOMER: Final = ("message", "offer", "survey")
ASKED_WITHIN: Final = timedelta(days=90)
"""So long a customer is not asked again how it went, whatever else fails."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a case's plan."""

    step: PlaybookStep
    due_at: datetime
    done: StepDone | None
    is_done: bool
    is_by_action: bool
    """Whether an action does it, not a person's word."""
    why_not_yet: str
    """What has to happen first; empty: it may be done now."""


def plan_of(case: Case, decided: Action | None, recommended: str) -> list[Planned]:
    """Return the steps of a case's playbook; `recommended` is the kind of action to expect."""
    book, _ = book_in_force()
    done = {row.step: row for row in _done(case)}
    planned = []
    action = decided.kind if decided else recommended
    follow_up = follow_up_of(case, action)
    for step in steps_for(book, case, action, follow_up):
        by_action = step.kind in ACTIONS
        taken = decided is not None and decided.state == ActionState.TAKEN
        row = done.get(step.id)
        planned.append(
            Planned(
                step,
                _due_at(case, step, follow_up),
                row,
                taken if by_action else row is not None,
                by_action,
                "" if by_action or row else why_not_yet(book, case, decided, step),
            )
        )
    return planned


def steps_for(book: Book, case: Case, action: str, follow_up: FollowUp) -> Sequence[PlaybookStep]:
    """Return the steps of the book that apply to a case in which this action is taken.

    Whether its customer is surveyed, policy says (`following_up`).
    """
    facts = {
        "severity": case.severity,
        "tier": case.tier,
        "region": case.region,
        "channel": case.channel,
        "action": action,
    }
    is_surveyed = follow_up.way == "survey"
    return [
        step
        for step in book.playbook_for(case.cause).steps
        if step.applies(facts) and (is_surveyed or step.kind != "survey")
    ]


def _due_at(case: Case, step: PlaybookStep, follow_up: FollowUp) -> datetime:
    """Return until when a step is to be done; a survey of what was resolved, as policy says."""
    asked_by = follow_up.due_at(case) if step.kind == "survey" else None
    return asked_by or case.opened_at + timedelta(hours=step.within_hours)


def why_not_yet(book: Book, case: Case, decided: Action | None, step: PlaybookStep) -> str:
    """Return what has to happen before a step may be done; empty: nothing.

    What tells the customer of an action, or comes after it, waits for it. Whether it holds is asked
    once the case is resolved, and of one customer once in `ASKED_WITHIN`.
    """
    if step.kind == "survey":
        if case.state not in RESOLVED:
            return "Once the case is resolved"
        asked = _asked_lately(book, case)
        return f"They were asked already, in {asked.case.ref}" if asked is not None else ""
    is_taken = decided is not None and decided.state != ActionState.WAITING
    if is_taken or not _follows_action(book, case, step):
        return ""
    return "Once the action is approved" if decided is not None else "Once the action is taken"


def known_values(actor: User, case: Case, decided: Action | None) -> dict[str, Value]:
    """Return what is known of a case for the placeholders of templates."""
    known: dict[str, Value] = {"case": case.ref, "agent": str(actor)}
    if case.customer.name:
        known["customer"] = case.customer.name
    if decided is not None and decided.amount > 0:
        known["amount"] = Money(decided.amount, decided.currency)
    return known


def text_of_step(
    actor: User, case: Case, name: str, language: str, values: Mapping[str, Value]
) -> str:
    """Return what a message step would tell the customer, filled in.

    Raises
    ------
    RefusedError
        As `do_step`.
    """
    book, _ = book_in_force()
    decided = standing(case)
    step = _step(book, case, decided, name)
    return _message(book, step, case, actor, decided, language, values)


def do_step(
    actor: User,
    case: Case,
    version: int,
    name: str,
    *,
    language: str = "",
    values: Mapping[str, Value] | None = None,
    note: str = "",
) -> StepDone:
    """Do one step: a message is filled in and kept word for word, anything else has a note.

    Raises
    ------
    RefusedError
        The plan has no such step, it is done, it promises what is not decided, or the message has
        an empty placeholder.
    """
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        require_move(locked, "answer")
        book, book_version = book_in_force()
        decided = standing(locked)
        step = _step(book, locked, decided, name)
        is_message, by_post = step.kind in TO_CUSTOMER, has_post()
        if is_message:
            text = _message(book, step, locked, actor, decided, language, values or {})
            title = f"{step.title}: {'given to the post' if by_post else 'sent by hand'}"
            kind = Happening.REPLY
        else:
            if not note.strip():
                raise RefusedError({"note": "Write what was done, and what came of it."})
            is_call = step.kind == "call"
            text, title = note, step.title
            kind = Happening.REPLY if is_call else Happening.NOTE
        if kind == Happening.REPLY:
            if locked.state == State.NEW:
                go(locked, "acknowledge")
            mark_answered(locked, actor)
        if step.kind == "survey" and locked.state == State.RESOLVED:
            go(locked, "follow_up")
        event = EventKind.ANSWERED if kind == Happening.REPLY else None
        entry = tell(locked, actor, kind, title, text, event=event)
        done = StepDone.objects.create(
            case=locked,
            playbook=book.playbook_for(locked.cause).id,
            step=step.id,
            book=book_version,
            at=timezone.now(),
            by=actor,
        )
        if is_message and by_post:
            write_letter(step, language, text, done, entry, done.at)
        return done


def step_of(case: Case, name: str) -> PlaybookStep | None:
    """Return a step of the plan of a case that a person does; None: there is none of this name."""
    found = _find(book_in_force()[0], case, standing(case), name)
    return None if found is None or found.kind in ACTIONS else found


def _find(book: Book, case: Case, decided: Action | None, name: str) -> PlaybookStep | None:
    row = Recommendation.objects.filter(case=case).only("kind").first()
    action = decided.kind if decided else (row.kind if row else "")
    steps = steps_for(book, case, action, follow_up_of(case, action))
    return next((step for step in steps if step.id == name), None)


def _step(book: Book, case: Case, decided: Action | None, name: str) -> PlaybookStep:
    found = _find(book, case, decided, name)
    if found is None:
        raise RefusedError("The playbook of this case has no such step any more. Look again.")
    if found.kind in ACTIONS:
        raise RefusedError("Take the action itself: the step is done with it.")
    if _done(case).filter(step=name).exists():
        raise RefusedError("This step is done already.")
    if why_not := why_not_yet(book, case, decided, found):
        raise RefusedError(f"It is too early for “{found.title}”. {why_not}.")
    return found


def _follows_action(book: Book, case: Case, step: PlaybookStep) -> bool:
    """Whether a step tells of money, or stands behind the action in its playbook."""
    if step.template and "money" in book.template(step.template).placeholders.values():
        return True
    steps = [s for s in book.playbook_for(case.cause).steps if s.kind in ACTIONS or s.id == step.id]
    return bool(steps) and steps[0].id != step.id


def _asked_lately(book: Book, case: Case) -> StepDone | None:
    surveys = {s.id for p in book.playbooks for s in p.steps if s.kind == "survey"}
    since = timezone.now() - ASKED_WITHIN
    rows = StepDone.objects.filter(case__customer=case.customer_id, step__in=surveys, at__gt=since)
    return rows.select_related("case").order_by("-at").first()


def _message(
    book: Book,
    step: PlaybookStep,
    case: Case,
    actor: User,
    decided: Action | None,
    language: str,
    values: Mapping[str, Value],
) -> str:
    template = book.template(step.template)
    known = {**values, **known_values(actor, case, decided)}
    if "money" in template.placeholders.values():
        if decided is None or decided.state != ActionState.TAKEN:
            raise RefusedError("It names money that is not given: take the action first.")
        amounts = {name for name, kind in template.placeholders.items() if kind == "money"}
        known |= dict.fromkeys(amounts, Money(decided.amount, decided.currency))
    try:
        return fill(template, language, known)
    except BadInput as error:
        raise RefusedError(f"{error.what} Nothing was sent.") from error


def _done(case: Case) -> QuerySet[StepDone]:
    rows = StepDone.objects.filter(case=case).select_related("by")
    return rows if case.reopened_at is None else rows.filter(at__gte=case.reopened_at)
