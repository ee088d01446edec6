"""Which series are watched, and the breakdowns that are found in them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.clocks import days_off
from amends.engine.contracts import (
    DIMENSIONS,
    MEASURES,
    UNSURE,
    BadInput,
    Bucket,
    Family,
    Kind,
    Limit,
    SeriesBatch,
    Slice,
    as_datetime,
)
from amends.engine.detect import (
    DetectConfig,
    Detection,
    Finding,
    break_storms,
    detect,
    find_breakdowns,
    group_overlapping,
)
from amends.engine.signals import (
    ChosenSlices,
    LeftOut,
    choose_slices,
    measures_of,
    roll_up_slices,
)

from .options import AnalyzeOptions
from .period import WatchedPeriod, choose_period

Tick = Callable[[str, int, int], None]

RATES: Final = {
    "complaints": "complaint_rate",
    "tickets": "ticket_rate",
    "social_mentions": "mention_rate",
}
"""Counts that are not watched when their rate can be: more orders are no breakdown."""
TOP: Final = 30
"""Values of one dimension, or of a pair, that get a series of their own."""
LEAST_EVENTS: Final = 20
SHORT_HISTORY: Final = {Bucket.HOUR: 72}
"""What one file must do with; a running system learns for longer."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One measure on all its slices."""

    measure: str
    batch: SeriesBatch
    detection: Detection
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything that was watched; `why_not` says why nothing was."""

    period: WatchedPeriod | None
    dims: tuple[str, ...]
    watched: tuple[Watched, ...]
    why_not: str
    limits: tuple[Limit, ...]
    config: DetectConfig

    @property
    def n_series(self) -> int:
        """Return how many series were judged."""
        return sum(len(w.batch.keys) - len(w.detection.not_watched) for w in self.watched)


def counted_label(measure: str) -> str:
    """Return what a series of a measure counts: of a rate, its events."""
    counts = {rate: count for count, rate in RATES.items()}
    return MEASURES[counts.get(measure, measure)].label


def watch(signals: pa.Table, options: AnalyzeOptions, tick: Tick) -> Watch:
    """Roll up every measure on every slice worth a series, and detect."""
    counted = signals.filter(pc.not_equal(signals["kind"], "transaction"))
    stamped = pc.drop_null(counted["occurred_at"]).to_numpy().astype("datetime64[us]")
    period = choose_period(stamped)
    if isinstance(period, str):
        return Watch(None, (), (), period, (), DetectConfig())
    inside = watched_signals(signals, period)
    dims = watched_dims(inside.filter(pc.not_equal(inside["kind"], "transaction")))
    ends_at = as_datetime(period.ends_at)
    steps = (period.ends_at - period.starts_at) / np.timedelta64(period.bucket.seconds, "s")
    measures = measures_to_watch(inside)
    chosen = {m: _chosen(inside, m, dims) for m in measures}
    n_series = sum(len(each.slices) for each in chosen.values())
    config = _config(options, period, float(steps), n_series)
    watched = []
    for number, measure in enumerate(measures):
        tick("watching for breakdowns", number, len(measures))
        batch = roll_up_slices(inside, measure, chosen[measure].slices, period.bucket, ends_at)
        batch = replace(batch, closed=_closed(batch, options.country))
        detection = detect(batch, config)
        findings = group_overlapping(find_breakdowns(detection, batch), batch, detection)
        watched.append(Watched(measure, batch, detection, findings))
    tick("watching for breakdowns", len(measures), len(measures))
    watched = told_once(watched)
    said = (*_limits(period), *_rest_limits(chosen.values()), *_storm_limits(watched))
    return Watch(period, dims, tuple(watched), "", said, config)


def told_once(judged: Sequence[Watched], n_series: int | None = None) -> list[Watched]:
    """Return what was watched with alarm storms grouped, over all measures; see `break_storms`.

    `n_series` is how many were looked at, when `judged` holds only those that stand out.
    """
    among = sum(len(w.batch.keys) for w in judged) if n_series is None else n_series
    calmed = iter(break_storms([f for w in judged for f in w.findings], among))
    return [replace(w, findings=tuple(next(calmed) for _ in w.findings)) for w in judged]


def watched_signals(signals: pa.Table, period: WatchedPeriod) -> pa.Table:
    """Return the signals of the watched stretch that may tell of a failure.

    A ticket that tells of no known failure is a routine contact: a question about an order, an
    answer to a survey invitation. More of those are no breakdown.
    """
    at = signals["occurred_at"]
    first, last = (pa.scalar(as_datetime(t), at.type) for t in (period.starts_at, period.ends_at))
    inside = pc.and_(pc.greater_equal(at, first), pc.less(at, last))
    is_unsure = pc.fill_null(pc.equal(signals["cause"], UNSURE), False)
    is_routine = pc.and_(pc.equal(signals["kind"], Kind.TICKET.value), is_unsure)
    return signals.filter(pc.and_(inside, pc.invert(is_routine)))


def watched_dims(signals: pa.Table) -> tuple[str, ...]:
    """Return the dimensions that most signals have, with at least two values."""
    return tuple(
        dim
        for dim in DIMENSIONS
        if 2 * signals[dim].null_count < len(signals)
        and len(pc.unique(signals[dim].drop_null())) > 1
    )


def measures_to_watch(signals: pa.Table) -> tuple[str, ...]:
    """Return the measures with enough events; a count only where its rate cannot be had."""
    found = measures_of(signals, minimum=2 * LEAST_EVENTS)
    return tuple(m for m in found if RATES.get(m) not in found)


def slices_to_watch(signals: pa.Table, measure: str, dims: Sequence[str]) -> list[Slice]:
    """Return everything, each dimension's values, each cause, and each cause within each value."""
    return list(_chosen(signals, measure, dims).slices)


def _chosen(signals: pa.Table, measure: str, dims: Sequence[str]) -> ChosenSlices:
    first = choose_slices(signals, measure, dims, minimum=LEAST_EVENTS, top=TOP)
    chosen = list(first.slices)
    if MEASURES[measure].family is Family.COUNT:
        for dim in (None, *dims):
            pair = ["cause"] if dim is None else [dim, "cause"]
            chosen += choose_slices(
                signals, measure, pair, minimum=LEAST_EVENTS, top=TOP, pairs=dim is not None
            ).slices
    return ChosenSlices(tuple(dict.fromkeys(chosen)), first.left_out)


def _rest_limits(chosen: Iterable[ChosenSlices]) -> list[Limit]:
    """Say of every dimension with very many values that most have no series of their own."""
    most: dict[str, LeftOut] = {}
    for rest in (rest for each in chosen for rest in each.left_out):
        (dim,) = rest.dims
        if rest.values > TOP and (dim not in most or rest.values > most[dim].values):
            most[dim] = rest
    return [
        Limit(
            f"breakdowns of single values of {dim}",
            f"{rest.values:,} of its values, with {rest.signals:,} signals, are too rare or beyond "
            f"the {TOP} most frequent and have no series of their own",
            "They count in every series above them. Group the values if they belong together.",
        )
        for dim, rest in most.items()
    ]


def _config(
    options: AnalyzeOptions, period: WatchedPeriod, steps: float, n_series: int
) -> DetectConfig:
    """Share the report's budget among the series and the time in which they are judged."""
    history = SHORT_HISTORY.get(period.bucket)
    base = DetectConfig(min_history_buckets=history)
    judged = max(steps - base.history(period.bucket), 1.0)
    per_year = options.false_alarms / (judged / period.bucket.per_year)
    return replace(base, false_alarms_per_series_year=per_year / max(n_series, 1))


def _closed(batch: SeriesBatch, country: str) -> np.ndarray | None:
    if not country or batch.bucket is not Bucket.DAY:
        return None
    years = range(as_datetime(batch.starts[0]).year, as_datetime(batch.starts[-1]).year + 1)
    try:
        days = frozenset().union(*(days_off(country.upper(), year) for year in years))
    except ValueError:
        raise BadInput(
            f"The public holidays of {country!r} are not known.",
            where="--country",
            remedy="Give an ISO 3166 code such as DE, GB or US.",
        ) from None
    return np.array([float(as_datetime(start).date() in days) for start in batch.starts])


def _storm_limits(watched: Sequence[Watched]) -> list[Limit]:
    """Say of every alarm storm that it is told once."""
    return [
        Limit(
            f"breakdowns that began on {as_datetime(w.batch.starts[f.detected]):%-d %b %Y}",
            f"{f.stands_for + 1} series alarmed at once and are told as one breakdown",
            "Look for what they share: a file loaded twice, a clock that jumped, an outage.",
        )
        for w in watched
        for f in w.findings
        if f.stands_for
    ]


def _limits(period: WatchedPeriod) -> tuple[Limit, ...]:
    if not period.left_out:
        return ()
    first, last = as_datetime(period.starts_at), as_datetime(period.ends_at)
    return (
        Limit(
            f"breakdowns outside {first:%-d %b %Y} – {last:%-d %b %Y}",
            f"the {period.left_out:,} signals outside are too thin to tell what is usual",
            "They count in causes and metrics. Add the missing weeks if the export lost them.",
        ),
    )
