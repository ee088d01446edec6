"""On call: who has which turn, who stands in, and whom an alert climbs to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.detect import shifts
from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.alerts.actions import rotas as actions
from amends.web.alerts.forms import OverrideForm, RotaForm
from amends.web.alerts.models import Rota, RotaOverride
from amends.web.alerts.raising import TOPIC
from amends.web.ui.pages import done, page
from amends.web.ui.refusals import complain

SHOWN: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A stretch of time with one person on call."""

    person: str
    starts: str
    ends: str
    is_now: bool
    is_override: bool


@dataclass(frozen=True, slots=True)
class RotaRow:
    """One rota as the page tells it."""

    rota: Rota
    now: User | None
    quiet: str
    shifts: list[ShiftRow]
    steps: list[tuple[str, str]]
    overrides: list[RotaOverride]


@dataclass(frozen=True, slots=True)
class OnCallContext:
    """All rotas."""

    rows: list[RotaRow]
    can_edit: bool
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class RotaContext:
    """A rota in the drawer, to be made or changed."""

    form: RotaForm
    rota: Rota | None


@dataclass(frozen=True, slots=True)
class OverrideContext:
    """Somebody who is to stand in, in the drawer."""

    form: OverrideForm
    rota: Rota
    zone: str


@require_safe
@requires(Verb.ALERT_READ)
def on_call(request: HttpRequest) -> HttpResponse:
    """Show who is on call now and in four weeks, and the steps of each rota."""
    now = timezone.now()
    rotas = Rota.objects.select_related("team").prefetch_related("steps__person")
    can_edit = current_person(request).may(Verb.ROTA_EDIT)
    context = OnCallContext([_row(rota, now) for rota in rotas], can_edit)
    return page(request, "alerts/on_call.html", context, fragment="rotas")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.ROTA_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """Make a rota."""
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.ROTA_EDIT)
def rota(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rota."""
    return _edit(request, get_object_or_404(Rota, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.ROTA_EDIT)
def override(request: HttpRequest, pk: int) -> HttpResponse:
    """Have somebody stand in."""
    mine = get_object_or_404(Rota, pk=pk)
    form = OverrideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            actions.stand_in(
                current_person(request),
                mine,
                told["person"],
                told["starts_at"],
                told["ends_at"],
                told["because"],
            )
            return done(request, reverse("alerts:on_call"), changed=TOPIC)
        except ValidationError as error:
            complain(form, error)
    context = OverrideContext(form, mine, timezone.get_current_timezone_name())
    status = 422 if request.method == "POST" else 200
    return page(request, "alerts/override.html", context, fragment="drawer", status=status)


@require_POST
@requires(Verb.ROTA_EDIT)
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an override back."""
    actions.end_override(current_person(request), get_object_or_404(RotaOverride, pk=pk))
    return done(request, reverse("alerts:on_call"), changed=TOPIC)


def _edit(request: HttpRequest, mine: Rota | None) -> HttpResponse:
    form = RotaForm(request.POST if request.method == "POST" else None, mine)
    if request.method == "POST" and form.is_valid():
        person = current_person(request)
        try:
            actions.save_rota(person, mine, form.plain, form.chosen_people, form.chosen_steps)
            return done(request, reverse("alerts:on_call"), changed=TOPIC)
        except ValidationError as error:
            complain(form, error)
    status = 422 if request.method == "POST" else 200
    context = RotaContext(form, mine)
    return page(request, "alerts/rota.html", context, fragment="drawer", status=status)


def _row(mine: Rota, now: datetime) -> RotaRow:
    weekly, overrides = mine.as_known()
    found = shifts(weekly, overrides, now, now + SHOWN)
    people = User.objects.in_bulk({shift.person for shift in found})
    rows = [
        ShiftRow(
            str(people[shift.person]),
            "now" if shift.starts_at == now else _wall(shift.starts_at, mine),
            _wall(shift.ends_at, mine),
            is_now=shift.starts_at == now,
            is_override=shift.is_override,
        )
        for shift in found
    ]
    quiet = ""
    if mine.quiet_from and mine.quiet_until:
        quiet = f"{mine.quiet_from:%H:%M}–{mine.quiet_until:%H:%M}"
    return RotaRow(
        mine,
        next((people[s.person] for s in found if s.starts_at == now), None),
        quiet,
        rows,
        [(str(step), words.duration(step.wait_minutes)) for step in mine.steps.all()],
        list(mine.overrides.filter(ends_at__gt=now).select_related("person")),
    )


def _wall(at: datetime, mine: Rota) -> str:
    local = at.astimezone(mine.zone)
    return f"{local:%a} {words.day(local)}, {local:%H:%M}"
