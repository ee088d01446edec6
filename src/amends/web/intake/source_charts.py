"""A source's volume by hour with the range that its rhythm lets expect, as an ECharts option."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from amends.flows.report import words
from amends.web.intake.arrivals import HOUR, Hours
from amends.web.ui.parts import Chart

SHOWN: Final = timedelta(days=14)


def source_chart(hours: Hours, now: datetime) -> Chart:
    """Return the last days of a source; without a band while its rhythm is not known."""
    end = int((now - hours.first) / HOUR)
    start = max(end - int(SHOWN / HOUR), 0)
    at = [hours.first + place * HOUR for place in range(start, end)]
    rows = [int(n) for n in hours.rows[start:end]]
    rhythm = hours.rhythm(now)
    series: list[dict[str, Any]] = []
    if rhythm is not None:
        means = [rhythm.expected(one, one + HOUR) for one in at]
        ranges = [rhythm.range_of(mean) for mean in means]
        series += _band([r.low for r in ranges], [r.high for r in ranges], means)
    series.append(
        {
            "type": "line",
            "name": "Rows",
            "symbol": "none",
            "z": 3,
            "lineStyle": {"color": "$brand", "width": 1.5, "join": "round"},
            "itemStyle": {"color": "$brand"},
            "data": rows,
        }
    )
    option = {
        "grid": {"left": 6, "right": 22, "top": 14, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": [_hour(one) for one in at],
            "boundaryGap": False,
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": {"type": "value", "min": 0, "splitNumber": 4, "minInterval": 1},
        "series": series,
    }
    label = f"{words.count(sum(rows), 'row')} in {words.count(len(at), 'hour')}, by hour"
    return Chart("source", option, label, height=240)


def _band(low: list[float], high: list[float], means: list[float]) -> list[dict[str, Any]]:
    bare: dict[str, Any] = {
        "type": "line", "symbol": "none", "silent": True, "lineStyle": {"width": 0},
    }  # fmt: skip
    stacked = {**bare, "stack": "band", "tooltip": {"show": False}}
    height = [round(b - a, 2) for a, b in zip(low, high, strict=True)]
    return [
        {**stacked, "data": [round(value, 2) for value in low]},
        {**stacked, "data": height, "areaStyle": {"color": "$band", "opacity": 1}},
        {
            **bare,
            "name": "Expected",
            "data": [round(m, 1) for m in means],
            "itemStyle": {"color": "$band"},
        },
    ]


def _hour(at: datetime) -> str:
    local = at.astimezone(timezone.get_current_timezone())
    return f"{words.day(local)}, {local:%H:%M}"
