"""Approving: somebody else, whose authority suffices and who does not benefit, says yes or no."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import TOPIC, changing, mark_answered, tell
from amends.web.cases.approvers import authority_for
from amends.web.cases.limits import alone_with
from amends.web.cases.models import Action, ActionState, Case, Happening
from amends.web.cases.payments import make_payment
from amends.web.cases.remedies import words_of
from amends.web.cases.reversing import carry_out
from amends.web.cases.transitions import RefusedError, require_move
from amends.web.ui.live import publish


def waiting_action(case: Case) -> Action | None:
    """Return what waits for approval in a case: at most one thing does."""
    return case.actions.filter(state=ActionState.WAITING).first()


def approve_action(actor: User, case: Case, version: int) -> Action:
    """Approve what waits, before it expires and within one's own limits."""
    with changing(actor, case, version, do=Verb.ACTION_APPROVE) as locked:
        action, whose = _waiting(actor, locked)
        action.approved_at, action.approved_by = timezone.now(), actor
        action.approved_for = whose
        instead = f"For {whose}, who is away." if whose != actor else ""
        if action.reverses is not None:
            carry_out(action, action.approved_at)
            title = f"Approved: take back: {words_of(action)}"
            tell(locked, actor, Happening.ACTION, title, instead)
            return action
        action.state = ActionState.TAKEN
        action.save()
        make_payment(action, action.approved_at)
        mark_answered(locked, actor)
        title = f"Approved: {words_of(action)}"
        tell(locked, actor, Happening.ACTION, title, instead, event=EventKind.ANSWERED)
        return action


def refuse_action(actor: User, case: Case, version: int, reason: str) -> Action:
    """Refuse what waits, with a reason; another action can then be chosen."""
    with changing(actor, case, version, do=Verb.ACTION_APPROVE) as locked:
        if not reason.strip():
            raise RefusedError({"reason": "Say why, for whoever asked."})
        action, whose = _waiting(actor, locked)
        action.approved_for = whose
        action.state = ActionState.REFUSED
        action.approved_by = actor
        action.save()
        tell(locked, actor, Happening.ACTION, f"Approval refused: {words_of(action)}", reason)
        return action


def expire_requests(now: datetime) -> int:
    """End requests that nobody approved in time, so that something else can be chosen."""
    late = Action.objects.filter(state=ActionState.WAITING, expires_at__lte=now)
    return sum(_expire(pk, now) for pk in list(late.values_list("case", flat=True)))


def may_approve(actor: User, action: Action) -> bool:
    """Whether the actor may approve what somebody else asked for."""
    return authority_for(actor, action, timezone.now())[0] is not None


@transaction.atomic
def _expire(case_pk: int, now: datetime) -> bool:
    case = Case.objects.select_for_update(skip_locked=True).filter(pk=case_pk).first()
    action = waiting_action(case) if case is not None else None
    if case is None or action is None or action.expires_at is None or action.expires_at > now:
        return False
    action.state = ActionState.EXPIRED
    action.save()
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    tell(case, None, Happening.ACTION, f"Nobody approved in time: {words_of(action)}")
    publish(TOPIC)
    return True


def _waiting(actor: User, case: Case) -> tuple[Action, User]:
    """Return what waits, and whose authority the actor decides it with."""
    action = waiting_action(case)
    if action is None or action.reverses_id is None:
        require_move(case, "approve")
    if action is None:
        raise RefusedError("Nothing waits for approval here.")
    now = timezone.now()
    if action.expires_at is not None and action.expires_at <= now:
        raise RefusedError("The time to approve this is over: whoever asked can ask again.")
    action.case = case
    whose, why_not = authority_for(actor, action, now)
    if whose is not None:
        alone_with(whose)  # what they gave meanwhile counts
        whose, why_not = authority_for(actor, action, now)
    if whose is None:
        raise RefusedError(why_not)
    return action, whose
