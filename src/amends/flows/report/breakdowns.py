"""Breakdowns as told to a reader, with their charts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from amends.engine.contracts import BreakdownReport, Report
from amends.flows.report import charts, sentences, words
from amends.flows.report.render import draw

TOLD: Final = 8
"""Breakdowns told in full; later ones are lines of a table."""
LISTED: Final = 5
"""Breakdowns in the list beside the trend."""


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


def breakdown_views(report: Report) -> tuple[BreakdownView, ...]:
    """Return all breakdowns, worst first; those told in full with their charts."""
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


def _hit(told: BreakdownReport) -> str:
    b = told.breakdown
    parts = []
    if b.customers is not None:
        parts.append(words.count(b.customers, "customer"))
    if b.value_at_risk is not None and b.value_at_risk.amount:
        parts.append(f"{words.money(b.value_at_risk)} a year at risk")
    return ", ".join(parts)
