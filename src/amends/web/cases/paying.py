"""Paying: the errands to the cashier, and what follows in a case when money moved or did not."""

from datetime import datetime
from typing import Final

from amends.web.cases.actions import tell
from amends.web.cases.errands import Course
from amends.web.cases.models import (
    ActionState,
    Case,
    Cashier,
    Happening,
    Payment,
    PaymentState,
    PaymentTry,
)
from amends.web.cases.payments import body_of
from amends.web.cases.wording import amount_words


def send_again(payment: Payment, now: datetime) -> None:
    """Have a refused payment sent once more, under the same key."""
    payment.state, payment.due_at, payment.settled_at = PaymentState.WAITING, now, None
    payment.save()


def _receive(case: Case, payment: Payment) -> None:
    money = amount_words(payment.amount, payment.currency)
    if payment.reverses is None:
        title = f"The cashier pays {money}"
    else:
        title = f"The cashier takes {money} back"
        reversed_ = payment.reverses.action
        reversed_.state = ActionState.REVERSED
        reversed_.save()
    receipt = f"Receipt {payment.reference}" if payment.reference else ""
    tell(case, None, Happening.ACTION, title, receipt)


def _refuse(case: Case, payment: Payment) -> None:
    money = amount_words(payment.amount, payment.currency)
    tell(case, None, Happening.ACTION, f"The cashier did not take {money}", payment.answer)


PAYMENTS: Final = Course(
    errands=Payment,
    tries=PaymentTry,
    counterpart=Cashier,
    name="payment",
    case="action__case",
    body_of=body_of,
    receive=_receive,
    refuse=_refuse,
)
