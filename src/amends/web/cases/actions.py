"""What people do to cases, one verb each: permission, rule, change and entry in one transaction.

Every verb names the version of the case that its actor saw. When somebody else was quicker it is
refused, with who changed what; nothing is overwritten unseen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.engine.contracts import Severity
from amends.web.accounts.access import access, require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import ALLOWS, Verb
from amends.web.cases.changes import what_changed
from amends.web.cases.clocks import set_deadlines, sheet_in_force
from amends.web.cases.following_up import follow_up_of
from amends.web.cases.grading import grade
from amends.web.cases.models import (
    NO_LONGER,
    Action,
    ActionState,
    Case,
    Entry,
    Handoff,
    HandoffState,
    Happening,
    Recommendation,
    Route,
    State,
)
from amends.web.cases.opening import NUMBER_FROM
from amends.web.cases.recommending import recommend_in_bulk
from amends.web.cases.transitions import RefusedError, StaleError, go, require_move
from amends.web.intake.models import Customer
from amends.web.intake.sequences import next_ids
from amends.web.recommend.queries import policy_in_force
from amends.web.ui.live import publish

TOPIC: Final = "cases"
BECAUSE_OF_A_PERSON: Final = "Opened by hand"
REPEATED_WITHIN: Final = timedelta(days=90)


@contextmanager
def changing(actor: User, case: Case, version: int, *, do: Verb) -> Iterator[Case]:
    """Lock a case, check that the actor may `do` this and saw its newest version; save it after.

    Raises
    ------
    Http404, PermissionDenied
    StaleError
        It has been changed since.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = (
            Case.objects.select_related("customer").select_for_update(of=("self",)).get(pk=case.pk)
        )
        access(actor, locked, see=Verb.CASE_READ, do=do)
        if version != locked.version:
            raise StaleError(what_changed(locked, version))
        yield locked
        locked.version += 1
        set_deadlines([locked], now)
        locked.save()
        publish(TOPIC)


def tell(
    case: Case,
    by: User | None,
    kind: Happening,
    title: str,
    body: str = "",
    *,
    event: EventKind | None = None,
) -> Entry:
    """Write an entry of the timeline, now; `event` is what it is to the clocks."""
    return Entry.objects.create(
        case=case,
        at=timezone.now(),
        kind=kind,
        title=title[:200],
        body=body.strip(),
        by=by,
        event=event or "",
        by_robot=by is None,
    )


def acknowledge(actor: User, case: Case, version: int) -> None:
    """Tell the customer that it was heard; a case without an owner becomes the actor's."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "acknowledge")
        mark_answered(locked, actor)
        tell(locked, actor, Happening.STATE, "Acknowledged", event=EventKind.ANSWERED)


def start(actor: User, case: Case, version: int) -> None:
    """Begin to work on an acknowledged case; one without an owner becomes the actor's."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "start")
        if locked.owner_id is None:
            locked.owner = actor
        tell(locked, actor, Happening.STATE, "Work began")


def answer(actor: User, case: Case, version: int, text: str) -> None:
    """Note what the customer was told; of a new case it is the acknowledgement."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        require_move(locked, "answer")
        if not text.strip():
            raise RefusedError({"text": "Write what the customer was told."})
        if locked.state == State.NEW:
            go(locked, "acknowledge")
        mark_answered(locked, actor)
        tell(locked, actor, Happening.REPLY, "Told the customer", text, event=EventKind.ANSWERED)


def mark_answered(case: Case, actor: User) -> None:
    """Note the first response and take an unowned case: whoever answers first owns it."""
    if case.acknowledged_at is None:
        case.acknowledged_at = timezone.now()
    if case.owner_id is None:
        case.owner = actor


def assign(actor: User, case: Case, version: int, person: User) -> None:
    """Give a case to somebody who may work on it; an unowned one may be taken by whoever may."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        if not (person.pk == actor.pk and locked.owner_id is None):
            access(actor, locked, see=Verb.CASE_READ, do=Verb.CASE_ASSIGN)
        require_move(locked, "assign")
        if not (person.is_active and person.may(Verb.CASE_WORK)):
            raise RefusedError(f"{person} cannot {ALLOWS[Verb.CASE_WORK].partition(':')[0]}.")
        if locked.owner_id == person.pk:
            raise RefusedError(f"{locked.ref} is {person.first_name}’s already.")
        locked.owner = person
        tell(locked, actor, Happening.ASSIGNED, f"Assigned to {person}")


def add_note(actor: User, case: Case, text: str) -> None:
    """Write a note for colleagues. It changes nothing, so it meets no other edit."""
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        access(actor, locked, see=Verb.CASE_READ, do=Verb.CASE_WORK)
        if not text.strip():
            raise RefusedError("Write something first.")
        tell(locked, actor, Happening.NOTE, "Note", text)
        publish(TOPIC)


def wait(actor: User, case: Case, version: int, whom: State, note: str = "") -> None:
    """Wait for the customer or another team; the sheet says for whom the resolution stands."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "wait", whom)
        event = EventKind.WAITS_CUSTOMER if whom == State.WAITING_CUSTOMER else EventKind.WAITS_TEAM
        tell(locked, actor, Happening.STATE, State(whom).label, note, event=event)


def resume(actor: User, case: Case, version: int) -> None:
    """Go on: the deadline has moved by the working time for which the clock stood."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "resume")
        tell(locked, actor, Happening.STATE, "Work goes on", event=EventKind.RESUMED)


def resolve(actor: User, case: Case, version: int, *, cause: str = "", note: str = "") -> None:
    """Say that it is made right; `cause` fills in one that is not known yet.

    Raises
    ------
    RefusedError
        With the keys `cause` and `action` for what is missing.
    """
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "resolve")
        if cause and not locked.cause:
            locked.cause = cause[:160]
        if missing := missing_to_resolve(locked):
            raise RefusedError(missing)
        locked.resolved_at = timezone.now()
        withdraw_handoffs(locked, actor)
        mark_answered(locked, actor)
        decision = standing(locked)
        next_ = follow_up_of(locked, decision.kind if decision else "").words(locked)
        body = f"{note}\n\n{next_}".strip()
        tell(locked, actor, Happening.STATE, "Resolved", body, event=EventKind.RESOLVED)


def withdraw_handoffs(case: Case, actor: User) -> None:
    """Withdraw what other teams were asked: the case is over."""
    case.handed_to = None
    Handoff.objects.filter(case=case, state=HandoffState.WAITING).update(
        state=HandoffState.WITHDRAWN, answered_at=timezone.now(), answered_by=actor
    )


def missing_to_resolve(case: Case) -> dict[str, str]:
    """Return what a case still needs before it can be resolved, by field."""
    missing = {}
    decision = standing(case)
    if decision is None:
        missing["action"] = "Take the recommended action, change it, or skip it with a reason."
    elif decision.state == ActionState.WAITING:
        missing["action"] = "Its action waits for approval."
    if not case.cause:
        missing["cause"] = "Say what caused it."
    return missing


def standing(case: Case) -> Action | None:
    """Return what was decided in a case and still holds: since it was opened, or reopened."""
    decided = case.actions.filter(reverses=None).exclude(state__in=NO_LONGER)
    if case.reopened_at is not None:
        decided = decided.filter(decided_at__gte=case.reopened_at)
    return decided.order_by("-pk").first()


def follow_up(actor: User, case: Case, version: int, note: str) -> None:
    """Ask the customer of a resolved case whether it holds, and note what they said."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "follow_up")
        if not note.strip():
            raise RefusedError({"note": "Write what was asked, and what the customer said."})
        tell(locked, actor, Happening.STATE, "Followed up", note, event=EventKind.ANSWERED)


def close(actor: User, case: Case, version: int, how: State, note: str = "") -> None:
    """End a resolved case: recovered, not recovered, or lost."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "close", how)
        locked.closed_at = timezone.now()
        tell(locked, actor, Happening.STATE, f"Closed: {State(how).label.lower()}", note)


def reopen(actor: User, case: Case, version: int, reason: str) -> None:
    """Take a case up again; its resolution runs from now, and it needs a new decision."""
    with changing(actor, case, version, do=Verb.CASE_WORK) as locked:
        go(locked, "reopen")
        if not reason.strip():
            raise RefusedError({"reason": "Say why it is taken up again."})
        locked.reopened_at = timezone.now()
        locked.resolved_at = locked.closed_at = None
        if not Recommendation.objects.filter(case=locked).exists():  # it was out of scope
            Recommendation.objects.bulk_create(recommend_in_bulk([locked]))
        tell(locked, actor, Happening.STATE, "Reopened", reason, event=EventKind.REOPENED)


@dataclass(frozen=True, slots=True)
class NewCase:
    """What somebody types who opens a case by hand."""

    customer_id: str
    title: str
    severity: Severity
    cause: str = ""
    channel: str = ""
    product: str = ""
    loss: Decimal = Decimal(0)
    currency: str = "EUR"
    is_rejected: bool = False
    note: str = ""


@transaction.atomic
def open_by_hand(actor: User, new: NewCase) -> Case:
    """Open a case for a customer; it is the actor's, and has a recommendation like any other."""
    require(actor, Verb.CASE_OPEN)
    customer, _ = Customer.objects.get_or_create(customer_id=new.customer_id.strip())
    now, (pk,) = timezone.now(), next_ids(Case, 1)
    case = Case(
        pk=pk,
        ref=f"C-{NUMBER_FROM + pk}",
        title=new.title,
        customer=customer,
        cause=new.cause,
        region=customer.region,
        segment=customer.segment,
        tier=customer.tier,
        product=new.product,
        channel=new.channel,
        opened_at=now,
        opened_because=BECAUSE_OF_A_PERSON,
        loss=new.loss,
        value_at_risk=customer.value_per_year or Decimal(0),
        currency=new.currency,
        failures_90_days=customer.cases.filter(opened_at__gte=now - REPEATED_WITHIN).count(),
        is_rejected=new.is_rejected,
        is_regulated=sheet_in_force().is_regulated(customer.region, new.product),
        n_signals=0,
        owner=actor,
        team_id=_team_of(actor, new.cause),
    )
    graded = grade(case, customer, new.severity, policy_in_force())
    set_deadlines([case], now, are_new=True)
    case.save(force_insert=True)
    for row in recommend_in_bulk([case]):
        row.save()
    tell(case, actor, Happening.STATE, BECAUSE_OF_A_PERSON, new.note)
    if graded is not None:
        graded.save()
    publish(TOPIC)
    return case


def _team_of(actor: User, cause: str) -> int | None:
    """Return the team that the cause goes to, else the actor's."""
    routes = dict(Route.objects.values_list("branch", "team_id"))
    by_cause = routes.get(cause.partition("/")[0], routes.get(""))
    return by_cause or min(actor.team_ids, default=None)
