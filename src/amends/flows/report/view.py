"""What the report's page shows, worked out of a `Report`: the context of the templates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup

from amends.engine.contracts import (
    UNSURE,
    BreakdownReport,
    CauseReport,
    Metric,
    Recommendation,
    Report,
)
from amends.flows.report import charts, sentences, words
from amends.flows.report.flags import Flag
from amends.flows.report.render import draw
from amends.flows.report.treemap import Branch, Magnitude, cause_map, is_clear, magnitude

MAIN_CAUSES: Final = 12
"""Causes in the open table; the rest is folded."""
TOLD: Final = 8
"""Breakdowns told in full; later ones are lines of a table."""
LISTED: Final = 5
"""Breakdowns in the list beside the trend."""
FEW_LISTED: Final = 3
"""Up to so many, the list is no taller than the usual chart beside it."""
MAPPED: Final = 4
"""Causes from which on a map says more than the table."""
FEW_MISSING: Final = 3
"""Metrics without a value that are listed openly; more are folded."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn chart with everything that stands for it where it cannot be seen."""

    svg: Markup
    narrow: Markup | None
    """The same for phones; None: `svg` serves both."""
    label: str
    outside: tuple[tuple[str, str, str, str], ...]
    """(when, value, expected, range) of what lies outside the expected range."""


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


@dataclass(frozen=True, slots=True)
class Where:
    """A slice that explains a breakdown."""

    text: str
    share: str


@dataclass(frozen=True, slots=True)
class BreakdownView:
    """A breakdown as told to a reader."""

    number: int
    report: BreakdownReport
    figure: Figure | None
    spark: Markup | None
    since: str
    state: str
    where: tuple[Where, ...]
    size: str
    ratio: str
    part_of: int | None
    causes: tuple[tuple[str, str], ...]
    hit: str


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation with everyone it is for."""

    whom: tuple[str, ...]
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One line of the table of causes."""

    number: int
    cause: CauseReport
    change: str
    tone: str
    """"bad" or "good" where the change is more than chance, else empty."""
    step: int
    bar: float
    """Percent of the largest cause."""


@dataclass(frozen=True, slots=True)
class CostRow:
    """Cost of failure of one cause; the parts in percent of the costliest cause."""

    label: str
    n: int
    handling: float
    remedy: float
    churn: float
    total: float
    share: float
    parts: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Page:
    """The context of `report.html.j2`."""

    report: Report
    period: str
    volume: Figure | None
    key_figures: tuple[KeyFigure, ...]
    missing_figures: tuple[Metric, ...]
    missing_is_long: bool
    breakdowns: tuple[BreakdownView, ...]
    """The worst, told in full."""
    more_breakdowns: tuple[BreakdownView, ...]
    advice: tuple[Advice, ...]
    severities: tuple[tuple[str, int], ...]
    magnitude: Magnitude
    branches: tuple[Branch, ...]
    main_causes: tuple[CauseRow, ...]
    more_causes: tuple[CauseRow, ...]
    dated: bool
    """Whether any cause has a recent change."""
    scored: bool
    """Whether any cause has a share of negative texts."""
    unsure: tuple[int, float] | None
    costs: tuple[CostRow, ...]
    cost_total: float


def build_page(report: Report) -> Page:
    """Return everything the templates show."""
    rows = _cause_rows(report.causes)
    costs = _cost_rows(report.causes)
    breakdowns = _breakdowns(report)
    present = [m for m in report.metrics if m.value is not None]
    missing = tuple(m for m in report.metrics if m.value is None)
    return Page(
        report=report,
        period=words.period(report.starts_at, report.ends_at),
        volume=_volume(report),
        key_figures=tuple(_key_figure(m) for m in present),
        missing_figures=missing,
        missing_is_long=len(missing) > FEW_MISSING,
        breakdowns=breakdowns[:TOLD],
        more_breakdowns=breakdowns[TOLD:],
        advice=_advice(report.recommendations),
        severities=_severities(report.breakdowns),
        magnitude=magnitude(report.causes),
        branches=cause_map(report.causes) if len(report.causes) >= MAPPED else (),
        main_causes=rows[:MAIN_CAUSES],
        more_causes=rows[MAIN_CAUSES:],
        dated=any(c.recent_change is not None for c in report.causes),
        scored=any(c.negative_share is not None for c in report.causes),
        unsure=next(((c.n, c.share) for c in report.cause_totals if c.cause == UNSURE), None),
        costs=costs,
        cost_total=sum(row.total for row in costs),
    )


def _volume(report: Report) -> Figure | None:
    chart = report.volume
    if chart is None or not chart.starts:
        return None
    flags = [
        Flag(i, b.breakdown.onset_at, b.breakdown.severity)
        for i, b in enumerate(report.breakdowns[:TOLD], 1)
    ]
    tall = 370 if len(report.breakdowns) > FEW_LISTED else 290
    wide = draw(charts.volume_option(chart, flags), name="volume", width=780, height=tall)
    thinner = charts.thin_out(chart, most=240)
    narrow = charts.volume_option(thinner, flags, width=350, ticks=4)
    return Figure(
        svg=Markup(wide),  # noqa: S704 - drawn by ECharts of numbers and dates alone
        narrow=Markup(draw(narrow, name="volume-s", width=350, height=250)),  # noqa: S704 - likewise
        label=sentences.chart_sentence(chart),
        outside=tuple(sentences.outside_rows(chart)),
    )


def _breakdowns(report: Report) -> tuple[BreakdownView, ...]:
    labels = {c.path: c.label for c in report.causes}
    numbers = {b.breakdown.breakdown_id: i for i, b in enumerate(report.breakdowns, 1)}
    return tuple(
        _breakdown(i, told, labels, numbers) for i, told in enumerate(report.breakdowns, 1)
    )


def _breakdown(
    number: int, told: BreakdownReport, labels: Mapping[str, str], numbers: Mapping[str, int]
) -> BreakdownView:
    b = told.breakdown
    drawn = number <= TOLD and bool(told.chart.starts)
    return BreakdownView(
        number=number,
        report=told,
        figure=_breakdown_figure(told, number) if drawn else None,
        spark=_spark(told, number) if drawn and number <= LISTED else None,
        since=sentences.since(b, told.chart.bucket),
        state=sentences.STATES[b.state],
        where=tuple(
            Where(sentences.where(s.slice, labels), words.percent(s.share_explained, 0))
            for s in b.slices
        ),
        size=sentences.size(b),
        ratio=sentences.ratio(b),
        part_of=numbers.get(b.part_of) if b.part_of else None,
        causes=tuple(
            (sentences.cause_label(c.cause, labels), f"{words.percent(c.share, 0)}, {c.n:,}")
            for c in b.causes
        ),
        hit=_hit(told),
    )


def _breakdown_figure(told: BreakdownReport, number: int) -> Figure:
    b = told.breakdown
    onset = (b.onset_earliest_at, b.onset_at, b.onset_latest_at)
    option = charts.breakdown_option(told.chart, onset, b.ended_at)
    svg = draw(option, name=f"b{number}", width=440, height=220)
    shown = charts.around(told.chart, b.onset_earliest_at, b.ended_at)
    return Figure(
        svg=Markup(svg),  # noqa: S704 - drawn by ECharts of numbers and dates alone
        narrow=None,
        label=sentences.chart_sentence(shown),
        outside=tuple(sentences.outside_rows(shown)),
    )


def _spark(told: BreakdownReport, number: int) -> Markup:
    b = told.breakdown
    shown = charts.around(told.chart, b.onset_earliest_at, b.ended_at)
    svg = draw(charts.sparkline_option(shown), name=f"s{number}", width=72, height=28)
    return Markup(svg)  # noqa: S704 - drawn by ECharts of numbers and dates alone


def _advice(given: Sequence[tuple[str, Recommendation]]) -> tuple[Advice, ...]:
    """Return each different recommendation once; how the policy decided may differ in figures."""
    alike: dict[object, list[tuple[str, Recommendation]]] = {}
    for who, r in given:
        same = (r.action, r.runner_up, r.owed, r.limit, r.approver, r.reasons)
        alike.setdefault(same, []).append((who, r))
    return tuple(Advice(tuple(w for w, _ in group), group[0][1]) for group in alike.values())


def _hit(told: BreakdownReport) -> str:
    b = told.breakdown
    parts = []
    if b.customers is not None:
        parts.append(words.count(b.customers, "customer"))
    if b.value_at_risk is not None and b.value_at_risk.amount:
        parts.append(f"{words.money(b.value_at_risk)} a year at risk")
    return ", ".join(parts)


def _severities(breakdowns: Sequence[BreakdownReport]) -> tuple[tuple[str, int], ...]:
    ordered = sorted((b.breakdown.severity for b in breakdowns), key=lambda s: -s.rank)
    return tuple((severity.value, len(list(same))) for severity, same in groupby(ordered))


def _cause_rows(causes: Sequence[CauseReport]) -> tuple[CauseRow, ...]:
    most = max((c.n for c in causes), default=1) or 1
    step: Callable[[CauseReport], int] = magnitude(causes).step
    rows = []
    for number, cause in enumerate(causes, 1):
        clear = is_clear(cause)
        tone = "" if not clear else "bad" if (cause.recent_change or 0) > 0 else "good"
        change = words.signed_percent(cause.recent_change)
        rows.append(CauseRow(number, cause, change, tone, step(cause), 100 * cause.n / most))
    return tuple(rows)


def _cost_rows(causes: Sequence[CauseReport]) -> tuple[CostRow, ...]:
    costs = sorted(
        ((c.label, c.cost) for c in causes if c.cost is not None and c.cost.total > 0),
        key=lambda pair: -pair[1].total,
    )
    most = costs[0][1].total if costs else 1.0
    return tuple(
        CostRow(
            label,
            c.n,
            c.handling,
            c.remedy,
            c.churn,
            c.total,
            c.share,
            (100 * c.handling / most, 100 * c.remedy / most, 100 * c.churn / most),
        )
        for label, c in costs
    )


def _key_figure(metric: Metric) -> KeyFigure:
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
