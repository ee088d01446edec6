"""The list of breakdowns: what is open, was, or all of the period."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.detect import actions, queries, telling
from amends.web.detect.models import SEVERITIES, Breakdown, Judgement
from amends.web.intake.filters import Filters, filters_of
from amends.web.intake.queries import FilterBar, filter_bar
from amends.web.ui.pages import page
from amends.web.ui.parts import Tone

MOST: int = 200
"""Breakdowns that a list shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A breakdown as the list tells it."""

    b: Breakdown
    places: list[str]
    since: str
    since_interval: str
    size: str
    ratio: str
    ratio_interval: str
    state: str
    state_tone: Tone


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the list's states."""

    label: str
    query: str
    n: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class ListContext:
    """The list of breakdowns."""

    filters: Filters
    filters_bar: FilterBar
    tabs: tuple[Tab, ...]
    wanted: queries.Wanted
    rows: list[Row]
    total: int
    address: str
    severities: list[tuple[str, str]]
    owners: list[tuple[str, str]]
    judgements: list[tuple[str, str]]
    live: tuple[str, ...] = (actions.TOPIC,)


@require_safe
@requires(Verb.BREAKDOWN_READ)
def breakdowns(request: HttpRequest) -> HttpResponse:
    """List breakdowns: what is open, was, or all of the period."""
    filters, wanted = filters_of(request), _wanted(request)
    found = queries.breakdowns(filters, wanted)
    total = found.count()
    own = [(name, str(getattr(wanted, name))) for name in ("severity", "owner", "judgement")]
    kept = [("state", wanted.state if wanted.state != "open" else ""), *own]
    context = ListContext(
        filters=filters,
        filters_bar=filter_bar(filters, kept),
        tabs=_tabs(filters, wanted, own),
        wanted=wanted,
        rows=[_row(b) for b in found[:MOST]],
        total=total,
        address=request.get_full_path(),
        severities=SEVERITIES[::-1],
        owners=[(str(u.pk), str(u)) for u in queries.handlers()],
        judgements=[(j.value, j.label) for j in Judgement if j],
    )
    return page(request, "detect/breakdowns.html", context, fragment="list")


def _row(b: Breakdown) -> Row:
    state, tone = telling.STATES[b.state]
    return Row(
        b,
        telling.places(b.where),
        telling.since(b),
        telling.since_interval(b),
        telling.size(b),
        telling.ratio(b),
        telling.ratio_interval(b),
        state,
        tone,
    )


def _wanted(request: HttpRequest) -> queries.Wanted:
    asked = {
        name: request.GET.get(name, "") for name in ("state", "severity", "owner", "judgement")
    }
    state = asked["state"] if asked["state"] in {"over", "all"} else "open"
    return queries.Wanted(**{**asked, "state": state})


def _tabs(filters: Filters, wanted: queries.Wanted, own: list[tuple[str, str]]) -> tuple[Tab, ...]:
    counts = queries.state_counts(filters)
    return tuple(
        Tab(
            label,
            filters.query(**dict(own), state="" if state == "open" else state) or "?",
            counts[state],
            is_current=wanted.state == state,
        )
        for state, label in (("open", "Open"), ("over", "Over"), ("all", "All"))
    )
