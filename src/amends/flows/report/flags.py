"""Numbered flags on a rail above a time axis: where breakdowns are likely to have begun."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amends.flows.report.render import Option

Options = dict[str, Option]

FLAG_WIDTH: Final = 20
"""Pixels from one flag to the next, both ways."""
MOST_ROWS: Final = 4
"""Flags above each other; the topmost then counts the rest."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A breakdown at its likely onset, with the number it has on the page."""

    number: int
    at: datetime
    severity: str


def stack(
    flags: Sequence[Flag], first: datetime, last: datetime, gap: float
) -> tuple[tuple[Flag, ...], ...]:
    """Return the flags within [first, last] in rows, lowest first, no two of a row overlapping.

    Parameters
    ----------
    flags
        In order of importance.
    first, last
        Ends of the time axis.
    gap
        Width of a flag as a share of the axis.

    """
    room = (last - first) * gap
    rows: list[list[Flag]] = []
    for flag in flags:
        if not first <= flag.at <= last:
            continue
        free = (row for row in rows if all(abs(flag.at - other.at) >= room for other in row))
        row = next(free, None)
        if row is None:
            rows.append(row := [])
        row.append(flag)
    return tuple(tuple(row) for row in rows)


def flag_space(rows: Sequence[Sequence[Flag]]) -> int:
    """Return the pixels that the rail takes above the chart."""
    return FLAG_WIDTH * min(len(rows), MOST_ROWS)


def flag_series(rows: Sequence[Sequence[Flag]]) -> Options:
    """Return the flags as a scatter on a second axis from 0 to 1, each with a stem."""
    shown = [flag for row in rows[:MOST_ROWS] for flag in row]
    return {
        "type": "scatter",
        "yAxisIndex": 1,
        "data": list(_dots(rows)),
        "symbolSize": FLAG_WIDTH - 2,
        "silent": True,
        "clip": False,
        "z": 5,
        "itemStyle": {"borderColor": "$surface", "borderWidth": 2, "opacity": 1},
        "label": {"show": True, "color": "$surface", "fontSize": 11, "fontWeight": 600},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "label": {"show": False},
            "lineStyle": {"color": "$muted", "width": 1, "type": [2, 3]},
            "data": [{"xAxis": instant(flag.at)} for flag in shown],
        },
    }


def _dots(rows: Sequence[Sequence[Flag]]) -> Iterator[Option]:
    left_out = sum(len(row) for row in rows[MOST_ROWS:])
    for level, row in enumerate(rows[:MOST_ROWS]):
        for place, flag in enumerate(row):
            is_last = level == MOST_ROWS - 1 and place == len(row) - 1
            yield {
                "value": [instant(flag.at), 1],
                "symbolOffset": [0, -FLAG_WIDTH * level - FLAG_WIDTH // 2],
                "itemStyle": {"color": f"${flag.severity}"},
                "label": {
                    "formatter": f"+{left_out + 1}" if is_last and left_out else str(flag.number)
                },
            }


def instant(at: datetime) -> int:
    """Return a time as ECharts counts it: milliseconds since 1970, UTC."""
    return round(at.timestamp() * 1000)
