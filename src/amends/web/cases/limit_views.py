"""Pages of limits, of who stands in for whom, and of the links in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.recommend.facts import ROLES
from amends.web.accounts.access import public, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.approval_links import decide, opened
from amends.web.cases.approvers import approvers
from amends.web.cases.budget_views import LIMITS, BudgetTold, budgets_told
from amends.web.cases.forms import cause_choices
from amends.web.cases.limit_actions import come_back, remove_limit, set_limit, stand_in
from amends.web.cases.models import ApprovalLink, Limit, StandIn
from amends.web.cases.queries import usual_currency, workers
from amends.web.cases.remedies import words_of
from amends.web.cases.wording import amount_words, role_words
from amends.web.ui.pages import done, page
from amends.web.ui.refusals import complain

SELECT = {"class": "select"}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit in words."""

    limit: Limit
    whom: str
    scope: str
    per_case: str
    per_period: str


@dataclass(frozen=True, slots=True)
class LimitsContext:
    """All limits, the day's budgets, and who is away."""

    rows: Sequence[LimitRow]
    budgets: Sequence[BudgetTold]
    stand_ins: Sequence[StandIn]
    may_edit: bool
    may_leave: bool
    person: User


@dataclass(frozen=True, slots=True)
class LimitContext:
    """The form of a limit."""

    form: "LimitForm"
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class StandInContext:
    """The form of an absence."""

    form: "StandInForm"


@dataclass(frozen=True, slots=True)
class LinkContext:
    """What a link in a mail asks, and what became of it."""

    link: ApprovalLink
    words: str
    amount: str
    why_not: str
    problem: str
    outcome: str


class LimitForm(forms.Form):
    """Whom it binds, where, and how much."""

    role = forms.ChoiceField(
        label="Role in policy",
        required=False,
        choices=[("", "Everybody"), *((r, role_words(r).capitalize()) for r in ROLES)],
        widget=forms.Select(attrs=SELECT),
    )
    person = forms.ModelChoiceField(
        User.objects.none(),
        label="Or one person",
        required=False,
        empty_label="Nobody in particular",
        widget=forms.Select(attrs=SELECT),
    )
    branch = forms.ChoiceField(label="Cause", required=False, widget=forms.Select(attrs=SELECT))
    tier = forms.CharField(label="Tier", required=False, max_length=60, help_text="Empty: any.")
    region = forms.CharField(label="Region", required=False, max_length=60, help_text="Empty: any.")
    currency = forms.RegexField(r"^[A-Z]{3}$", label="Currency", max_length=3)
    per_case = forms.DecimalField(
        label="Most in a case", required=False, min_value=0, max_digits=12, decimal_places=2
    )
    per_period = forms.DecimalField(
        label="Most in a period", required=False, min_value=0, max_digits=12, decimal_places=2
    )
    days = forms.IntegerField(
        label="Days of the period", min_value=1, max_value=366, initial=30, help_text="It rolls."
    )
    reason = forms.CharField(
        label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"})
    )

    def __init__(self, data: Any, initial: dict[str, Any]) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(data, initial=initial)
        people, causes = self.fields["person"], self.fields["branch"]
        if isinstance(people, forms.ModelChoiceField):
            people.queryset = workers() | approvers()
        if isinstance(causes, forms.ChoiceField):
            causes.choices = [("", "Any"), *_branches()]


class StandInForm(forms.Form):
    """Who, and how long."""

    delegate = forms.ModelChoiceField(
        User.objects.none(),
        label="Who approves for you",
        empty_label=None,
        widget=forms.Select(attrs=SELECT),
    )
    days = forms.IntegerField(label="For how many days", min_value=1, max_value=60, initial=7)

    def __init__(self, person: User, data: Any = None) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(data)
        field = self.fields["delegate"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = approvers().exclude(pk=person.pk)


@require_safe
@requires(Verb.POLICY_READ)
def limits(request: HttpRequest) -> HttpResponse:
    """List the limits, and who stands in for whom."""
    person = current_person(request)
    away = StandIn.objects.filter(ends_at__gt=timezone.now()).select_related("person", "delegate")
    context = LimitsContext(
        [_row(limit) for limit in Limit.objects.select_related("person", "changed_by")],
        budgets_told(),
        list(away),
        person.may(Verb.POLICY_PUBLISH),
        person.may(Verb.ACTION_APPROVE),
        person,
    )
    return page(request, "cases/limits.html", context, fragment="list")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_PUBLISH)
def limit(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Add a limit, or change one."""
    known = get_object_or_404(Limit, pk=pk) if pk else None
    names = ("role", "person", "branch", "tier", "region", "currency", "per_case", "per_period")
    initial = {name: getattr(known, name) for name in (*names, "days")} if known else {}
    form = LimitForm(request.POST or None, initial or {"currency": usual_currency()})
    if form.is_valid():
        values = dict(form.cleaned_data)
        try:
            set_limit(current_person(request), known or Limit(), values, values.pop("reason"))
        except ValidationError as error:
            complain(form, error)
        else:
            return done(request, reverse("cases:limits"), changed=LIMITS)
    status = 422 if request.POST else 200
    context = LimitContext(form, known)
    return page(request, "cases/limit.html", context, fragment="drawer", status=status)


@require_POST
@requires(Verb.POLICY_PUBLISH)
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a limit."""
    known = get_object_or_404(Limit, pk=pk)
    reason = request.POST.get("reason", "")
    try:
        remove_limit(current_person(request), known, reason)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return done(request, reverse("cases:limits"), changed=LIMITS)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.ACTION_APPROVE)
def absence(request: HttpRequest) -> HttpResponse:
    """Have somebody stand in for oneself."""
    person = current_person(request)
    form = StandInForm(person, request.POST or None)
    if form.is_valid():
        ends_at = timezone.now() + timedelta(days=form.cleaned_data["days"])
        try:
            stand_in(person, form.cleaned_data["delegate"], ends_at)
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            return done(request, reverse("cases:limits"), changed=LIMITS)
    status = 422 if request.POST else 200
    return page(
        request, "cases/absence.html", StandInContext(form), fragment="drawer", status=status
    )


@require_POST
@requires(Verb.ACTION_APPROVE)
def comeback(request: HttpRequest, pk: int) -> HttpResponse:
    """End one's own absence."""
    come_back(current_person(request), pk)
    return done(request, reverse("cases:limits"), changed=LIMITS)


@require_http_methods(["GET", "HEAD", "POST"])
@public
@never_cache
def approval_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link in a mail asks; a POST decides it."""
    now, problem, outcome = timezone.now(), "", ""
    found = opened(token, now)
    if found is None:
        raise Http404
    if request.method == "POST":
        approve = request.POST.get("decision") == "approve"
        try:
            decide(token, now, approve=approve, reason=request.POST.get("reason", ""))
        except ValidationError as error:
            problem = " ".join(error.messages)
        except (PermissionDenied, Http404):
            problem = "You may no longer decide in this case."
        else:
            outcome = "Approved." if approve else "Refused. Whoever asked can choose another."
        found = opened(token, now) or found
    action = found.link.action
    words = words_of(action)
    context = LinkContext(
        found.link,
        f"Take back: {words}" if action.reverses_id else words,
        amount_words(action.amount, action.currency),
        "" if outcome else found.why_not,
        problem,
        outcome,
    )
    status = 422 if problem else 410 if found.why_not and not outcome else 200
    return page(request, "cases/approval_link.html", context, status=status)


def _row(limit: Limit) -> LimitRow:
    whom = str(limit.person) if limit.person else role_words(limit.role).capitalize()
    scope = [
        *([f"cause {limit.branch}"] if limit.branch else []),
        *([f"tier {limit.tier}"] if limit.tier else []),
        *([f"region {limit.region}"] if limit.region else []),
    ]
    return LimitRow(
        limit,
        whom or "Everybody",
        ", ".join(scope) or "everywhere",
        "" if limit.per_case is None else amount_words(limit.per_case, limit.currency),
        "" if limit.per_period is None else amount_words(limit.per_period, limit.currency),
    )


def _branches() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for label, leaves in cause_choices():
        branch = leaves[0][0].partition("/")[0]
        found.append((label, [(branch, f"All of {label}"), *leaves]))
    return found
