"""The overview: where the day begins for those who read reports. Each number on it is a door."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.queue import Line, lines_of
from amends.web.detect.charts import volume_chart
from amends.web.detect.queries import Volume, open_breakdowns, volume_course
from amends.web.detect.telling import alert
from amends.web.intake.filters import Filters, filters_of
from amends.web.intake.naming import cause_label, value_label
from amends.web.intake.queries import FilterBar, filter_bar
from amends.web.reports import queries
from amends.web.reports.key_figures import key_figures
from amends.web.reports.maps import CauseMap, cause_map, flow_chart
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.parts import Alert, Chart, Kpi

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ALERTS: int = 5
CASES: int = 8
TEMPLATE = "reports/overview.html"


@dataclass(frozen=True, slots=True)
class Shown:
    """Which parts of the overview a person's roles and reach allow."""

    figures: bool
    breakdowns: bool
    causes: bool
    flow: bool
    cases: bool


@dataclass(frozen=True, slots=True)
class OverviewContext:
    """The page; heavy parts fetch themselves after the first paint."""

    sub: str
    filters_bar: FilterBar
    query: str
    shown: Shown
    kpis: tuple[Kpi, ...] | None
    """None while they are being computed."""
    volume: Chart | None
    why_no_range: str
    signals_url: str
    alerts: list[Alert]
    n_open: int
    lines: list[Line]
    n_cases: int
    live: tuple[str, ...] = ("breakdowns", "cases")


@dataclass(frozen=True, slots=True)
class FiguresContext:
    """The key figures alone, for a page that waits for them."""

    kpis: tuple[Kpi, ...] | None
    query: str


@dataclass(frozen=True, slots=True)
class VolumeContext:
    """The course alone."""

    volume: Chart | None
    why_no_range: str
    signals_url: str
    query: str


@dataclass(frozen=True, slots=True)
class AlertsContext:
    """The open breakdowns alone."""

    alerts: list[Alert]
    n_open: int
    query: str


@dataclass(frozen=True, slots=True)
class CausesContext:
    """The map of causes."""

    causes: CauseMap | None
    """None while they are being counted."""
    query: str


@dataclass(frozen=True, slots=True)
class FlowContext:
    """The flow from cause through action to result."""

    flow: Chart | None
    n: int


@dataclass(frozen=True, slots=True)
class CasesContext:
    """The head of the queue."""

    lines: list[Line]
    n_cases: int
    query: str


@require_safe
@requires(Verb.REPORT_READ)
def overview(request: HttpRequest) -> HttpResponse:
    """Show how recovery goes, what broke, why, what was done, and whom to help next."""
    person, filters = current_person(request), filters_of(request)
    shown = _shown(person)
    volume, why, signals_url = _volume(filters)
    alerts, n_open = _alerts(filters) if shown.breakdowns else ([], 0)
    lines, n_cases = _lines(person, filters) if shown.cases else ([], 0)
    context = OverviewContext(
        sub=_sub(filters),
        filters_bar=filter_bar(filters),
        query=filters.query(),
        shown=shown,
        kpis=key_figures(person, filters) if shown.figures else (),
        volume=volume,
        why_no_range=why,
        signals_url=signals_url,
        alerts=alerts,
        n_open=n_open,
        lines=lines,
        n_cases=n_cases,
    )
    return page(request, TEMPLATE, context)


@require_safe
@requires(Verb.REPORT_READ)
def figures(request: HttpRequest) -> HttpResponse:
    """Show the key figures once they are there."""
    person, filters = current_person(request), filters_of(request)
    kpis = key_figures(person, filters) if _shown(person).figures else ()
    return _part(request, "figures", FiguresContext(kpis, filters.query()))


@require_safe
@requires(Verb.REPORT_READ)
def volume(request: HttpRequest) -> HttpResponse:
    """Show complaints by day."""
    filters = filters_of(request)
    context = VolumeContext(*_volume(filters), filters.query())
    return _part(request, "volume", context)


@require_safe
@requires(Verb.BREAKDOWN_READ)
def alerts(request: HttpRequest) -> HttpResponse:
    """Show the open breakdowns."""
    filters = filters_of(request)
    context = AlertsContext(*_alerts(filters), filters.query())
    return _part(request, "alerts", context)


@require_safe
@requires(Verb.CAUSE_READ)
def causes(request: HttpRequest) -> HttpResponse:
    """Show the map of causes."""
    filters = filters_of(request)
    counts = queries.cause_counts(filters)
    found = None if counts is None else cause_map(counts, filters)
    return _part(request, "causes", CausesContext(found, filters.query()))


@require_safe
@requires(Verb.OUTCOME_READ)
def flow(request: HttpRequest) -> HttpResponse:
    """Show what was done for the cases resolved in the period, and what came of it."""
    person, filters = current_person(request), filters_of(request)
    ways = queries.ways(person, filters)
    chart = flow_chart(ways, filters, leads_to_cases=person.may(Verb.CASE_READ))
    context = FlowContext(chart, sum(way.n for way in ways))
    return _part(request, "flow", context)


@require_safe
@requires(Verb.CASE_READ)
def cases(request: HttpRequest) -> HttpResponse:
    """Show the most urgent cases within reach."""
    person, filters = current_person(request), filters_of(request)
    context = CasesContext(*_lines(person, filters), filters.query())
    return _part(request, "cases", context)


def _part(request: HttpRequest, name: str, context: "DataclassInstance") -> HttpResponse:
    """Answer with a part of the overview; a browser that asks for it alone gets all of it."""
    if not is_fragment(request):
        return redirect(reverse("reports:overview") + filters_of(request).query())
    return page(request, TEMPLATE, context, fragment=name)


def _shown(person: User) -> Shown:
    return Shown(
        figures=person.may(Verb.OUTCOME_READ),
        breakdowns=person.may(Verb.BREAKDOWN_READ),
        causes=person.may(Verb.CAUSE_READ),
        flow=person.may(Verb.OUTCOME_READ),
        cases=person.may(Verb.CASE_READ),
    )


def _volume(filters: Filters) -> tuple[Chart | None, str, str]:
    found: Volume = volume_course(filters)
    chart = volume_chart(found.course, found.marks) if found.course else None
    query = filters.query(kind="complaint")
    return chart, found.why_no_range, f"{reverse('intake:signals')}{query}"


def _alerts(filters: Filters) -> tuple[list[Alert], int]:
    found = open_breakdowns(filters)
    listed: Sequence[Alert] = [alert(b) for b in found[:ALERTS]]
    n = len(listed) if len(listed) < ALERTS else found.count()
    return list(listed), n


def _lines(person: User, filters: Filters) -> tuple[list[Line], int]:
    now = timezone.now()
    found, total = queries.urgent_cases(person, filters, CASES)
    return lines_of(found, now), total


def _sub(filters: Filters) -> str:
    """Return what the page is about: `24 Oct – 20 Nov 2026 · Region: West`."""
    since = timezone.localtime(filters.since)
    parts = [words.period(since, timezone.localtime(filters.until))]
    parts += [f"{value_label(dim)}: {value_label(value)}" for dim, value in filters.dims.items()]
    if filters.cause:
        parts.append(cause_label(filters.cause))
    return " · ".join(parts)
