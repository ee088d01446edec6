"""Taking back what was given: an action of its own, with a reason, approved by somebody else.

What it takes back holds until the cashier says that the money is back: until then nothing can be
given in its place.
"""

from datetime import datetime
from typing import Final

from django.utils import timezone

from amends.engine.recommend.facts import ROLES
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import changing, tell
from amends.web.cases.approvers import APPROVE_WITHIN, ask_approvers
from amends.web.cases.models import Action, ActionState, Case, Happening, Payment, PaymentState
from amends.web.cases.paying import send_again
from amends.web.cases.payments import make_reversal, payment_of, withdraw
from amends.web.cases.remedies import words_of
from amends.web.cases.transitions import RefusedError, require_move

LEAST_APPROVER: Final = "team_leader"


def reversible(case: Case) -> Action | None:
    """Return the newest action with money of a case that can be taken back."""
    taken = case.actions.filter(state=ActionState.TAKEN, reverses=None, amount__gt=0)
    asked = Action.objects.filter(
        reverses__in=taken, state__in=[ActionState.WAITING, ActionState.APPROVED]
    )
    return taken.exclude(pk__in=asked.values("reverses")).order_by("-pk").first()


def reverse_action(actor: User, case: Case, version: int, reason: str) -> Action:
    """Ask for the newest money of a case to be taken back; it always needs approval."""
    with changing(actor, case, version, do=Verb.ACTION_TAKE) as locked:
        require_move(locked, "reverse")
        if not reason.strip():
            raise RefusedError({"reason": "Say why: whoever approves it reads this."})
        if locked.actions.filter(state=ActionState.WAITING).exists():
            raise RefusedError("Something waits for approval here: have it decided first.")
        given = reversible(locked)
        if given is None:
            raise RefusedError("No money was given here that could be taken back.")
        action = Action.objects.create(
            case=locked,
            kind=given.kind,
            amount=given.amount,
            owed=given.owed,
            currency=given.currency,
            state=ActionState.WAITING,
            decided_at=timezone.now(),
            decided_by=actor,
            is_recommended=False,
            reverses=given,
            reason=reason.strip(),
            approver=max(given.approver or LEAST_APPROVER, LEAST_APPROVER, key=ROLES.index),
            expires_at=timezone.now() + APPROVE_WITHIN,
        )
        title = f"Sent for approval: take back: {words_of(given)}"
        tell(locked, actor, Happening.ACTION, title, reason)
        ask_approvers(action)
        return action


def carry_out(action: Action, now: datetime) -> None:
    """Take back what an approved reversal names: by the cashier, or at once if no money moved."""
    given = action.reverses
    assert given is not None  # noqa: S101  (it is a reversal)
    if given.state != ActionState.TAKEN:
        raise RefusedError("It was undone meanwhile: nothing is left to take back. Refuse this.")
    payment = payment_of(given)
    action.state = ActionState.APPROVED
    action.save()
    if payment is not None and payment.state == PaymentState.RECEIVED:
        make_reversal(action, payment, now)
        return
    if payment is not None and not withdraw(payment, now):
        raise RefusedError(
            "Nobody knows yet whether its money arrived. Wait for the cashier’s receipt, or send "
            "the payment again."
        )
    given.state = ActionState.REVERSED
    given.save()


def refused_payment(case: Case) -> Payment | None:
    """Return the oldest payment of a case that the cashier refused."""
    return Payment.objects.filter(action__case=case, state=PaymentState.REFUSED).first()


def send_payment_again(actor: User, case: Case, version: int) -> Payment:
    """Have a refused payment sent once more, under the same key."""
    with changing(actor, case, version, do=Verb.ACTION_APPROVE) as locked:
        found = refused_payment(locked)
        payment = payment_of(found.action) if found is not None else None
        if payment is None or payment.state != PaymentState.REFUSED:
            raise RefusedError("No payment was refused here.")
        send_again(payment, timezone.now())
        tell(locked, actor, Happening.ACTION, f"Sent again: {words_of(payment.action)}")
        return payment
