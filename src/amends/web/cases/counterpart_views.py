"""Pages of cashier and post: where money and letters go, and what became of payments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.actions import TOPIC
from amends.web.cases.counterpart_actions import set_counterpart
from amends.web.cases.errands import Course
from amends.web.cases.letters import LETTERS
from amends.web.cases.models import Cashier, Counterpart
from amends.web.cases.paying import PAYMENTS
from amends.web.cases.payment_telling import PaymentTold, payments_for
from amends.web.ui.pages import page
from amends.web.ui.refusals import complain


@dataclass(frozen=True, slots=True)
class Words:
    """How a page calls a counterpart and its errands."""

    title: str
    errands: str
    is_on: str
    is_off: str
    is_missing: str


CASHIER: Final = Words(
    "Cashier",
    "Payments",
    "Money of actions goes out through it",
    "Switched off: payments wait",
    "Not connected: people pay by hand",
)
POST: Final = Words(
    "Post",
    "Letters",
    "Messages of playbooks go out through it",
    "Switched off: letters wait",
    "Not connected: people send by hand and say so",
)


@dataclass(frozen=True, slots=True)
class CounterpartContext:
    """Where errands go."""

    words: Words
    form: "CounterpartForm"
    counterpart: Counterpart | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PaymentsContext:
    """What became of payments."""

    payments: Sequence[PaymentTold]
    is_connected: bool
    live: tuple[str, ...] = (TOPIC,)


class CounterpartForm(forms.Form):
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
        label="They go there",
        required=False,
        help_text="Off: those that were made wait for it; new ones are done by hand.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def cashier(request: HttpRequest) -> HttpResponse:
    """Connect the cashier, or change it."""
    return _counterpart(request, PAYMENTS, CASHIER)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SYSTEM_MANAGE)
def post(request: HttpRequest) -> HttpResponse:
    """Connect the post, or change it."""
    return _counterpart(request, LETTERS, POST)


def _counterpart(request: HttpRequest, course: Course[Any, Any], words: Words) -> HttpResponse:
    known = course.counterpart._default_manager.first()  # noqa: SLF001  (Django's own name)
    initial = {"address": known.address if known else "", "is_on": known.is_on if known else True}
    form = CounterpartForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            set_counterpart(course.counterpart, current_person(request), **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            messages.success(request, "It is saved. What waits goes out within a minute.")
            return HttpResponseRedirect(request.path)
    status = 422 if request.POST else 200
    context = CounterpartContext(words, form, known, course.counts())
    return page(request, "cases/counterpart.html", context, status=status)


@require_safe
@requires(Verb.ACTION_APPROVE)
def payments(request: HttpRequest) -> HttpResponse:
    """List payments with their receipts: what is not settled first."""
    found = payments_for(current_person(request))
    context = PaymentsContext(found, Cashier.objects.filter(is_on=True).exists())
    return page(request, "cases/payments.html", context, fragment="list")
