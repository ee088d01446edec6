"""Metrics as written, with their place on a scale."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import Metric
from amends.flows.report import words

LEADING: Final = (
    "recovery_nps",
    "nps",
    "resolution_median_days",
    "fcr",
    "ces_mean",
    "ces",
    "recontact_rate",
    "csat",
    "complaint_rate",
    "escalation_rate",
    "sla_met",
)
"""Metrics that a leader asks for first, in this order; one without a value makes room."""
CARDS: Final = 6


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


def choose(metrics: Iterable[Metric]) -> tuple[tuple[KeyFigure, ...], tuple[KeyFigure, ...]]:
    """Return the figures for the cards and the rest, out of the metrics that have a value."""
    present = [m for m in metrics if m.value is not None]
    rank = {name: i for i, name in enumerate(LEADING)}
    ordered = sorted(present, key=lambda m: rank.get(m.name, len(rank)))
    cards = {m.name for m in ordered[:CARDS]}
    return (
        tuple(key_figure(m) for m in ordered[:CARDS]),
        tuple(key_figure(m) for m in present if m.name not in cards),
    )


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
