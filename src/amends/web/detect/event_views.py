"""Planned events: what was and will be done on purpose."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.detect import actions
from amends.web.detect.forms import PlannedForm
from amends.web.detect.models import PlannedEvent
from amends.web.detect.planned import period_of
from amends.web.detect.telling import place
from amends.web.ui.pages import done, page

MOST = 200
"""Events that the page lists."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event as the list tells it."""

    title: str
    kind: str
    when: str
    where: str
    told_by: str
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class EventsContext:
    """The events, and a form for another."""

    rows: list[Row]
    form: PlannedForm | None


@require_safe
@requires(Verb.BREAKDOWN_READ)
def events(request: HttpRequest) -> HttpResponse:
    """List what was planned, the latest first."""
    return _page(request, PlannedForm())


@require_POST
@requires(Verb.BREAKDOWN_HANDLE)
def note(request: HttpRequest) -> HttpResponse:
    """Note an event down."""
    form = PlannedForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    given = form.cleaned_data
    event = PlannedEvent(
        title=given["title"],
        kind=given["kind"],
        starts_at=_midnight(given["starts_at"]),
        # An end that is a date includes its day.
        ends_at=_midnight(given["ends_at"] + timedelta(days=1)) if given["ends_at"] else None,
        slice=given["where"],
    )
    actions.note_event(current_person(request), event)
    return done(request, reverse("detect:events"))


def _page(request: HttpRequest, form: PlannedForm, status: int = 200) -> HttpResponse:
    can_note = bool(current_person(request).reach(Verb.BREAKDOWN_HANDLE))
    found = PlannedEvent.objects.select_related("told_by")[:MOST]
    context = EventsContext([_row(event) for event in found], form if can_note else None)
    return page(request, "detect/events.html", context, status=status)


def _row(event: PlannedEvent) -> Row:
    return Row(
        event.title,
        event.get_kind_display(),
        period_of(event),
        place(event.where),
        event.source or str(event.told_by or "somebody who left"),
        event.starts_at > timezone.now(),
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
