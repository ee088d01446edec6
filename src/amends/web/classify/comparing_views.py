"""Pages of causes side by side: two periods or segments, and the heat map across touchpoints."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.classify.comparing import Compared, Heat, compare, heat_of, side_of
from amends.web.classify.telling import url_of_cause
from amends.web.intake.asked import url_of_signals
from amends.web.intake.filter_bar import menu_values
from amends.web.intake.filters import FILTERED, Filters, cleaned, filters_of
from amends.web.intake.naming import cause_label, value_label
from amends.web.intake.queries import FilterBar, filter_bar
from amends.web.ui.pages import page

ACROSS: Final = ("touchpoint", "journey_stage", *FILTERED)
PERIODS: Final = "period"
"""What is compared when nothing else is chosen: the period with the one before it."""
MOST_CHOICES: Final = 40


@dataclass(frozen=True, slots=True)
class SideTold:
    """One side in words."""

    label: str
    n: int
    url: str


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One cause on both sides, in words."""

    label: str
    href: str
    first: tuple[int, float, str]
    """Count, share, and the address of these signals."""
    second: tuple[int, float, str]
    change: str
    interval: str
    tone: str
    is_unsure: bool


@dataclass(frozen=True, slots=True)
class CompareContext:
    """Two sides of causes."""

    filters: Filters
    filters_bar: FilterBar
    by: str
    choices: Sequence[tuple[str, str]]
    values: Sequence[tuple[str, str]]
    first_value: str
    second_value: str
    sides: tuple[SideTold, SideTold]
    rows: tuple[ComparedRow, ...]
    n_differ: int


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of the heat map."""

    n: int
    step: int
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class HeatContext:
    """Causes across a dimension."""

    filters: Filters
    across: str
    choices: Sequence[tuple[str, str]]
    heat: Heat
    values: tuple[str, ...]
    rows: tuple[tuple[str, str, int, tuple[HeatCell, ...]], ...]
    here: str


@require_safe
@requires(Verb.CAUSE_READ)
def side_by_side(request: HttpRequest) -> HttpResponse:
    """Compare the causes of two periods, or of two values of a dimension."""
    filters = filters_of(request)
    by = request.GET.get("by", PERIODS)
    by = by if by in FILTERED else PERIODS
    kept = {name: value for name, value in filters.dims.items() if name != by}
    common = replace(filters, dims=kept)
    values = [(value, value_label(value)) for value, _ in menu_values().get(by, [])[:MOST_CHOICES]]
    named = [value for value, _ in values]
    given = [cleaned(request.GET.get(name, "")) for name in ("first", "second")]
    first, second = (value or (named[i] if i < len(named) else "") for i, value in enumerate(given))
    if by == PERIODS:
        pair = (common.before, common)
        labels = (f"The {common.days} days before", common.label)
    else:
        pair = tuple(replace(common, dims={**kept, by: value}) for value in (first, second))  # type: ignore[assignment]
        labels = (value_label(first), value_label(second))
    counted = [side_of(side) for side in pair]
    found = compare(*counted)
    context = CompareContext(
        filters=common,
        filters_bar=filter_bar(common, kept=_kept(by, first, second)),
        by=by,
        choices=[(PERIODS, "Two periods"), *((dim, value_label(dim)) for dim in FILTERED)],
        values=values,
        first_value=first,
        second_value=second,
        sides=(
            SideTold(labels[0], counted[0].n, _signals(pair[0], common, "")),
            SideTold(labels[1], counted[1].n, _signals(pair[1], common, "")),
        ),
        rows=tuple(_row(one, pair, common) for one in found),
        n_differ=sum(one.differs for one in found),
    )
    return page(request, "classify/compare.html", context)


@require_safe
@requires(Verb.CAUSE_READ)
def heat(request: HttpRequest) -> HttpResponse:
    """Show causes across touchpoints, or another dimension: a part of the page of causes."""
    filters = filters_of(request)
    across = request.GET.get("across", ACROSS[0])
    across = across if across in ACROSS else ACROSS[0]
    found = heat_of(filters, across)
    context = HeatContext(
        filters=filters,
        across=across,
        choices=[(dim, value_label(dim)) for dim in ACROSS],
        heat=found,
        values=tuple(value_label(value) for value in found.values),
        rows=tuple(
            (
                cause_label(path),
                url_of_cause(path, filters),
                n,
                tuple(
                    HeatCell(
                        cell.n,
                        cell.step,
                        _said(cell.lift),
                        url_of_signals(
                            replace(filters, cause=path), told="failure", **{across: cell.value}
                        )
                        if across not in FILTERED
                        else url_of_signals(
                            replace(filters, cause=path, dims={**filters.dims, across: cell.value}),
                            told="failure",
                        ),
                    )
                    for cell in cells
                ),
            )
            for path, n, cells in found.rows
        ),
        here=reverse("classify:heat") + filters.query(),
    )
    return page(request, "classify/heat.html", context, fragment="heat")


def _kept(by: str, first: str, second: str) -> Sequence[tuple[str, str]]:
    return [] if by == PERIODS else [("by", by), ("first", first), ("second", second)]


def _signals(side: Filters, common: Filters, path: str) -> str:
    asked = replace(side, cause=path or side.cause)
    if side.until == common.until:
        return url_of_signals(asked, told="failure")
    return url_of_signals(
        replace(asked, until=common.until),
        told="failure",
        since=side.since.isoformat(),
        until=side.until.isoformat(),
    )


def _row(one: Compared, pair: Sequence[Filters], common: Filters) -> ComparedRow:
    change, interval, tone = "too few", "", ""
    if one.ratio is not None and one.interval is not None:
        change = words.times(one.ratio) if math.isfinite(one.ratio) else "only there"
        high = words.times(one.interval.high) if math.isfinite(one.interval.high) else "∞"
        interval = words.interval(words.times(one.interval.low), high)
        if one.differs and pair[0].until != pair[1].until:  # of segments, more is not worse
            tone = "critical" if one.interval.low > 1 else "good"
    return ComparedRow(
        label=cause_label(one.path),
        href=url_of_cause(one.path, common),
        first=(one.n_first, one.share_first, _signals(pair[0], common, one.path)),
        second=(one.n_second, one.share_second, _signals(pair[1], common, one.path)),
        change=change,
        interval=interval,
        tone=tone,
        is_unsure=one.path == "unsure",
    )


def _said(lift: float | None) -> str:
    return "too few to say" if lift is None else f"{words.times(lift)} as many as expected"
