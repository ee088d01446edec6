"""Charts of how many signals came when, as ECharts options."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from amends.flows.report import words
from amends.web.intake.course import Course, days_between, hours_between
from amends.web.ui.parts import Chart

HOURLY_UP_TO = timedelta(days=2)
DAILY_UP_TO = timedelta(days=120)

UrlOf = Callable[[datetime, datetime], str]


def volume_chart(
    course: Course, since: datetime, until: datetime, url_of: UrlOf, *, height: int = 132
) -> Chart:
    """Return bars by hour, day or week, as long as the stretch is; each opens its signals.

    The first and the last bar are paler where the stretch cuts them short.
    """
    zone, unit = timezone.get_current_timezone(), unit_of(since, until)
    if unit == "hour":
        edges = hours_between(since, until)
    else:
        edges = days_between(since, until, zone, step=7 if unit == "week" else 1)
    counts, bars = course.counts(edges), []
    for n, (start, end) in zip(counts, pairwise(edges), strict=True):
        is_whole = since <= start and end <= until
        bars.append(_bar(n, url_of(max(start, since), min(end, until)), is_whole=is_whole))
    names = [_name(edge.astimezone(zone), unit) for edge in edges[:-1]]
    return Chart(
        "volume", bar_option(names, bars, f"Signals that {unit}"), _label(counts, unit), height
    )


def unit_of(since: datetime, until: datetime) -> str:
    """Return what a bar of such a stretch stands for: an hour, a day or a week."""
    width = until - since
    return "hour" if width <= HOURLY_UP_TO else "day" if width <= DAILY_UP_TO else "week"


def bar_option(
    names: Sequence[str], bars: Sequence[object], name: str = "Signals"
) -> dict[str, object]:
    """Return the option of plain bars over a category axis."""
    return {
        "grid": {"left": 4, "right": 4, "top": 8, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": list(names)},
        "yAxis": {"type": "value", "min": 0, "splitNumber": 2, "minInterval": 1},
        "series": [
            {
                "type": "bar",
                "name": name,
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


def _name(at: datetime, unit: str) -> str:
    if unit == "hour":
        return f"{words.day(at)}, {at:%H:%M}"
    return words.day(at)


def _label(counts: Sequence[int], unit: str) -> str:
    total = words.count(sum(counts), "signal")
    return f"Signals by {unit}: {total}, between {min(counts):,} and {max(counts):,} a {unit}"
