"""Payments as pages show them: what, where it is, and the receipt of every try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet

from amends.web.accounts.models import User
from amends.web.cases.models import Case, Payment, PaymentState, PaymentTry
from amends.web.cases.queries import readable
from amends.web.cases.wording import amount_words
from amends.web.ui.parts import Tone

TONES: Final[Mapping[str, Tone]] = {
    PaymentState.WAITING: "low",
    PaymentState.SENDING: "brand",
    PaymentState.RECEIVED: "good",
    PaymentState.REFUSED: "critical",
    PaymentState.WITHDRAWN: "low",
}
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


def payments_of(case: Case) -> list[PaymentTold]:
    """Return the payments of a case, the first one first."""
    return _told(Payment.objects.filter(action__case=case))


def payments_for(person: User) -> list[PaymentTold]:
    """Return payments within reach: those that are not settled first, then the newest."""
    rows = Payment.objects.filter(action__case__in=readable(person)).order_by("-pk")
    late = rows.exclude(state__in=[PaymentState.RECEIVED, PaymentState.WITHDRAWN])
    settled = rows.filter(state__in=[PaymentState.RECEIVED, PaymentState.WITHDRAWN])
    return [*_told(late[:SHOWN]), *_told(settled[:SHOWN])]


def counts() -> dict[str, int]:
    """Return how many payments are in each state, by its label."""
    found = Payment.objects.order_by().values_list("state").annotate(n=Count("pk"))
    known = dict(found.values_list("state", "n"))
    return {state.label: known.get(state.value, 0) for state in PaymentState}


def _told(payments: QuerySet[Payment]) -> list[PaymentTold]:
    rows = payments.select_related("action__case", "reverses")
    return [
        PaymentTold(
            payment,
            payment.action.case,
            _title(payment),
            PaymentState(payment.state).label,
            TONES[payment.state],
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
