"""What the report's page shows, worked out of a `Report`: the context of the templates."""

from collections.abc import Callable, Sequence
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
from amends.flows.report.breakdowns import LISTED, TOLD, BreakdownView, Figure, breakdown_views
from amends.flows.report.flags import Flag
from amends.flows.report.key_figures import KeyFigure, choose
from amends.flows.report.render import draw
from amends.flows.report.treemap import Branch, Magnitude, cause_map, is_clear, magnitude

MAIN_CAUSES: Final = 12
"""Causes in the open table; the rest is folded."""
FEW_LISTED: Final = 3
"""Up to so many, the list is no taller than the usual chart beside it."""
MAPPED: Final = 4
"""Causes from which on a map says more than the table."""
FEW_MISSING: Final = 3
"""Metrics without a value that are listed openly; more are folded."""


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
    more_figures: tuple[KeyFigure, ...]
    missing_figures: tuple[Metric, ...]
    missing_is_long: bool
    breakdowns: tuple[BreakdownView, ...]
    """The worst, told in full."""
    more_breakdowns: tuple[BreakdownView, ...]
    listed: tuple[BreakdownView, ...]
    """The few beside the trend."""
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
    breakdowns = breakdown_views(report)
    key_figures, more_figures = choose(report.metrics)
    missing = tuple(m for m in report.metrics if m.value is None)
    return Page(
        report=report,
        period=words.period(report.starts_at, report.ends_at),
        volume=_volume(report),
        key_figures=key_figures,
        more_figures=more_figures,
        missing_figures=missing,
        missing_is_long=len(missing) > FEW_MISSING,
        breakdowns=breakdowns[:TOLD],
        more_breakdowns=breakdowns[TOLD:],
        listed=breakdowns[:LISTED],
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


def _advice(given: Sequence[tuple[str, Recommendation]]) -> tuple[Advice, ...]:
    """Return each different recommendation once; how the policy decided may differ in figures."""
    alike: dict[object, list[tuple[str, Recommendation]]] = {}
    for who, r in given:
        same = (r.action, r.runner_up, r.owed, r.limit, r.approver, r.reasons)
        alike.setdefault(same, []).append((who, r))
    return tuple(Advice(tuple(w for w, _ in group), group[0][1]) for group in alike.values())


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
