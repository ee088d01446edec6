"""Approving: somebody else than who asked, whose authority suffices, says yes or no."""

from django.utils import timezone

from amends.engine.clocks import EventKind
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, mark_answered, tell
from amends.web.cases.authority import authority_of, suffices
from amends.web.cases.models import Action, ActionState, Case, Happening
from amends.web.cases.payments import make_payment
from amends.web.cases.remedies import words_of
from amends.web.cases.reversing import carry_out
from amends.web.cases.transitions import RefusedError, require_move


def waiting_action(case: Case) -> Action | None:
    """Return what waits for approval in a case: at most one thing does."""
    return case.actions.filter(state=ActionState.WAITING).first()


def approve_action(actor: User, case: Case, version: int) -> Action:
    """Approve what waits: by somebody else than who asked, whose authority suffices."""
    with changing(actor, case, version, do=Verb.ACTION_APPROVE) as locked:
        action = _waiting(actor, locked)
        action.approved_at, action.approved_by = timezone.now(), actor
        if action.reverses is not None:
            carry_out(action, action.approved_at)
            tell(locked, actor, Happening.ACTION, f"Approved: take back: {words_of(action)}")
            return action
        action.state = ActionState.TAKEN
        action.save()
        make_payment(action, action.approved_at)
        mark_answered(locked, actor)
        title = f"Approved: {words_of(action)}"
        tell(locked, actor, Happening.ACTION, title, event=EventKind.ANSWERED)
        return action


def refuse_action(actor: User, case: Case, version: int, reason: str) -> Action:
    """Refuse what waits, with a reason; another action can then be chosen."""
    with changing(actor, case, version, do=Verb.ACTION_APPROVE) as locked:
        if not reason.strip():
            raise RefusedError({"reason": "Say why, for whoever asked."})
        action = _waiting(actor, locked)
        action.state = ActionState.REFUSED
        action.approved_by = actor
        action.save()
        tell(locked, actor, Happening.ACTION, f"Approval refused: {words_of(action)}", reason)
        return action


def may_approve(actor: User, action: Action) -> bool:
    """Whether the actor's authority suffices for an action that somebody else asked for."""
    is_other = action.decided_by_id != actor.pk
    return is_other and suffices(authority_of(actor), action.approver)


def _waiting(actor: User, case: Case) -> Action:
    action = waiting_action(case)
    if action is None or action.reverses_id is None:
        require_move(case, "approve")
    if action is None:
        raise RefusedError("Nothing waits for approval here.")
    if action.decided_by_id == actor.pk:
        raise RefusedError("You asked for this yourself: somebody else approves it.")
    if not may_approve(actor, action):
        needed = action.approver.replace("_", " ")
        raise RefusedError(f"This is for the {needed}: it is above your own limit.")
    return action
