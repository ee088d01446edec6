"""Pages of payments: where they go, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.actions import TOPIC
from amends.web.cases.cashier_actions import set_cashier
from amends.web.cases.models import Cashier
from amends.web.cases.payment_telling import PaymentTold, counts, payments_for
from amends.web.ui.pages import page
from amends.web.ui.refusals import complain


@dataclass(frozen=True, slots=True)
class CashierContext:
    """Where payments go."""

    form: "CashierForm"
    cashier: Cashier | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PaymentsContext:
    """What became of payments."""

    payments: Sequence[PaymentTold]
    is_connected: bool
    live: tuple[str, ...] = (TOPIC,)


class CashierForm(forms.Form):
    """Address and secret."""

    address = forms.CharField(
        label="Address",
        max_length=300,
        help_text="It takes POST requests with JSON and counts each Idempotency-Key once, also one "
        "that it met at the address before.",
    )
    secret = forms.CharField(
        label="Secret",
        max_length=200,
        required=False,
        help_text="Signs each request as Standard Webhooks says. Sealed, and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    is_on = forms.BooleanField(
        label="Payments go there",
        required=False,
        help_text="Off: those that were made wait for it; new money is paid by hand.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def cashier(request: HttpRequest) -> HttpResponse:
    """Connect the cashier, or change it."""
    known = Cashier.objects.first()
    initial = {"address": known.address if known else "", "is_on": known.is_on if known else True}
    form = CashierForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            set_cashier(current_person(request), **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(request, "It is saved. What waits goes out within a minute.")
            return HttpResponseRedirect(reverse("cases:cashier"))
    status = 422 if request.POST else 200
    return page(request, "cases/cashier.html", CashierContext(form, known, counts()), status=status)


@require_safe
@requires(Verb.ACTION_APPROVE)
def payments(request: HttpRequest) -> HttpResponse:
    """List payments with their receipts: what is not settled first."""
    found = payments_for(current_person(request))
    context = PaymentsContext(found, Cashier.objects.filter(is_on=True).exists())
    return page(request, "cases/payments.html", context, fragment="list")
