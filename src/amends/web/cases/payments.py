"""Payments of actions: made with the decision, in its transaction; withdrawn before they went out.

Without a cashier nothing is made here: people pay by hand, as the playbook's steps say.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Q

from amends.engine.contracts import ActionKind
from amends.web.cases.counterpart import STILL_AT_IT
from amends.web.cases.models import Action, Cashier, Payment, PaymentState

UNDO_WITHIN: Final = timedelta(minutes=1)
"""So long a decision can be taken back; its money goes out afterwards."""


def money_of(action: Action) -> Decimal:
    """Return what a cashier moves for an action; a replacement itself is goods."""
    return action.owed if action.kind == ActionKind.REPLACEMENT else action.amount


def make_payment(action: Action, now: datetime) -> Payment | None:
    """Make the payment of an action that was just taken; None: no money, or nobody to move it."""
    amount = money_of(action)
    if amount <= 0 or not Cashier.objects.filter(is_on=True).exists():
        return None
    return Payment.objects.create(
        action=action,
        amount=amount,
        owed=action.owed,
        currency=action.currency,
        created_at=now,
        due_at=now + UNDO_WITHIN,
    )


def make_reversal(action: Action, payment: Payment, now: datetime) -> Payment:
    """Make the payment that takes a received one back."""
    return Payment.objects.create(
        action=action,
        reverses=payment,
        amount=payment.amount,
        owed=payment.owed,
        currency=payment.currency,
        created_at=now,
        due_at=now,
    )


def payment_of(action: Action) -> Payment | None:
    """Return the payment of an action, locked until this transaction ends."""
    return Payment.objects.select_for_update(of=("self",)).filter(action=action).first()


def withdraw(payment: Payment, now: datetime) -> bool:
    """Withdraw a payment if it is certain that no money moved; False: it is not."""
    is_idle = payment.state in {PaymentState.WAITING, PaymentState.REFUSED}
    is_refusal = Q(status__gte=300, status__lt=500) & ~Q(status=STILL_AT_IT)
    may_have_arrived = Q(status=None) | ~is_refusal
    if not is_idle or payment.tries.filter(may_have_arrived).exists():
        return False
    payment.state, payment.settled_at = PaymentState.WITHDRAWN, now
    payment.save()
    return True


def body_of(payment: Payment) -> bytes:
    """Return what the cashier is told: the same bytes at every try. Amounts are decimal strings."""
    action = payment.action
    told = {
        "type": "payment.reversed" if payment.reverses else "payment.requested",
        "timestamp": payment.created_at.isoformat(),
        "data": {
            "key": str(payment.key),
            "reverses": str(payment.reverses.key) if payment.reverses else None,
            "customer_id": action.case.customer_id,
            "case": action.case.ref,
            "action": action.kind,
            "amount": f"{payment.amount:.2f}",
            "owed": f"{payment.owed:.2f}",
            "currency": payment.currency,
        },
    }
    return json.dumps(told, separators=(",", ":")).encode()
