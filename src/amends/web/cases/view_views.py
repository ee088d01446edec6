"""Pages of saved views of the queue: built from conditions, with how many cases fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases import queries, view_actions
from amends.web.cases.asked import asked_of
from amends.web.cases.filtering import FIELDS, MOST_GROUPS, ConditionError, Groups, groups_q
from amends.web.cases.models import OPEN, SavedView
from amends.web.cases.view_forms import Row, ViewForm, changed, groups_in, rows_of, start_of
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.refusals import complain


@dataclass(frozen=True, slots=True)
class ViewContext:
    """The form of a view."""

    form: ViewForm
    view: SavedView | None
    groups: list[list[Row]]
    fields: Sequence[tuple[str, str]]
    n: int | None
    """Open cases that fit; None when the conditions make no sense yet."""
    problem: str
    may_share: bool
    may_add_list: bool


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_READ)
def new(request: HttpRequest) -> HttpResponse:
    """Make a view, which begins with what the queue is narrowed to."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.CASE_READ)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own view."""
    return _edit(request, get_object_or_404(SavedView, pk=pk, owner=current_person(request)))


@require_POST
@requires(Verb.CASE_READ)
def deletion(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw one's own view away."""
    person = current_person(request)
    view = get_object_or_404(SavedView, pk=pk, owner=person)
    view_actions.delete_view(person, view)
    messages.success(request, f"The view “{view}” is gone.")
    return redirect("cases:queue")


def _edit(request: HttpRequest, view: SavedView | None) -> HttpResponse:
    person = current_person(request)
    if request.method != "POST":
        groups = view.groups if view else start_of(asked_of(request, person))
        return _page(request, person, view, ViewForm(None, view, person), groups)
    groups = groups_in(request.POST)
    press = request.POST.get("press", "")
    if press or is_fragment(request):
        form = ViewForm(None, view, person)
        form.initial = {
            "name": request.POST.get("name", ""),
            "is_shared": "is_shared" in request.POST,
        }
        return _page(request, person, view, form, changed(groups, press))
    form = ViewForm(request.POST, view, person)
    if form.is_valid():
        try:
            saved = view_actions.save_view(person, groups=groups, view=view, **form.cleaned_data)
        except ValidationError as error:
            complain(form, error)
        else:
            return redirect(f"{reverse('cases:queue')}?tab=open&view={saved.pk}")
    return _page(request, person, view, form, groups)


def _page(
    request: HttpRequest, person: User, view: SavedView | None, form: ViewForm, groups: Groups
) -> HttpResponse:
    n, problem = None, ""
    try:
        fits = groups_q(groups, timezone.now())
        n = queries.readable(person).filter(fits, state__in=OPEN).count()
    except ConditionError as error:
        problem = str(error)
    context = ViewContext(
        form=form,
        view=view,
        groups=rows_of(groups),
        fields=[(name, field.label) for name, field in FIELDS.items()],
        n=n,
        problem=problem,
        may_share=person.may(Verb.VIEW_SHARE),
        may_add_list=len(groups) < MOST_GROUPS,
    )
    status = 422 if form.errors else 200
    return page(request, "cases/view.html", context, fragment="conditions", status=status)
