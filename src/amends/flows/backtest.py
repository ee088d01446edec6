"""History watched again: the alarms it would have raised, how often they were false, how late.

Every bucket is judged by what was known before it, exactly as a running watch does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.compute as pc

from amends.engine.contracts import BadInput, Bucket, Interval, SeriesBatch, Slice, as_datetime
from amends.engine.detect import DetectConfig, Finding
from amends.engine.signals import roll_up_slices
from amends.engine.stats.intervals import poisson_rate
from amends.flows.analyze.labelling import label_signals
from amends.flows.analyze.options import AnalyzeOptions
from amends.flows.analyze.period import choose_period
from amends.flows.analyze.reading import read_files
from amends.flows.analyze.watching import Watched, watched_signals
from amends.flows.bench.series import read_series
from amends.flows.bench.tables import has_columns
from amends.flows.known_events import KnownEvent, read_known_events
from amends.flows.watch import judge, keys_to_watch

Tick = Callable[[str, int, int], None]

_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A breakdown that would have been told."""

    measure: str
    slice: dict[str, str]
    onset_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    state: str
    observed: float
    expected: float
    ratio: float
    known_event: str | None
    """The labelled event that it tells of; None: it is false, as far as the labels go."""
    others: int
    """Alarms on overlapping slices, or of the same storm, that are told with it."""


@dataclass(frozen=True, slots=True)
class EventFound:
    """A labelled event and when it would have been known of."""

    name: str
    starts_at: datetime
    ends_at: datetime
    detected_at: datetime | None
    delay_days: float | None


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a budget would have given."""

    starts_at: datetime
    ends_at: datetime
    every: str
    series: int
    judged_series_years: float
    alarms: tuple[Alarm, ...]
    known_events: tuple[EventFound, ...]
    found: int
    median_delay_days: float | None
    false_alarms: int | None
    """None without labels: then nobody knows which alarms are false."""
    alarms_per_year: float
    false_alarms_per_year: float | None
    false_alarms_per_year_interval: Interval | None
    budget_per_year: float
    is_within_budget: bool | None
    """Whether the interval's lower end lies within the budget."""
    note: str


def backtest_files(
    files: Sequence[Path],
    options: AnalyzeOptions,
    tick: Tick,
    *,
    budget_per_year: float,
    labels: Path | None = None,
    every: Bucket | None = None,
) -> Backtest:
    """Watch the history in files: one CSV of series (series, at, value[, exposure]), or signals.

    Parameters
    ----------
    files
        What `amends analyze` reads, or one CSV of series.
    options
        How signals are understood; unused for series.
    budget_per_year
        False alarms a year that all series together may raise.
    labels
        See `read_known_events`.
    every
        Bucket of a CSV of series; None: told by the data.

    Raises
    ------
    BadInput
        A file or option cannot be used, or there is too little to watch.

    """
    known = read_known_events(labels) if labels else ()
    if len(files) == 1 and has_columns(files[0], ("series", "at", "value")):
        batches = [read_series(files[0], every).batch]
    else:
        batches = _signal_batches(files, options, tick)
    config = DetectConfig.for_total(budget_per_year, sum(len(b.keys) for b in batches))
    watched = judge(batches, config, tick)
    if all(np.isnan(w.detection.score).all() for w in watched):
        raise BadInput(
            "The history is too short to judge any of it.",
            where=", ".join(str(path) for path in files),
            remedy=f"More than {config.history(batches[0].bucket)} buckets are needed.",
        )
    return backtest(watched, known, budget_per_year)


def _signal_batches(
    files: Sequence[Path], options: AnalyzeOptions, tick: Tick
) -> list[SeriesBatch]:
    """Return the series that the running system would watch in these signals."""
    intake = read_files(files, options, tick)
    signals = label_signals(intake.signals, options.taxonomy, intake.taxonomy, tick).signals
    told = signals.filter(pc.not_equal(signals["kind"], "transaction"))
    period = choose_period(pc.drop_null(told["occurred_at"]).to_numpy().astype("datetime64[us]"))
    if isinstance(period, str):
        raise BadInput(
            f"There is nothing to watch: {period}.",
            where=", ".join(str(path) for path in files),
            remedy="Export a longer or fuller stretch: 60 days, or 30 weeks.",
        )
    inside = watched_signals(signals, period)
    slices: dict[str, list[Slice]] = {}
    for key in keys_to_watch(inside):
        slices.setdefault(key.measure, []).append(key.slice)
    end = as_datetime(period.ends_at)
    return [roll_up_slices(inside, m, where, period.bucket, end) for m, where in slices.items()]


def backtest(
    watched: Sequence[Watched], labels: Sequence[KnownEvent], budget_per_year: float
) -> Backtest:
    """Return what the watch of `watched` would have meant.

    `budget_per_year` is what was granted to all series together.
    """
    batch = watched[0].batch
    judged = [~np.isnan(w.detection.score) for w in watched]
    years = max(max(int(j.any(axis=0).sum()) for j in judged) / batch.bucket.per_year, 1e-9)
    roots = [(w, f) for w in watched for f in w.findings if f.part_of is None]
    roots.sort(key=lambda pair: (pair[1].detected, pair[1].key))
    alarms = tuple(_alarm(w, f, labels) for w, f in roots)
    events = tuple(_event(label, watched) for label in labels)
    delays = [e.delay_days for e in events if e.delay_days is not None]
    false = sum(a.known_event is None for a in alarms) if labels else None
    interval = None if false is None else poisson_rate(false, years)
    first = min(int(j.any(axis=0).argmax()) for j in judged)
    return Backtest(
        starts_at=as_datetime(batch.starts[first]),
        ends_at=as_datetime(batch.starts[-1] + _width(batch)),
        every=batch.bucket.value,
        series=sum(int(j.any(axis=1).sum()) for j in judged),
        judged_series_years=sum(int(j.sum()) for j in judged) / batch.bucket.per_year,
        alarms=alarms,
        known_events=events,
        found=len(delays),
        median_delay_days=float(np.median(delays)) if delays else None,
        false_alarms=false,
        alarms_per_year=len(alarms) / years,
        false_alarms_per_year=None if false is None else false / years,
        false_alarms_per_year_interval=interval,
        budget_per_year=budget_per_year,
        is_within_budget=None if interval is None else interval.low <= budget_per_year,
        note=_note(labels, years),
    )


def _note(labels: Sequence[KnownEvent], years: float) -> str:
    if not labels:
        return (
            "Without labels nobody knows which alarms are false: give the known events with "
            "--labels, then what matches none of them counts as false."
        )
    short = f" Only {years:.1f} years were judged: the interval is wide." if years < 2 else ""
    return f"What matches no label counts as false, even if it was real.{short}"


def _alarm(watched: Watched, finding: Finding, labels: Sequence[KnownEvent]) -> Alarm:
    batch, evidence = watched.batch, finding.evidence
    told = next((label.name for label in labels if _tells_of(label, batch, finding)), None)
    over = finding.state.value == "over" and not finding.is_new_normal
    others = sum(f.part_of == finding.breakdown_id for f in watched.findings)
    return Alarm(
        measure=finding.key.measure,
        slice=finding.key.slice.as_dict(),
        onset_at=as_datetime(batch.starts[finding.onset]),
        detected_at=as_datetime(batch.starts[finding.detected] + _width(batch)),
        ended_at=as_datetime(batch.starts[finding.last] + _width(batch)) if over else None,
        state=finding.state.value,
        observed=evidence.observed,
        expected=evidence.expected,
        ratio=evidence.ratio,
        known_event=told,
        others=max(others, finding.stands_for),
    )


def _event(label: KnownEvent, watched: Sequence[Watched]) -> EventFound:
    """Return when the first alarm that tells of it would have come, on any slice."""
    seen = [
        w.batch.starts[f.detected] + _width(w.batch)
        for w in watched
        for f in w.findings
        if _tells_of(label, w.batch, f)
    ]
    at = min(seen, default=None)
    delay = None if at is None else float((at - label.first) / _DAY)
    return EventFound(
        name=label.name,
        starts_at=as_datetime(label.first),
        ends_at=as_datetime(label.last),
        detected_at=None if at is None else as_datetime(at),
        delay_days=delay,
    )


def _tells_of(label: KnownEvent, batch: SeriesBatch, finding: Finding) -> bool:
    """Return whether a finding overlaps an event in time and its slice does not contradict it."""
    if label.measure and label.measure != finding.key.measure:
        return False
    begin, end = batch.starts[finding.onset], batch.starts[finding.last] + _width(batch)
    if begin >= label.last or end <= label.first:
        return False
    mine = finding.key.slice.as_dict()
    return all(mine.get(dim, value) == value for dim, value in label.where.terms)


def _width(batch: SeriesBatch) -> np.timedelta64:
    return np.timedelta64(batch.bucket.seconds, "s")
