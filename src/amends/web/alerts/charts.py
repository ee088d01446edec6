"""What a rule would have said, as an ECharts option: values, the threshold, a mark per alarm."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from amends.engine.contracts import Floats
from amends.flows.report import words
from amends.web.detect.charts import dot
from amends.web.ui.parts import Chart

HEIGHT: Final = 240


def preview_chart(
    days: Sequence[datetime],
    values: Floats,
    alarms: Sequence[int],
    label: str,
    *,
    level: float | None,
    tone: str,
) -> Chart:
    """Return a course by day; `alarms` are the positions of the days on which it would alarm.

    Values are a line where a level is passed, bars where signals are counted.
    """
    names = [words.day(day) for day in days]
    shown = [None if value != value else round(float(value), 4) for value in values]  # noqa: PLR0124  (NaN)
    main: dict[str, Any] = {
        "type": "bar" if level is None else "line",
        "name": label,
        "data": shown,
        "symbol": "none",
        "barMaxWidth": 8,
        "itemStyle": {"color": "$brand"},
        "lineStyle": {"color": "$brand", "width": 2},
    }
    if level is not None:
        main["markLine"] = {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": "$muted", "width": 1, "type": [4, 3]},
            "label": {"color": "$muted", "fontSize": 12, "position": "insideEndTop",
                      "formatter": "Threshold"},
            "data": [{"yAxis": level}],
        }  # fmt: skip
    dots = {
        "type": "scatter",
        "name": "Alarm",
        "symbolSize": 11,
        "z": 5,
        "data": [[names[i], shown[i]] for i in alarms if shown[i] is not None],
        "itemStyle": dot(tone),
    }
    option = {
        "animation": False,
        "grid": {"left": 4, "right": 12, "top": 14, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": names, "axisLabel": {"hideOverlap": True}},
        "yAxis": {"type": "value", "min": 0},
        "series": [main, dots],
    }
    n = words.count(len(alarms), "alarm")
    told = f"{label} by day, {names[0]} to {names[-1]}: {n} would have been raised"
    return Chart("rule-course", option, told, height=HEIGHT)
