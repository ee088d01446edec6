"""Paying: every payment is claimed by one worker, sent without a transaction, and has a receipt.

A claim and its try are committed before anything is sent. When the worker dies between sending and
receipt, the claim runs out and the next worker sends the same bytes under the same key: the cashier
counts a key once, so money moves exactly once. A receipt of any try settles the payment.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.web.cases.actions import TOPIC, tell
from amends.web.cases.cashier import DEADLINE_SECONDS, LONGEST_ANSWER, Answer, tell_cashier
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
from amends.web.intake.sealing import unseal
from amends.web.ui.live import publish

log = logging.getLogger(__name__)

LOST_AFTER: Final = timedelta(seconds=3 * DEADLINE_SECONDS)
"""No try lasts as long: its worker has ended."""
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=6)
MOST_TRIES: Final = 20
"""About three days; then somebody looks. The key stays the same."""
MOST_AT_ONCE: Final = 200


def pay_due(clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what is due, one after another; return how many receipts came.

    When the cashier does not answer, the others wait for the next round.
    """
    received = 0
    for _ in range(MOST_AT_ONCE):
        cashier = Cashier.objects.filter(is_on=True).first()
        attempt = claim(clock()) if cashier is not None else None
        if cashier is None or attempt is None:
            break
        answer = _sent(cashier, attempt.payment)
        settle(attempt, answer, clock())
        received += answer.is_receipt
        if answer.status is None:
            break
    return received


def claim(now: datetime) -> PaymentTry | None:
    """Take the payment that has waited longest, or whose worker ended; None: nothing is due."""
    with transaction.atomic():
        due = Q(state=PaymentState.WAITING, due_at__lte=now)
        lost = Q(state=PaymentState.SENDING, claimed_at__lt=now - LOST_AFTER)
        rows = Payment.objects.filter(due | lost).order_by("due_at", "pk")
        mine = rows.select_for_update(skip_locked=True, of=("self",))
        payment = mine.select_related("action__case", "reverses").first()
        if payment is None:
            return None
        payment.state, payment.claimed_at = PaymentState.SENDING, now
        payment.n_tries += 1
        payment.save()
        return PaymentTry.objects.create(payment=payment, number=payment.n_tries, started_at=now)


def settle(attempt: PaymentTry, answer: Answer, now: datetime) -> None:
    """Write down how a try ended and what follows; what was settled before stays so."""
    with transaction.atomic():
        found = Payment.objects.filter(pk=attempt.payment_id).values_list("action__case", flat=True)
        case = Case.objects.select_for_update().get(pk=found.get())
        payment = Payment.objects.select_for_update(of=("self",)).get(pk=attempt.payment_id)
        attempt.ended_at, attempt.status, attempt.answer = now, answer.status, answer.text
        attempt.save()
        is_newest = payment.n_tries == attempt.number and payment.state == PaymentState.SENDING
        if answer.is_receipt and payment.state != PaymentState.RECEIVED:
            _receive(case, payment, answer, now)
        elif is_newest:
            _fail(case, payment, answer, now)
        publish(TOPIC)


def send_again(payment: Payment, now: datetime) -> None:
    """Have a refused payment sent once more, under the same key."""
    payment.state, payment.due_at, payment.settled_at = PaymentState.WAITING, now, None
    payment.save()


def _receive(case: Case, payment: Payment, answer: Answer, now: datetime) -> None:
    payment.state, payment.settled_at = PaymentState.RECEIVED, now
    payment.reference, payment.answer = answer.reference, answer.text
    payment.save()
    money = amount_words(payment.amount, payment.currency)
    if payment.reverses is None:
        title = f"The cashier pays {money}"
    else:
        title = f"The cashier takes {money} back"
        reversed_ = payment.reverses.action
        reversed_.state = ActionState.REVERSED
        reversed_.save()
    receipt = f"Receipt {answer.reference}" if answer.reference else ""
    tell(case, None, Happening.ACTION, title, receipt)


def _fail(case: Case, payment: Payment, answer: Answer, now: datetime) -> None:
    payment.answer = answer.text
    if answer.is_final or payment.n_tries >= MOST_TRIES:
        payment.state, payment.settled_at = PaymentState.REFUSED, now
        money = amount_words(payment.amount, payment.currency)
        tell(case, None, Happening.ACTION, f"The cashier did not take {money}", answer.text)
    else:
        pause = min(FIRST_PAUSE * 2 ** min(payment.n_tries - 1, 12), LONGEST_PAUSE)
        asked = min(timedelta(seconds=answer.wait_seconds), LONGEST_PAUSE)
        payment.state, payment.due_at = PaymentState.WAITING, now + max(pause, asked)
    payment.save()


def _sent(cashier: Cashier, payment: Payment) -> Answer:
    """Send it. Whatever happens there is an answer: a try without one holds the money back."""
    try:
        secret = unseal(cashier.secret)["secret"]
        body = body_of(payment)
        return tell_cashier(cashier.address, secret, str(payment.key), body, timezone.now())
    except BadInput as error:
        return Answer(None, f"It could not be sent: {error}"[:LONGEST_ANSWER])
    except Exception as error:
        log.exception("Payment %s could not be sent", payment.key)
        return Answer(None, f"It could not be sent ({type(error).__name__}): see the log.")
