"""Pages of handoffs between teams, and of who is responsible for what."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.models import Team
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.actions import TOPIC
from amends.web.cases.handoff_telling import HandoffGroup, handoffs_for
from amends.web.cases.models import Part, Responsibility, Step
from amends.web.cases.responsibilities import Row, branch_choices, set_responsibility, table
from amends.web.ui.pages import done, page
from amends.web.ui.refusals import complain

SELECT = {"class": "select"}


@dataclass(frozen=True, slots=True)
class HandoffsContext:
    """What waits between teams."""

    groups: Sequence[HandoffGroup]
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class ResponsibilitiesContext:
    """Who does what."""

    rows: Sequence[Row]
    steps: Sequence[str]
    may_edit: bool


@dataclass(frozen=True, slots=True)
class ResponsibilityContext:
    """The form of one step."""

    form: "ResponsibilityForm"
    title: str


class ResponsibilityForm(forms.Form):
    """Who does what in one step."""

    responsible = forms.ModelChoiceField(
        Team.objects.all(), label="Does it", empty_label=None, widget=forms.Select(attrs=SELECT)
    )
    accountable = forms.ModelChoiceField(
        Team.objects.all(),
        label="Answers for it",
        empty_label=None,
        widget=forms.Select(attrs=SELECT),
    )
    consulted = forms.ModelMultipleChoiceField(
        Team.objects.all(),
        label="Is asked first",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    informed = forms.ModelMultipleChoiceField(
        Team.objects.all(), label="Is told", required=False, widget=forms.CheckboxSelectMultiple
    )


@require_safe
@requires(Verb.CASE_READ)
def handoffs(request: HttpRequest) -> HttpResponse:
    """List what waits between teams."""
    context = HandoffsContext(handoffs_for(current_person(request), timezone.now()))
    return page(request, "cases/handoffs.html", context, fragment="list")


@require_safe
@requires(Verb.POLICY_READ)
def responsibilities(request: HttpRequest) -> HttpResponse:
    """Show who does what in every type of case."""
    may_edit = current_person(request).may(Verb.PLAYBOOK_EDIT)
    context = ResponsibilitiesContext(table(), [step.label for step in Step], may_edit)
    return page(request, "cases/responsibilities.html", context, fragment="list")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.PLAYBOOK_EDIT)
def responsibility(request: HttpRequest, step: str, branch: str = "") -> HttpResponse:
    """Say who does what in one step of one type of case."""
    labels = dict(branch_choices())
    if branch not in labels or step not in Step.values:
        raise Http404
    form = ResponsibilityForm(request.POST or None, initial=_initial(branch, step))
    if form.is_valid():
        try:
            set_responsibility(current_person(request), branch, step, **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            return done(request, reverse("cases:responsibilities"), changed="responsibilities")
    context = ResponsibilityContext(form, f"{labels[branch]}: {Step(step).label.lower()}")
    status = 422 if request.POST else 200
    return page(request, "cases/responsibility.html", context, fragment="drawer", status=status)


def _initial(branch: str, step: str) -> dict[str, object]:
    rows = list(Responsibility.objects.filter(branch=branch, step=step))
    rows = rows or list(Responsibility.objects.filter(branch="", step=step))
    found: dict[str, list[int]] = {part.value: [] for part in Part}
    for row in rows:
        found[row.part].append(row.team_id)
    single = (Part.RESPONSIBLE, Part.ACCOUNTABLE)
    return {**found, **{part.value: next(iter(found[part]), None) for part in single}}
