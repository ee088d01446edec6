"""Payments as pages show them: what, where it is, and the receipt of every try."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from amends.web.accounts.access import can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.approving import may_approve
from amends.web.cases.models import Action, ActionState, Case, Payment, PaymentState, PaymentTry
from amends.web.cases.queries import readable, waits_for_approval
from amends.web.cases.wording import ERRAND_TONES, amount_words
from amends.web.ui.parts import Tone

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class PaymentTold:
    """One payment with its tries, the newest last."""

    payment: Payment
    case: Case
    title: str
    state: str
    tone: Tone
    note: str
    tries: Sequence[PaymentTry]


@dataclass(frozen=True, slots=True)
class MoneyTold:
    """The money of a case, and what a person may do about it."""

    payments: Sequence[PaymentTold]
    send_again: bool
    """Whether the person may have a refused payment sent again."""
    reverse: str
    """The money that the person may ask to have taken back; empty: none."""
    to_approve: str
    """The reversal that the person may approve; empty: none."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.payments or self.reverse or self.to_approve)


def money_told(person: User, case: Case) -> MoneyTold:
    """Return the money of a case whose actions were fetched with it."""
    payments = _told(Payment.objects.filter(action__case=case))
    actions = list(case.actions.all())
    waiting = waits_for_approval(case)
    is_refused = any(told.payment.state == PaymentState.REFUSED for told in payments)
    given = None
    if waiting is None and can(person, Verb.ACTION_TAKE, case):
        given = _reversible(actions)
    asked = waiting if waiting is not None and waiting.reverses_id is not None else None
    may = asked and can(person, Verb.ACTION_APPROVE, case) and may_approve(person, asked)
    return MoneyTold(
        payments,
        is_refused and can(person, Verb.ACTION_APPROVE, case),
        amount_words(given.amount, given.currency) if given else "",
        amount_words(asked.amount, asked.currency) if asked and may else "",
    )


def _reversible(actions: Sequence[Action]) -> Action | None:
    """Return what `reversing.reversible` returns, of actions at hand."""
    asked = {a.reverses_id for a in actions if a.state == ActionState.APPROVED}
    given = [a for a in actions if a.state == ActionState.TAKEN and a.amount > 0]
    return next((a for a in reversed(given) if not a.reverses_id and a.pk not in asked), None)


def payments_for(person: User) -> list[PaymentTold]:
    """Return payments within reach: those that are not settled first, then the newest."""
    rows = Payment.objects.filter(action__case__in=readable(person)).order_by("-pk")
    late = rows.exclude(state__in=[PaymentState.RECEIVED, PaymentState.WITHDRAWN])
    settled = rows.filter(state__in=[PaymentState.RECEIVED, PaymentState.WITHDRAWN])
    return [*_told(late[:SHOWN]), *_told(settled[:SHOWN])]


def _told(payments: QuerySet[Payment]) -> list[PaymentTold]:
    rows = payments.select_related("action__case", "reverses")
    return [
        PaymentTold(
            payment,
            payment.action.case,
            _title(payment),
            PaymentState(payment.state).label,
            ERRAND_TONES[payment.state],
            _note(payment),
            list(payment.tries.all()),
        )
        for payment in rows.prefetch_related("tries")
    ]


def _title(payment: Payment) -> str:
    money = amount_words(payment.amount, payment.currency)
    return f"Take {money} back" if payment.reverses_id else f"Pay {money}"


def _note(payment: Payment) -> str:
    if payment.state == PaymentState.RECEIVED:
        return f"receipt {payment.reference}" if payment.reference else "received"
    if payment.state == PaymentState.WAITING and not payment.n_tries:
        return "it goes out once it can no longer be undone"
    return payment.answer
