"""Causes: the map and the table of all, and one cause with what lies behind it."""

from dataclasses import dataclass, replace

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.engine.contracts import UNSURE, Cause
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Reach, Verb
from amends.web.accounts.views import current_person
from amends.web.classify.figures import CauseTable, cause_table, figures_of, others_of
from amends.web.classify.places import places_of
from amends.web.classify.queries import taxonomy
from amends.web.classify.telling import (
    CauseRow,
    bars_of_causes,
    bars_of_places,
    crumbs_of,
    kpis_of,
    map_of_causes,
    rows_of_causes,
    summary_of,
    url_of_cause,
)
from amends.web.classify.verbatims import typical_of
from amends.web.intake.asked import Asked, url_of_signals
from amends.web.intake.charts import volume_chart
from amends.web.intake.course import course_of
from amends.web.intake.filters import Filters, filters_of
from amends.web.intake.naming import cause_label
from amends.web.intake.narrowing import url_between
from amends.web.intake.queries import FilterBar, filter_bar
from amends.web.intake.telling import SignalRow
from amends.web.ui.pages import is_fragment, page
from amends.web.ui.parts import Bar, Branch, Chart, Kpi

TYPICAL_IN_DRAWER = 4


@dataclass(frozen=True, slots=True)
class CausesContext:
    """The map and the table."""

    filters: Filters
    filters_bar: FilterBar
    table: CauseTable
    kpis: tuple[Kpi, ...]
    branches: tuple[Branch, ...]
    bars: tuple[Bar, ...]
    rows: tuple[CauseRow, ...]
    unsure_share: float
    may_review: bool
    heat_url: str
    here: str
    live: tuple[str, ...] = ("signals",)


@dataclass(frozen=True, slots=True)
class CauseContext:
    """One cause."""

    filters: Filters
    filters_bar: FilterBar
    path: str
    label: str
    cause: Cause | None
    """What the taxonomy says of it."""
    is_unsure: bool
    crumbs: tuple[tuple[str, str], ...]
    """Label and address of what it hangs on."""
    kpis: tuple[Kpi, ...]
    n: int
    volume: Chart | None
    typical: tuple[SignalRow, ...]
    """Only in the drawer; the page fetches them with the places (`behind_url`)."""
    others_title: str
    others: tuple[CauseRow, ...]
    signals_url: str
    breakdowns_url: str
    """Empty for those who may not see breakdowns."""
    all_breakdowns_url: str
    here: str
    behind_url: str


@dataclass(frozen=True, slots=True)
class BehindContext:
    """What lies behind a cause."""

    places: tuple[tuple[str, tuple[Bar, ...]], ...]
    typical: tuple[SignalRow, ...]
    signals_url: str


@require_safe
@requires(Verb.CAUSE_READ)
def causes(request: HttpRequest) -> HttpResponse:
    """Show all causes of the period."""
    filters = filters_of(request)
    table = cause_table(filters)
    unsure = table.unsure
    context = CausesContext(
        filters=filters,
        filters_bar=filter_bar(filters),
        table=table,
        kpis=summary_of(table, filters),
        branches=map_of_causes(table, filters),
        bars=bars_of_causes(table, filters),
        rows=rows_of_causes(table, filters),
        unsure_share=unsure.n / table.n if unsure else 0.0,
        may_review=current_person(request).reach(Verb.CAUSE_CORRECT) is Reach.ALL,
        heat_url=reverse("classify:heat") + filters.query(),
        here=reverse("classify:causes") + filters.query(),
    )
    return page(request, "classify/causes.html", context, fragment="body")


@require_safe
@requires(Verb.CAUSE_READ)
def cause(request: HttpRequest, path: str) -> HttpResponse:
    """Show one cause or branch: its course, its relatives, and what lies behind it."""
    asked = filters_of(request)
    if asked.cause and asked.cause != path:
        return HttpResponseRedirect(url_of_cause(asked.cause, asked))
    filters = replace(asked, cause=path)
    if request.GET.get("part") == "behind":
        return _behind(request, filters)
    known, top = taxonomy().get(path), path.partition("/")[0]
    table = cause_table(replace(filters, cause=top))
    figures = figures_of(table, path)
    if known is None and not figures.n and not figures.n_before and path != UNSURE:
        raise Http404
    paths = [*(c.path for c in taxonomy().causes), *(c.path for c in table.causes)]
    is_branch = any(other.startswith(f"{path}/") for other in paths)
    others = others_of(table, path, is_branch=is_branch)
    breakdowns = reverse("detect:breakdowns")
    in_drawer = is_fragment(request)
    may = current_person(request).may(Verb.BREAKDOWN_READ)
    context = CauseContext(
        filters=filters,
        filters_bar=filter_bar(replace(filters, cause="")),
        path=path,
        label=cause_label(path),
        cause=known,
        is_unsure=path == UNSURE,
        crumbs=crumbs_of(path, filters),
        kpis=kpis_of(figures, filters),
        n=figures.n,
        volume=_volume(filters) if figures.n and not in_drawer else None,
        typical=typical_of(filters, TYPICAL_IN_DRAWER) if figures.n and in_drawer else (),
        others_title="Causes of this branch" if is_branch else "Other causes of this branch",
        others=rows_of_causes(others, filters, of=table.n),
        signals_url=url_of_signals(filters, told="failure"),
        breakdowns_url=breakdowns + filters.query(state="all") if may else "",
        all_breakdowns_url=breakdowns + filters.query(),
        here=url_of_cause(path, filters),
        behind_url=reverse("classify:cause", args=[path]) + filters.query(cause="", part="behind"),
    )
    return page(request, "classify/cause.html", context, fragment="drawer")


def _behind(request: HttpRequest, filters: Filters) -> HttpResponse:
    """Show where a cause happens and what customers say: the page fetches it once it is there."""
    places, typical = places_of(filters), typical_of(filters)
    context = BehindContext(
        places=bars_of_places(places, filters),
        typical=typical,
        signals_url=url_of_signals(filters, told="failure"),
    )
    return page(request, "classify/behind.html", context)


def _volume(filters: Filters) -> Chart:
    asked = Asked(filters, is_failure=True)
    course = course_of(asked.signals(), timezone.get_current_timezone())
    return volume_chart(course, asked.since, asked.until, url_between(asked), height=180)
