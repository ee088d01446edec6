"""The report's charts as ECharts options: plain dicts, colours by token name.

Built by Apache ECharts' conventions (option reference of version 6); `render.draw` makes them SVG.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from amends.engine.contracts import SeriesChart
from amends.flows.report.flags import (
    FLAG_WIDTH,
    Flag,
    Options,
    flag_series,
    flag_space,
    instant,
    stack,
)
from amends.flows.report.render import Option
from amends.flows.report.ticks import time_ticks

MOST_POINTS = 640
"""Buckets drawn in one chart; longer series keep the lowest and highest of each stretch."""
BEFORE, AFTER = 42, 14
"""Buckets shown before the onset and after the end of a breakdown, at least."""

_Point = list[float | None]


def volume_option(
    chart: SeriesChart, flags: Sequence[Flag] = (), *, width: int = 780, ticks: int = 10
) -> Options:
    """Return line, expected band and numbered flags; a partial last bucket is hollow.

    Parameters
    ----------
    chart
        The series.
    flags
        Breakdowns, each at its likely onset; those outside of the series are left out.
    width
        Pixels that the chart will be drawn at: flags closer than their width are stacked.
    ticks
        Labels on the time axis, at most.

    """
    shown = thin_out(chart)
    first, last = shown.starts[0], shown.starts[-1]
    rows = stack(flags, first, last, gap=FLAG_WIDTH / width)
    option = _frame(shown, ticks=ticks, rows=4, above=flag_space(rows))
    series = [*_band(shown), *_line(shown)]
    if not rows:
        return {**option, "series": series}
    rail: Options = {"type": "value", "show": False, "min": 0, "max": 1}
    return {**option, "yAxis": [option["yAxis"], rail], "series": [*series, flag_series(rows)]}


def breakdown_option(
    chart: SeriesChart,
    onset: tuple[datetime, datetime, datetime],
    ended_at: datetime | None,
) -> Options:
    """Return the series around a breakdown with the window in which it began.

    Parameters
    ----------
    chart
        The whole series; only the stretch around the breakdown is drawn.
    onset
        Earliest, likely and latest onset.
    ended_at
        End of the breakdown; None while it lasts.

    """
    earliest, likely, latest = onset
    shown = thin_out(around(chart, earliest, ended_at))
    width = timedelta(seconds=chart.bucket.seconds)
    line, *rest = _line(shown)
    line = {
        **line,
        "markArea": {
            "silent": True,
            "itemStyle": {"color": "$window"},
            "data": [
                [{"xAxis": instant(earliest)}, {"xAxis": instant(max(latest, earliest + width))}]
            ],
        },
        "markLine": {
            "silent": True,
            "symbol": "none",
            "label": {"show": False},
            "lineStyle": {"color": "$muted", "width": 1, "type": [4, 3]},
            "data": [{"xAxis": instant(likely)}],
        },
    }
    return {
        **_frame(shown, ticks=5, rows=3),
        "series": [*_band(shown), line, *rest, _alarms(shown)],
    }


def sparkline_option(chart: SeriesChart) -> Options:
    """Return the bare line of a series over its expected band."""
    shown = thin_out(chart, most=80)
    line, *_ = _line(shown)
    line = {**line, "lineStyle": {"color": "$brand", "width": 1.5}}
    return {
        "useUTC": True,
        "grid": {"left": 3, "right": 3, "top": 4, "bottom": 4},
        "xAxis": {"type": "time", "show": False, **_limits(shown)},
        "yAxis": {"type": "value", "show": False, "min": 0},
        "series": [*_band(shown), line],
    }


def around(chart: SeriesChart, onset: datetime, ended_at: datetime | None) -> SeriesChart:
    """Return the stretch of a series in which a breakdown can be seen against what was usual."""
    starts = chart.starts
    first = sum(at < onset for at in starts)
    last = len(starts) if ended_at is None else sum(at <= ended_at for at in starts)
    before = max(BEFORE, 2 * (last - first))
    kept = range(max(first - before, 0), min(last + max(AFTER, (last - first) // 2), len(starts)))
    return _pick(chart, list(kept))


def thin_out(chart: SeriesChart, most: int = MOST_POINTS) -> SeriesChart:
    """Return at most about `most` buckets, peaks and alarms kept; short series unchanged."""
    n = len(chart.starts)
    if n <= most:
        return chart
    stretch = -(-2 * n // most)
    kept = (
        {i for i, alarm in enumerate(chart.is_alarm) if alarm}
        if sum(chart.is_alarm) < most
        else set()
    )
    kept |= {0, n - 2, n - 1}
    for start in range(0, n, stretch):
        known = [i for i in range(start, min(start + stretch, n)) if chart.value[i] is not None]
        if known:
            kept |= {
                min(known, key=lambda i: chart.value[i] or 0.0),
                max(known, key=lambda i: chart.value[i] or 0.0),
            }
        else:
            kept.add(start)
    return _pick(chart, sorted(kept))


def _pick(chart: SeriesChart, kept: list[int]) -> SeriesChart:
    return replace(
        chart,
        starts=[chart.starts[i] for i in kept],
        value=[chart.value[i] for i in kept],
        expected=[chart.expected[i] for i in kept],
        low=[chart.low[i] for i in kept],
        high=[chart.high[i] for i in kept],
        is_alarm=[chart.is_alarm[i] for i in kept],
        last_is_partial=chart.last_is_partial and bool(kept) and kept[-1] == len(chart.starts) - 1,
    )


def _frame(chart: SeriesChart, *, ticks: int, rows: int, above: int = 0) -> Options:
    labels = {str(instant(at)): text for at, text in _ticks(chart, ticks)}
    text: Options = {"color": "$muted", "fontSize": 12}
    return {
        "useUTC": True,
        "grid": {"left": 6, "right": 14, "top": 14 + above, "bottom": 2, "containLabel": True},
        "xAxis": {
            "type": "time",
            **_limits(chart),
            "axisLine": {"lineStyle": {"color": "$line"}},
            "axisTick": {"show": False},
            "splitLine": {"show": False},
            "axisLabel": {
                **text,
                "margin": 10,
                "hideOverlap": True,
                "customValues": [int(at) for at in labels],
                "formatter": {"labels": labels},
            },
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "splitNumber": rows,
            "splitLine": {"lineStyle": {"color": "$line"}},
            "axisLabel": {
                **text,
                "formatter": "format:percent" if "%" in chart.unit else "format:number",
            },
        },
    }


def _ticks(chart: SeriesChart, most: int) -> tuple[tuple[datetime, str], ...]:
    return time_ticks(chart.starts[0], chart.starts[-1], most)


def _limits(chart: SeriesChart) -> Options:
    return {"min": instant(chart.starts[0]), "max": instant(chart.starts[-1])}


def _band(chart: SeriesChart) -> list[Option]:
    """Two stacked lines: an unseen one up to `low`, and the band from there to `high`."""
    low = _points(chart, chart.low)
    height: list[float | None] = [
        None if a is None or b is None else b - a
        for a, b in zip(chart.low, chart.high, strict=True)
    ]
    bare: Options = {
        "type": "line",
        "stack": "band",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"width": 0},
    }
    band: Option = {"color": "$band", "opacity": 1}
    return [
        {**bare, "data": low},
        {**bare, "data": _points(chart, height), "areaStyle": band},
    ]


def _line(chart: SeriesChart) -> list[Options]:
    """The series; its last bucket dashed to a hollow dot while that bucket is still filling."""
    points = _points(chart, chart.value)
    style: Options = {"color": "$brand", "width": 2, "join": "round"}
    base: Options = {"type": "line", "symbol": "none", "silent": True, "z": 3}
    if not chart.last_is_partial or len(points) < 2:
        lonely: Options = {"symbol": "circle", "symbolSize": 8} if len(points) == 1 else {}
        fill: Option = {"color": "$brand"}
        return [{**base, **lonely, "data": points, "lineStyle": style, "itemStyle": fill}]
    hollow: Option = {
        "value": points[-1],
        "symbol": "circle",
        "symbolSize": 8,
        "itemStyle": {"color": "$surface", "borderColor": "$brand", "borderWidth": 2},
    }
    return [
        {**base, "data": points[:-1], "lineStyle": style},
        {**base, "data": [points[-2], hollow], "lineStyle": {**style, "type": [3, 3]}},
    ]


def _alarms(chart: SeriesChart) -> Options:
    points = [
        point
        for point, alarm in zip(_points(chart, chart.value), chart.is_alarm, strict=True)
        if alarm and point[1] is not None
    ]
    return {
        "type": "scatter",
        "data": points,
        "symbolSize": 7,
        "silent": True,
        "z": 5,
        "itemStyle": {
            "color": "$critical",
            "borderColor": "$surface",
            "borderWidth": 1,
            "opacity": 1,
        },
    }


def _points(chart: SeriesChart, values: Sequence[float | None]) -> list[_Point]:
    return [[instant(at), value] for at, value in zip(chart.starts, values, strict=True)]
