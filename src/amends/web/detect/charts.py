"""Courses as ECharts options: line, expected band, what is partial, and where breakdowns lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from amends.engine.contracts import MEASURES, SeriesChart
from amends.flows.analyze.watching import counted_label
from amends.flows.report import sentences, words
from amends.web.ui.parts import Chart

Series = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mark:
    """A breakdown on a course of which it is no part: a dot that opens it."""

    at: datetime
    severity: str
    href: str


@dataclass(frozen=True, slots=True)
class Span:
    """A breakdown on its own series."""

    onset_earliest_at: datetime
    onset_at: datetime
    onset_latest_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    severity: str


def volume_chart(course: SeriesChart, marks: Sequence[Mark] = ()) -> Chart:
    """Return a course with its breakdowns as dots on the line."""
    days = days_of(course)
    dots = [
        {"value": [days[i], course.value[i]], "href": mark.href, "itemStyle": dot(mark.severity)}
        for mark in marks
        if (i := _index(course, mark.at)) is not None
    ]
    scatter: Series = {
        "type": "scatter",
        "name": "Breakdown noticed",
        "data": dots,
        "symbolSize": 13,
        "z": 6,
        "cursor": "pointer",
    }
    series = [*band(course), *lines(course), *([scatter] if dots else [])]
    n = f"; {words.count(len(dots), 'breakdown')} marked" if dots else ""
    return Chart(
        "volume", {**frame_of(course), "series": series}, sentences.chart_sentence(course) + n
    )


def breakdown_chart(course: SeriesChart, span: Span) -> Chart:
    """Return a breakdown's own series: shaded while it lasts, with its onset and its detection.

    The days on which it may have begun are shaded darker.
    """
    days = days_of(course)
    last = days[-1]

    def day(at: datetime | None) -> str:
        i = None if at is None else _index(course, at)
        return last if i is None else days[i]

    line, *rest = lines(course)
    unsure: Series = {"color": f"${span.severity}", "opacity": 0.16}
    line["markArea"] = {
        "silent": True,
        "itemStyle": {"color": f"${span.severity}-tint", "opacity": 0.75},
        "data": [
            [{"xAxis": day(span.onset_at)}, {"xAxis": day(span.ended_at)}],
            [
                {"xAxis": day(max(span.onset_earliest_at, course.starts[0])), "itemStyle": unsure},
                {"xAxis": day(span.onset_latest_at)},
            ],
        ],
    }
    label: Series = {"color": "$muted", "fontSize": 12, "position": "end"}
    line["markLine"] = {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": "$muted", "width": 1, "type": [4, 3]},
        "data": [
            {
                "xAxis": day(span.onset_at),
                "label": {**label, "formatter": "Began", "align": "right"},
            },
            {
                "xAxis": day(min(span.detected_at, course.starts[-1])),
                "label": {**label, "formatter": "Noticed", "align": "left"},
            },
        ],
    }
    dots: Series = {
        "type": "scatter",
        "data": alarms_on(course),
        "symbolSize": 7,
        "silent": True,
        "z": 5,
        "tooltip": {"show": False},
        "itemStyle": dot(span.severity) | {"borderWidth": 1},
    }
    frame = frame_of(course)
    frame["grid"]["top"] = 26
    option = {**frame, "series": [*band(course), line, *rest, dots]}
    return Chart("breakdown", option, sentences.chart_sentence(course), height=280)


def counted(course: SeriesChart) -> str:
    """Say what the line counts: `Complaints a day`, `Effort, % of answers`."""
    if "%" in course.unit:
        return f"{MEASURES[course.measure].label}, {course.unit}"
    return f"{counted_label(course.measure)} {course.unit}"


def days_of(course: SeriesChart) -> list[str]:
    """Return the days as the axis names them."""
    year = course.starts[-1].year
    return [words.day(at, year=at.year != year) for at in course.starts]


def alarms_on(course: SeriesChart) -> list[list[str | float]]:
    """Return a point for each day with an alarm."""
    shown = zip(days_of(course), course.value, course.is_alarm, strict=True)
    return [[day, value] for day, value, is_alarm in shown if is_alarm and value is not None]


def frame_of(course: SeriesChart) -> Series:
    """Return axes, grid and tooltip."""
    unit = "format:percent" if "%" in course.unit else "format:number"
    return {
        "grid": {"left": 6, "right": 22, "top": 14, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": days_of(course),
            "boundaryGap": False,
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "splitNumber": 4,
            "axisLabel": {"formatter": unit},
        },
    }


def band(course: SeriesChart) -> list[Series]:
    """Return two stacked lines with the range between, and what was expected for the tooltip."""
    if all(low is None for low in course.low):
        return []
    bare: Series = {"type": "line", "symbol": "none", "silent": True, "lineStyle": {"width": 0}}
    stacked = {**bare, "stack": "band", "tooltip": {"show": False}}
    height = [
        None if low is None or high is None else round(high - low, 3)
        for low, high in zip(course.low, course.high, strict=True)
    ]
    expected = [None if v is None else round(v, 1) for v in course.expected]
    return [
        {**stacked, "data": course.low},
        {**stacked, "data": height, "areaStyle": {"color": "$band", "opacity": 1}},
        {**bare, "name": "Expected", "data": expected, "itemStyle": {"color": "$band"}},
    ]


def lines(course: SeriesChart) -> list[Series]:
    """Return the complete days as a line; today so far as a hollow dot, dashed to it."""
    name = counted(course).split(" a ", maxsplit=1)[0]
    line: Series = {
        "type": "line",
        "name": name,
        "symbol": "none",
        "z": 3,
        "lineStyle": {"color": "$brand", "width": 2, "join": "round"},
        "itemStyle": {"color": "$brand"},
    }
    n = len(course.value)
    if not course.last_is_partial or n < 2:
        return [{**line, "data": course.value}]
    days = days_of(course)
    dash: Series = {
        "type": "line",
        "symbol": "none",
        "silent": True,
        "z": 3,
        "tooltip": {"show": False},
        "lineStyle": {"color": "$brand", "width": 2, "type": [3, 3]},
        "data": [None] * (n - 2) + course.value[-2:],
    }
    hollow: Series = {
        "type": "scatter",
        "name": "Today so far",
        "symbolSize": 8,
        "z": 4,
        "data": [[days[-1], course.value[-1]]],
        "itemStyle": {"color": "$surface", "borderColor": "$brand", "borderWidth": 2, "opacity": 1},
    }
    return [{**line, "data": [*course.value[:-1], None]}, dash, hollow]


def dot(severity: str) -> Series:
    """Return the look of a mark."""
    return {"color": f"${severity}", "borderColor": "$surface", "borderWidth": 2, "opacity": 1}


def _index(course: SeriesChart, at: datetime) -> int | None:
    """Return the place of the day in which `at` lies; None when it is not shown."""
    day = at.astimezone(UTC).date()
    if not course.starts[0].date() <= day <= course.starts[-1].date():
        return None
    return (day - course.starts[0].date()).days
