"""People and teams: seen by everybody as far as their roles reach, changed by administrators."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from amends.web.accounts import actions
from amends.web.accounts.access import access, requires
from amends.web.accounts.forms import NewPersonForm, PersonForm, TeamForm
from amends.web.accounts.models import ROLES, Team, User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.queries import all_teams, visible_people
from amends.web.accounts.views import current_person
from amends.web.accounts.welcome import welcome_link
from amends.web.ui.pages import done, page


@dataclass(frozen=True, slots=True)
class PeopleContext:
    """The list of people."""

    people: list[User]
    search: str
    role: str
    roles: list[tuple[str, str]]
    can_manage: bool
    live: tuple[str, ...] = (actions.TOPIC,)


@dataclass(frozen=True, slots=True)
class PersonContext:
    """One person in the drawer; the form only for those who may change it."""

    person: User | None
    form: PersonForm | None
    link: str = ""
    """A fresh welcome link, shown once."""
    problem: str = ""
    """Why something was refused."""


@dataclass(frozen=True, slots=True)
class TeamsContext:
    """The teams in the drawer."""

    teams: list[Team]
    form: TeamForm


@require_safe
@requires(Verb.PEOPLE_READ)
def people(request: HttpRequest) -> HttpResponse:
    """List the people one may see."""
    actor = current_person(request)
    search, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    found = list(visible_people(actor, search=search, role=role))
    context = PeopleContext(found, search, role, ROLES, actor.may(Verb.PEOPLE_MANAGE))
    return page(request, "accounts/people.html", context, fragment="rows")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.PEOPLE_MANAGE)
def new_person(request: HttpRequest) -> HttpResponse:
    """Add somebody, then show the link that lets them choose a password."""
    form, added = NewPersonForm(request.POST or None), None
    if form.is_valid():
        with _complaints_to(form):
            added = actions.add_person(current_person(request), **form.cleaned_data)
    if added is None:
        return _drawer(request, PersonContext(None, form), status=422 if request.POST else 200)
    response = _drawer(request, PersonContext(added, None, welcome_link(added)))
    return trigger_client_event(response, f"{actions.TOPIC}-changed")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.PEOPLE_READ)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show somebody, or change their name, roles and teams."""
    actor, found = current_person(request), get_object_or_404(User, pk=pk)
    do = Verb.PEOPLE_MANAGE if request.method == "POST" else None
    access(actor, found, see=Verb.PEOPLE_READ, do=do)
    if not actor.may(Verb.PEOPLE_MANAGE):
        return _drawer(request, PersonContext(found, None))
    form = _form_of(found, request.POST or None)
    if form.is_valid():
        with _complaints_to(form):
            actions.change_person(actor, found, **form.cleaned_data)
            return done(request, reverse("accounts:people"), changed=actions.TOPIC)
    return _drawer(request, PersonContext(found, form), status=422 if request.POST else 200)


@require_POST
@requires(Verb.PEOPLE_MANAGE)
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep somebody out."""
    found = get_object_or_404(User, pk=pk)
    try:
        actions.deactivate_person(current_person(request), found)
    except ValidationError as error:
        context = PersonContext(found, _form_of(found), problem=error.messages[0])
        return _drawer(request, context, status=422)
    return done(request, reverse("accounts:people"), changed=actions.TOPIC)


@require_POST
@requires(Verb.PEOPLE_MANAGE)
def reactivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody in again."""
    actions.reactivate_person(current_person(request), get_object_or_404(User, pk=pk))
    return done(request, reverse("accounts:people"), changed=actions.TOPIC)


@require_POST
@requires(Verb.PEOPLE_MANAGE)
def new_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a fresh welcome link, for somebody who lost theirs or their password."""
    found = get_object_or_404(User, pk=pk, is_active=True)
    return _drawer(request, PersonContext(found, None, welcome_link(found)))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.PEOPLE_MANAGE)
def teams(request: HttpRequest) -> HttpResponse:
    """List the teams, or add one."""
    form, status = TeamForm(request.POST or None), 422 if request.POST else 200
    if form.is_valid():
        with _complaints_to(form):
            actions.add_team(current_person(request), form.cleaned_data["name"])
            form, status = TeamForm(), 200
    context = TeamsContext(list(all_teams()), form)
    return page(request, "accounts/teams.html", context, fragment="drawer", status=status)


def _drawer(request: HttpRequest, context: PersonContext, *, status: int = 200) -> HttpResponse:
    return page(request, "accounts/person.html", context, fragment="drawer", status=status)


def _form_of(person: User, data: QueryDict | None = None) -> PersonForm:
    initial = {"name": person.name, "roles": person.roles, "teams": person.teams.all()}
    return PersonForm(data, initial=initial)


@contextmanager
def _complaints_to(form: Form) -> Iterator[None]:
    """Show what an action refuses beside the field it is about."""
    try:
        yield
    except ValidationError as error:
        form.add_error(None, error)
