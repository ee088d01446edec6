"""The day's budgets of goodwill: where they stand, and the form that sets them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.limit_actions import set_budget
from amends.web.cases.pacing import Pace, paces
from amends.web.cases.queries import usual_currency
from amends.web.cases.wording import amount_words
from amends.web.recommend.models import GoodwillBudget, PacedDay
from amends.web.ui.pages import done, page
from amends.web.ui.refusals import complain

LIMITS = "limits"
DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class BudgetTold:
    """One budget in words; `share` of the day's amount is spent, at most 1."""

    budget: GoodwillBudget
    amount: str
    spent: str
    planned: str
    share: float
    is_ahead: bool
    """More was given than was planned until now."""
    price: str
    """Empty when money is not short."""
    counts_as: str
    days: Sequence["DayTold"]


@dataclass(frozen=True, slots=True)
class DayTold:
    """A day that is over."""

    day: PacedDay
    spent: str
    amount: str
    price: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class BudgetContext:
    """The form of a budget."""

    form: "BudgetForm"
    budget: GoodwillBudget | None


class BudgetForm(forms.Form):
    """How much goodwill a day, and why."""

    currency = forms.RegexField(r"^[A-Z]{3}$", label="Currency", max_length=3)
    amount = forms.DecimalField(
        label="Goodwill a day",
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text="What is owed is paid besides, whatever the budget.",
    )
    reason = forms.CharField(
        label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"})
    )

    def __init__(self, data: Any, known: GoodwillBudget | None) -> None:  # noqa: ANN401  (Django's own)
        start = {"currency": known.currency if known else usual_currency()}
        super().__init__(data, initial=start | ({"amount": known.amount} if known else {}))
        if known:
            self.fields["currency"].disabled = True


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_PUBLISH)
def budget(request: HttpRequest, currency: str = "") -> HttpResponse:
    """Set the budget of a currency, or change it."""
    known = get_object_or_404(GoodwillBudget, currency=currency) if currency else None
    form = BudgetForm(request.POST or None, known)
    if form.is_valid():
        try:
            set_budget(current_person(request), **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            return done(request, reverse("cases:limits"), changed=LIMITS)
    status = 422 if request.POST else 200
    context = BudgetContext(form, known)
    return page(request, "cases/budget.html", context, fragment="drawer", status=status)


@require_POST
@requires(Verb.POLICY_PUBLISH)
def removal(request: HttpRequest, currency: str) -> HttpResponse:
    """Pace a currency no longer."""
    get_object_or_404(GoodwillBudget, currency=currency)
    try:
        set_budget(current_person(request), currency, None, request.POST.get("reason", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return done(request, reverse("cases:limits"), changed=LIMITS)


def budgets_told() -> list[BudgetTold]:
    """Return where every budget stands."""
    return [_told(pace) for pace in paces(timezone.now())]


def _told(pace: Pace) -> BudgetTold:
    budget, code = pace.budget, pace.budget.currency
    one, counted = (words.money(value, code, cents=True) for value in (1.0, 1 + pace.price))
    return BudgetTold(
        budget=budget,
        amount=amount_words(budget.amount, code),
        spent=amount_words(pace.spent, code),
        planned=amount_words(pace.planned, code),
        share=min(1.0, float(pace.spent / budget.amount)),
        is_ahead=pace.spent > pace.planned,
        price=_price(pace.price),
        counts_as=f"each {one} of goodwill counts as {counted}",
        days=[
            DayTold(
                day,
                amount_words(day.spent, code),
                amount_words(day.amount, code),
                _price(day.price) or "0",
                day.spent > day.amount,
            )
            for day in budget.days.order_by("-day")[:DAYS_SHOWN]
        ],
    )


def _price(price: float) -> str:
    return words.number(price, 2) if price >= 0.005 else ""
