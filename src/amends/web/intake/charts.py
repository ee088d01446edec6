"""Charts of how many signals came when, as ECharts options."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from amends.flows.report import words
from amends.web.intake.course import Course, days_between, hours_between
from amends.web.ui.parts import Chart

HOURLY_UP_TO = timedelta(days=2)
"""Shorter stretches are drawn by hour."""

UrlOf = Callable[[datetime, datetime], str]


def volume_chart(
    course: Course, since: datetime, until: datetime, url_of: UrlOf, *, height: int = 132
) -> Chart:
    """Return bars by day, or by hour for a stretch of two days; each opens its signals.

    The first and the last bar are paler where the stretch cuts their day short.
    """
    zone = timezone.get_current_timezone()
    is_hourly = until - since <= HOURLY_UP_TO
    edges = hours_between(since, until) if is_hourly else days_between(since, until, zone)
    counts = course.counts(edges)
    names = [_name(edge.astimezone(zone), is_hourly=is_hourly) for edge in edges[:-1]]
    bars = []
    for n, (start, end) in zip(counts, pairwise(edges), strict=True):
        is_whole = since <= start and end <= until
        bars.append(_bar(n, url_of(max(start, since), min(end, until)), is_whole=is_whole))
    return Chart("volume", bar_option(names, bars), _label(counts, is_hourly=is_hourly), height)


def bar_option(names: Sequence[str], bars: Sequence[object]) -> dict[str, object]:
    """Return the option of plain bars over a category axis."""
    return {
        "grid": {"left": 4, "right": 4, "top": 8, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": list(names)},
        "yAxis": {"type": "value", "min": 0, "splitNumber": 2, "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "name": "Signals",
                "data": list(bars),
                "barCategoryGap": "22%",
                "barMaxWidth": 28,
                "cursor": "pointer",
            }
        ],
    }


def _bar(n: int, url: str, *, is_whole: bool) -> dict[str, object]:
    colour = "$brand" if is_whole else "$brand-soft"
    style = {"color": colour, "borderRadius": [2, 2, 0, 0]}
    return {"value": n, "href": url, "itemStyle": style}


def _name(at: datetime, *, is_hourly: bool) -> str:
    return f"{words.day(at)}, {at:%H:%M}" if is_hourly else words.day(at)


def _label(counts: Sequence[int], *, is_hourly: bool) -> str:
    unit = "hour" if is_hourly else "day"
    total = words.count(sum(counts), "signal")
    return f"Signals by {unit}: {total}, between {min(counts):,} and {max(counts):,} a {unit}"
