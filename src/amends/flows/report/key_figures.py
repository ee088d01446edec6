"""Metrics as written, with their place on a scale."""

from collections.abc import Callable
from dataclasses import dataclass

from amends.engine.contracts import Metric
from amends.flows.report import words


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A metric as written, with the place of value and interval on its scale in percent."""

    metric: Metric
    value: str
    unit: str
    interval: str
    at: float | None
    low: float | None
    high: float | None


def key_figure(metric: Metric) -> KeyFigure:
    """Write a metric that has a value."""
    value = metric.value if metric.value is not None else 0.0
    digits = None if abs(value) < 1 and value else 1 if abs(value) < 100 else 0
    write: Callable[[float], str] = (
        (lambda v: words.signed(v, 0))
        if metric.unit == "points"
        else lambda v: words.number(v, digits)
    )
    top, bottom = _scale(metric)
    place = [
        None if v is None else min(max(100 * (v - bottom) / (top - bottom), 0.0), 100.0)
        for v in (
            value,
            metric.interval.low if metric.interval else None,
            metric.interval.high if metric.interval else None,
        )
    ]
    written = ""
    if metric.interval is not None:
        ends = words.interval(write(metric.interval.low), write(metric.interval.high))
        written = f"{words.level(metric.interval)}: {ends}"
    shown = words.compact(value) if abs(value) >= 100_000 else write(value)
    return KeyFigure(metric, shown, _unit(metric.unit), written, *place)


def _unit(unit: str) -> str:
    return f"/ {unit.removeprefix('of ')}" if unit.startswith("of ") else unit


def _scale(metric: Metric) -> tuple[float, float]:
    """Return top and bottom of the scale a metric lives on."""
    unit = metric.unit
    if unit == "%":
        return 100.0, 0.0
    if unit == "points":
        return 100.0, -100.0
    if unit.startswith("of ") and unit[3:].isdigit():
        return float(unit[3:]), 1.0
    reach = max(metric.value or 0.0, metric.interval.high if metric.interval else 0.0)
    return (1.5 * reach if reach > 0 else 1.0), 0.0
