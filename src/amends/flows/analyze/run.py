"""The whole analysis of files, read top to bottom."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from amends import __version__
from amends.engine.contracts import (
    REPORT_VERSION,
    BreakdownReport,
    BreakdownState,
    CauseReport,
    Limit,
    QuarantinedRow,
    Recommendation,
    Report,
    SeriesChart,
    Taxonomy,
)
from amends.engine.prevent import CostOfFailure, cost_of_failure
from amends.engine.recommend import Recommender
from amends.engine.signals import Coverage, coverage, limits
from amends.engine.track import metrics

from .causes import cause_reports, cause_totals
from .charts import series_chart
from .events import Event, find_events
from .labelling import label_signals
from .options import AnalyzeOptions
from .reading import read_files
from .recommending import Adviser, assumptions
from .summary import findings, headline
from .telling import breakdown_report
from .watching import Watch, counted_label, watch, watched_signals

Tick = Callable[[str, int, int], None]

ADVISED = 6
"""Causes for which a typical case is decided."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The report and the rows that could not be read."""

    report: Report
    quarantined: tuple[QuarantinedRow, ...]


def analyze_files(
    files: Sequence[Path],
    options: AnalyzeOptions,
    *,
    now: datetime,
    tick: Tick = lambda _stage, _done, _total: None,
) -> Analysis:
    """Read, clean, classify, detect, localise, recommend, measure.

    `now` (aware) is written into the report and used for nothing else; `tick` is called with
    (stage, done, total).

    Raises
    ------
    BadInput
        A file or an option cannot be used; the message says where and what to do.

    """
    intake = read_files(files, options, tick)
    covered = coverage(intake.signals)
    labelled = label_signals(intake.signals, options.taxonomy, intake.taxonomy, tick)
    signals, taxonomy = labelled.signals, labelled.taxonomy
    watched = watch(signals, options, tick)
    inside = watched_signals(signals, watched.period) if watched.period else signals
    events = find_events(inside, watched, tick)
    currency = _currency(signals, options.currency)
    costs = cost_of_failure(signals, currency=currency)
    adviser = Adviser(taxonomy, currency, covered.ends_at or now, Recommender())
    breakdowns = _breakdowns(inside, events, taxonomy, adviser, costs)
    totals = cause_totals(signals)
    causes = cause_reports(signals, totals, taxonomy, {c.cause: c for c in costs.causes})
    figures = metrics(signals)
    report = Report(
        version=REPORT_VERSION,
        generator=f"amends {__version__}",
        generated_at=now,
        title=options.title or _title(files),
        headline=headline(breakdowns, causes, watched),
        findings=findings(breakdowns, causes, totals, figures, intake.rows),
        files=intake.files,
        rows=intake.rows,
        quarantine_reasons=_reasons(intake.quarantined),
        starts_at=covered.starts_at,
        ends_at=covered.ends_at,
        metrics=figures,
        volume=_volume(watched),
        breakdowns=breakdowns,
        watched_series=watched.n_series,
        false_alarm_budget=_budget(options, watched),
        causes=causes,
        cause_totals=totals,
        classifier=labelled.report,
        recommendations=_recommendations(signals, causes, adviser),
        currency=currency,
        cost_assumptions=(*costs.assumptions, *assumptions(signals, currency)),
        limits=(*limits(covered), *watched.limits, *_not_watched(covered, watched)),
    )
    return Analysis(report, intake.quarantined)


def _breakdowns(
    signals: pa.Table,
    events: Sequence[Event],
    taxonomy: Taxonomy,
    adviser: Adviser,
    costs: CostOfFailure,
) -> tuple[BreakdownReport, ...]:
    """Return what is going on first, then by severity and size."""
    each = {cost.cause: cost.total / cost.n for cost in costs.causes}
    told = []
    for event in events:
        cause = event.cause
        hit = signals.filter(pa.array(event.is_hit))
        advice = adviser.typical(hit, cause) if cause else None
        cost = each[cause] * max(event.finding.excess, 0.0) if cause in each else None
        told.append(breakdown_report(signals, event, taxonomy, adviser.currency, advice, cost))
    told.sort(
        key=lambda b: (
            b.breakdown.state is BreakdownState.OVER,
            -b.breakdown.severity.rank,
            b.breakdown.evidence.expected - b.breakdown.evidence.observed,
        )
    )
    return tuple(told)


def _recommendations(
    signals: pa.Table, causes: Sequence[CauseReport], adviser: Adviser
) -> tuple[tuple[str, Recommendation], ...]:
    return tuple(
        (
            f"A typical case of “{cause.label}”",
            adviser.typical(
                signals.filter(pc.fill_null(pc.equal(signals["cause"], cause.path), False)),
                cause.path,
            ),
        )
        for cause in causes[:ADVISED]
    )


def _currency(signals: pa.Table, otherwise: str) -> str:
    """Return the currency of the amounts, if they have one in common."""
    known = pc.unique(signals["currency"].drop_null()).to_pylist()
    return known[0] if len(known) == 1 else otherwise


def _title(files: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in files[:3])
    return f"Service analysis of {names}" + (" and others" if len(files) > 3 else "")


def _reasons(quarantined: Sequence[QuarantinedRow]) -> tuple[tuple[str, int], ...]:
    """Count the rows per field and reason, without what each row held."""
    counted = Counter(
        f"{row.field}: {row.reason.rpartition(' is ')[2]}" if row.field else row.reason
        for row in quarantined
    )
    return tuple(counted.most_common(20))


def _volume(watched: Watch) -> SeriesChart | None:
    """Return the series of everything of the first measure, as counts even where it is a rate."""
    if not watched.watched:
        return None
    first = watched.watched[0]
    return series_chart(first, 0, counted_label(first.measure))


def _budget(options: AnalyzeOptions, watched: Watch) -> str:
    if watched.period is None:
        return "Nothing was watched."
    return (
        f"{options.false_alarms:g} false breakdowns per report on average, shared among "
        f"{watched.n_series:,} series by {watched.period.bucket.value}"
    )


def _not_watched(covered: Coverage, watched: Watch) -> tuple[Limit, ...]:
    if watched.period is not None or not covered.has_dates:
        return ()
    return (
        Limit(
            "breakdowns",
            watched.why_not,
            "Export a longer or fuller stretch: 60 days, or 30 weeks, of at least a few a day.",
        ),
    )
