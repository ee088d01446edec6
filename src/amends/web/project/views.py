"""Pages that belong to no app: home, system, health, live updates."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from amends.web.accounts.access import public, requires, signed_in
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Reach, Verb
from amends.web.project.findings import Finding, State
from amends.web.project.health import check_database, check_migrations, examine
from amends.web.project.home_page import first_steps, people_by_role
from amends.web.project.live import topics_for
from amends.web.ui.live import stream
from amends.web.ui.pages import page
from amends.web.ui.parts import Bar


@dataclass(frozen=True, slots=True)
class HomeContext:
    """The home page of those who run the system, and of who has no role yet."""

    steps: list[tuple[str, str, bool]]
    """What a new installation still needs: title, how, done."""
    bars: list[Bar]
    """Once that is done: people by role."""
    findings: list[Finding]
    """The checks of the system's health."""
    troubles: list[Finding]
    """Those of them that did not go well."""


@dataclass(frozen=True, slots=True)
class SystemContext:
    """The system page."""

    findings: list[Finding]
    worst: State


@require_safe
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Lead to where the day begins for one's roles; administrators see the system's state here."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101  (`signed_in`)
    is_admin = person.may(Verb.SYSTEM_MANAGE)
    if not is_admin and (start := _where_the_day_begins(person)):
        return redirect(start)
    steps = first_steps() if is_admin else []
    findings = examine() if is_admin else []
    troubles = [f for f in findings if f.state is not State.WELL]
    bars = people_by_role() if is_admin and not steps else []
    context = HomeContext(steps, bars, findings, troubles)
    return page(request, "project/home.html", context)


def _where_the_day_begins(person: User) -> str:
    """Return the name of a page; empty: the home page itself."""
    if person.reach(Verb.REPORT_READ) is Reach.ALL:
        return "reports:overview"
    return "cases:queue" if person.may(Verb.CASE_READ) else ""


@require_safe
@requires(Verb.SYSTEM_READ)
def system(request: HttpRequest) -> HttpResponse:
    """Show what is healthy and what is not."""
    findings = examine()
    order = list(State)
    worst = max((f.state for f in findings), key=order.index)
    context = SystemContext(findings, worst)
    return page(request, "project/system.html", context, fragment="findings")


@require_safe
@signed_in
async def live(request: HttpRequest) -> HttpResponseBase:
    """Open the stream of events for one page: `?topic=people&topic=…`."""
    if not settings.LIVE:
        return HttpResponse(status=204)
    person = request.user  # the gate has read it already
    assert isinstance(person, User)  # noqa: S101  (`signed_in`)
    topics = topics_for(person, request.GET.getlist("topic"))
    return stream(topics, is_continued="Last-Event-ID" in request.headers)


@never_cache
@require_safe
@public
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
@public
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Say whether requests can be served: the database is there and its tables are current."""
    findings = [check_database(), check_migrations()]
    is_ready = all(f.state is State.WELL for f in findings)
    # No words about what is wrong: everybody may ask. `amends doctor` tells.
    states = {f.name.lower(): f.state.value for f in findings}
    return JsonResponse({"ready": is_ready, **states}, status=200 if is_ready else 503)
