"""A customer leaves the cases: what was done and what came of it stays, whom it concerned does not.

The history of rows is append-only for everything but this.
"""

import json
from collections.abc import Sequence
from typing import Final

import pgtrigger
from django.apps import apps
from django.db.models import Model, QuerySet

from amends.web.cases.models import (
    Action,
    Case,
    Entry,
    ErrandState,
    Handoff,
    Letter,
    LetterTry,
    Payment,
    PaymentState,
    PaymentTry,
    Recommendation,
)
from amends.web.intake.models import Customer

ERASED: Final = "Erased"
_HISTORIES: Final = ("cases.CaseEvent", "cases.ActionEvent")


def cases_of(customer_id: str) -> int:
    """Return how many cases a customer has."""
    return Case.objects.filter(customer_id=customer_id).count()


def take_customer_off(customer_id: str, pseudonym: str) -> int:
    """Give the cases of a customer to somebody without name, value or words; return how many.

    To be called in a transaction. Cause, severity, dates, amounts and outcomes stay.
    """
    cases = list(Case.objects.filter(customer_id=customer_id).values_list("pk", flat=True))
    if not cases:
        return 0
    Customer.objects.get_or_create(customer_id=pseudonym, defaults={"name": ERASED})
    Case.objects.filter(pk__in=cases).update(
        customer_id=pseudonym, title=ERASED, signal_id=None, value_at_risk=0
    )
    Action.objects.filter(case__in=cases).update(reason="")
    _forget_payments(cases)
    _forget_letters(cases)
    Handoff.objects.filter(case__in=cases).update(
        summary=ERASED, promises=ERASED, next_step=ERASED, reason=""
    )
    _rename_in_log(cases, customer_id, pseudonym)
    Entry.objects.filter(case__in=cases).update(body="", title=ERASED, signal_id=None)
    with pgtrigger.ignore(*(f"{name}:append_only" for name in _HISTORIES)):
        history = _history("CaseEvent").filter(pgh_obj_id__in=cases)
        history.update(customer_id=pseudonym, title=ERASED, signal_id=None, value_at_risk=0)
        _history("ActionEvent").filter(case_id__in=cases).update(reason="")
    return len(cases)


def _forget_payments(cases: Sequence[int]) -> None:
    """Withdraw what still waits, since it names the customer; forget what the cashier answered."""
    payments = Payment.objects.filter(action__case__in=cases)
    is_open = [PaymentState.WAITING, PaymentState.SENDING]
    payments.filter(state__in=is_open).update(state=PaymentState.WITHDRAWN)
    payments.update(answer="")
    PaymentTry.objects.filter(payment__in=payments).update(answer="")


def _forget_letters(cases: Sequence[int]) -> None:
    """Withdraw what still waits; that something was written stays, its words do not."""
    letters = Letter.objects.filter(case__in=cases)
    is_open = [ErrandState.WAITING, ErrandState.SENDING]
    letters.filter(state__in=is_open).update(state=ErrandState.WITHDRAWN)
    letters.update(text=ERASED, answer="")
    LetterTry.objects.filter(letter__in=letters).update(answer="")


def forget_words(signal_ids: Sequence[str]) -> int:
    """Take the words of these signals out of the timelines that quote them; return how many."""
    return (
        Entry.objects.filter(signal_id__in=signal_ids)
        .exclude(body="")
        .update(body="", title=ERASED)
    )


def _rename_in_log(cases: Sequence[int], customer_id: str, pseudonym: str) -> None:
    """Keep what the recommender learns from, about somebody else."""
    logged = list(Recommendation.objects.filter(case__in=cases))
    for row in logged:
        told = json.dumps(row.record).replace(json.dumps(customer_id), json.dumps(pseudonym))
        row.record, row.explanation = json.loads(told), None
    Recommendation.objects.bulk_update(logged, ["record", "explanation"])


def _history(name: str) -> QuerySet[Model]:
    rows: QuerySet[Model] = apps.get_model("cases", name)._default_manager.all()  # noqa: SLF001  (Django's own name)
    return rows
