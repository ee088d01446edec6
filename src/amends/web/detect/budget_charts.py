"""The curve of budgets, and a course with the alarms that one of them would have raised."""

from typing import Any, Final

from amends.engine.contracts import SeriesChart
from amends.flows.report import sentences, words
from amends.web.detect.budgets import MAIN_RATIO, budget_label
from amends.web.detect.charts import Series, alarms_on, band, dot, frame_of, lines
from amends.web.detect.models import BudgetStudy
from amends.web.ui.parts import Chart

_STROKES: Final[dict[float, Any]] = {1.5: [6, 4], 2.0: "solid", 3.0: [2, 3]}


def curve_chart(study: BudgetStudy, step: int, in_force: int) -> Chart:
    """Return missed rises (lines, in percent) over alarms a week (bars), one budget beside another.

    The chosen budget is marked, and the one in force.
    """
    points = study.points
    labels = [budget_label(point["per_year"]) for point in points]
    bars: Series = {
        "type": "bar",
        "name": "Alarms a week",
        "yAxisIndex": 1,
        "barWidth": "46%",
        "data": [
            {
                "value": round(point["alarms_per_week"], 2),
                "itemStyle": {"color": "$brand-tint" if i != step else "$brand-soft"},
            }
            for i, point in enumerate(points)
        ],
    }
    rises = [_rise(study, ratio) for ratio in _STROKES]
    rises[1]["markLine"] = {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": "$muted", "width": 1, "type": [4, 3]},
        "label": {"color": "$muted", "fontSize": 12, "formatter": "In force"},
        "data": [{"xAxis": labels[in_force]}],
    }
    option: Series = {
        "grid": {"left": 6, "right": 6, "top": 28, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": labels, "axisLabel": {"hideOverlap": True}},
        "yAxis": [
            {
                "type": "value",
                "min": 0,
                "max": 100,
                "interval": 25,
                "axisLabel": {"formatter": "format:percent"},
            },
            {
                "type": "value",
                "min": 0,
                "splitNumber": 4,
                "splitLine": {"show": False},
                "axisLabel": {"formatter": "format:number"},
            },
        ],
        "series": [bars, *rises],
    }
    first, last = (_missed(points[i], MAIN_RATIO) for i in (1, len(points) - 1))
    label = (
        f"From a budget of {labels[1]} to {labels[-1]}, missed rises to twice the usual go "
        f"from {words.percent(first, 0)} to {words.percent(last, 0)}; chosen: {labels[step]}"
    )
    return Chart("budget-curve", option, label, height=300)


def tried_chart(course: SeriesChart) -> Chart:
    """Return a course with a dot on each day on which a budget would have alarmed."""
    alarms = alarms_on(course)
    dots: Series = {
        "type": "scatter",
        "name": "Alarm",
        "data": alarms,
        "symbolSize": 9,
        "z": 6,
        "itemStyle": dot("high"),
    }
    option = {**frame_of(course), "series": [*band(course), *lines(course), dots]}
    told = f"{sentences.chart_sentence(course)}; {words.count(len(alarms), 'day')} with an alarm"
    return Chart("tried-course", option, told, height=280)


def _rise(study: BudgetStudy, ratio: float) -> Series:
    return {
        "type": "line",
        "name": f"Missed at {words.times(ratio)} the usual",
        "symbol": "circle",
        "symbolSize": 5,
        "z": 4,
        "lineStyle": {
            "color": "$brand",
            "width": 2 if ratio == MAIN_RATIO else 1.5,
            "type": _STROKES[ratio],
        },
        "itemStyle": {"color": "$brand"},
        "data": [round(100 * _missed(point, ratio), 1) for point in study.points],
    }


def _missed(point: dict[str, Any], ratio: float) -> float:
    return next(float(p["missed"]) for p in point["planted"] if p["ratio"] == ratio)
