"""Alerts: mine first, one with its receipts, and what people do about it; confirming a drill."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.web.accounts.access import can, public, requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.alerts import drills, queries
from amends.web.alerts.actions import alerts as actions
from amends.web.alerts.climbing import rungs_of, times_of
from amends.web.alerts.models import ENDED, Alert, Notice
from amends.web.alerts.raising import TOPIC
from amends.web.alerts.telling import STATE_TONES, ReceiptRow, history, reached, receipts
from amends.web.ui.pages import done, is_fragment, page
from amends.web.ui.parts import Event, Tone

MOST: Final = 100
"""Alerts that a list shows."""
TABS: Final = {"mine": "Mine", "open": "All open", "ended": "Ended"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the list's views."""

    label: str
    query: str
    n: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Row:
    """An alert as the list tells it."""

    alert: Alert
    tone: Tone
    reached: str
    parts: int
    can_acknowledge: bool


@dataclass(frozen=True, slots=True)
class ListContext:
    """The list of alerts."""

    tabs: tuple[Tab, ...]
    current: str
    rows: list[Row]
    total: int
    address: str
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that is still to come."""

    label: str
    people: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertContext:
    """One alert with its receipts."""

    alert: Alert
    tone: Tone
    receipts: list[ReceiptRow]
    planned: list[Planned]
    parts: list[Alert]
    events: list[Event]
    can_handle: bool
    can_judge: bool
    problem: str = ""
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class DrillContext:
    """What a reader of a drill sees."""

    token: str
    channel: str
    is_confirmed: bool
    problem: str = ""


@require_safe
@requires(Verb.ALERT_READ)
def alerts(request: HttpRequest) -> HttpResponse:
    """List alerts: mine, all that are open, or what ended in four weeks."""
    person, now = current_person(request), timezone.now()
    asked = request.GET.get("view", "mine")
    current = asked if asked in TABS else "mine"
    every = queries.visible(person).filter(part_of=None)
    shown = {
        "mine": queries.of_person(every.exclude(state__in=ENDED), person),
        "open": every.exclude(state__in=ENDED),
        "ended": queries.ended_recently(every, now),
    }
    counts = {name: found.count() for name, found in shown.items()}
    context = ListContext(
        tabs=tuple(
            Tab(label, "?" if name == "mine" else f"?view={name}", counts[name], name == current)
            for name, label in TABS.items()
        ),
        current=current,
        rows=_rows(person, shown[current]),
        total=counts[current],
        address=request.get_full_path(),
    )
    return page(request, "alerts/alerts.html", context, fragment="list")


@require_safe
@requires(Verb.ALERT_READ)
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one with every attempt to tell somebody of it."""
    return page(request, "alerts/alert.html", _context(request, pk), fragment="alert")


@require_POST
@requires(Verb.ALERT_HANDLE)
def acknowledgement(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one knows of it."""
    return _handle(request, pk, actions.acknowledge)


@require_POST
@requires(Verb.ALERT_HANDLE)
def closing(request: HttpRequest, pk: int) -> HttpResponse:
    """End it, with a reason."""
    because = request.POST.get("because", "")
    return _handle(request, pk, lambda actor, a: actions.close(actor, a, because))


@require_POST
@requires(Verb.ALERT_HANDLE)
def judgement(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what it was in truth."""
    judged = request.POST.get("judgement", "")
    return _handle(request, pk, lambda actor, a: actions.judge(actor, a, judged))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def drill(request: HttpRequest, token: str) -> HttpResponse:
    """Let the reader of a drill confirm it: by a button, since mail scanners open links."""
    try:
        if request.method == "POST":
            notice = drills.confirm(token, timezone.now())
        else:
            notice = drills.drill_of(token)
    except (signing.BadSignature, Notice.DoesNotExist):
        problem = "This link is not complete, or too old. Wait for the next drill."
        context = DrillContext(token, "", is_confirmed=False, problem=problem)
        return page(request, "alerts/drill.html", context, status=404)
    name = notice.channel.name if notice.channel else ""
    confirmed = notice.confirmed_at is not None
    context = DrillContext(token, name, is_confirmed=confirmed)
    return page(request, "alerts/drill.html", context)


def _rows(person: User, found: QuerySet[Alert]) -> list[Row]:
    counted = queries.with_receipts(found).annotate(n_parts=Count("parts", distinct=True))
    mine = set(
        Notice.objects.filter(person=person, alert__in=found).values_list("alert_id", flat=True)
    )
    return [
        Row(
            a,
            STATE_TONES[a.state],
            reached(a),
            a.n_parts,
            a.waits
            and (can(person, Verb.ALERT_HANDLE, a) or (a.pk in mine))
            and person.may(Verb.ALERT_HANDLE),
        )
        for a in counted.order_by("acknowledged_at", "-raised_at", "-pk")[:MOST]
    ]


def _context(request: HttpRequest, pk: int, problem: str = "") -> AlertContext:
    person, now = current_person(request), timezone.now()
    found = queries.with_receipts(queries.visible(person).select_related("acknowledged_by"))
    a = get_object_or_404(found, pk=pk)
    can_handle = can(person, Verb.ALERT_HANDLE, queries.Told(a, person))
    return AlertContext(
        alert=a,
        tone=STATE_TONES[a.state],
        receipts=receipts(a),
        planned=_planned(a, now) if a.waits and a.part_of_id is None else [],
        parts=list(a.parts.order_by("-raised_at")[:MOST]),
        events=history(a),
        can_handle=can_handle,
        can_judge=can_handle
        and (a.breakdown is None or can(person, Verb.BREAKDOWN_HANDLE, a.breakdown)),
        problem=problem,
    )


def _planned(a: Alert, now: datetime) -> list[Planned]:
    """Return the steps that are still to come if nobody acknowledges it."""
    rungs = rungs_of(a, now)
    people = {pk for rung in rungs for pk in rung.people}
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=people)}
    begun = set(a.notices.filter(run=a.run).values_list("step", flat=True))
    return [
        Planned(rung.label, ", ".join(names[pk] for pk in rung.people), at)
        for number, (rung, at) in enumerate(zip(rungs, times_of(a, rungs), strict=True))
        if number not in begun and rung.people
    ]


def _handle(request: HttpRequest, pk: int, do: Callable[[User, Alert], Alert]) -> HttpResponse:
    person = current_person(request)
    found = get_object_or_404(queries.visible(person), pk=pk)
    try:
        do(person, found)
    except ValidationError as error:
        context = _context(request, pk, error.messages[0])
        return page(request, "alerts/alert.html", context, fragment="alert", status=422)
    if is_fragment(request) and request.headers.get("HX-Target") == "alert":
        return page(request, "alerts/alert.html", _context(request, pk), fragment="alert")
    return done(request, reverse("alerts:alert", args=[pk]), changed=TOPIC)
