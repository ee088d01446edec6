"""From findings in many series to the events behind them: where exactly, and told once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import (
    UNSURE,
    BadInput,
    CauseShare,
    Kind,
    Slice,
    SliceShare,
    as_datetime,
)
from amends.engine.detect import (
    Finding,
    LocalizeConfig,
    detect,
    find_breakdowns,
    localize,
)
from amends.engine.signals import NOT_GIVEN, contribution, leaves, roll_up_slices

from .watching import Watch, Watched

Tick = Callable[[str, int, int], None]
Flags = NDArray[np.bool_]

MOST: Final = 40
"""Events that one report tells of; the strongest are kept."""
DEEPEST: Final = 3
"""Dimensions that localisation may add to the series in which something was found."""
LEAST_SHARE: Final = 0.7
"""Part of the excess that a slice must hold to be called the place."""
MAIN_SHARE: Final = 0.5
"""Part of the excess that a cause must hold to give the event its name."""
_NEARLY: Final = 0.9
_ENOUGH_BEFORE: Final = 8
BASELINE: Final = timedelta(days=56)
"""How long before the onset is compared with, where there is as much."""


@dataclass(frozen=True, slots=True)
class Event:
    """One breakdown: the finding that tells it best, and the others that tell of the same."""

    watched: Watched
    finding: Finding
    slices: tuple[SliceShare, ...]
    causes: tuple[CauseShare, ...]
    """By their part of the excess, the greatest first."""
    is_hit: Flags
    """Signals (of those that were watched) that are part of it."""
    also: tuple[str, ...] = ()
    """Other measures in which it shows."""

    @property
    def slice(self) -> Slice:
        """Where it lies."""
        return self.slices[0].slice

    @property
    def cause(self) -> str | None:
        """The cause that holds at least half of it."""
        told = dict(self.slice.terms).get("cause")
        if told:
            return told
        main = next((c for c in self.causes if c.cause != UNSURE), None)
        return main.cause if main and main.share >= MAIN_SHARE else None

    def times(self) -> tuple[np.datetime64, np.datetime64]:
        """Return when it began and when it ended or was last seen."""
        starts = self.watched.batch.starts
        return starts[self.finding.onset], starts[self.finding.last]


def find_events(signals: pa.Table, watch: Watch, tick: Tick) -> tuple[Event, ...]:
    """Localise every finding that nothing else explains, and merge those of one event.

    `signals` are those of the watched period.
    """
    roots = [
        (watched, finding)
        for watched in watch.watched
        for finding in watched.findings
        if finding.part_of is None and finding.is_sure
    ]
    roots.sort(key=lambda pair: -pair[1].evidence.score)
    events: list[Event] = []
    for number, (watched, finding) in enumerate(roots[: 3 * MOST]):
        tick("localising", number, min(len(roots), 3 * MOST))
        event = _event(signals, watch, watched, finding)
        same = next((i for i, other in enumerate(events) if _same(event, other)), None)
        if same is None:
            events.append(event)
        elif event.watched.measure != events[same].watched.measure:
            also = dict.fromkeys((*events[same].also, event.watched.measure))
            events[same] = replace(events[same], also=tuple(also))
    tick("localising", 1, 1)
    return tuple(events[:MOST])


def within(signals: pa.Table, where: Slice) -> Flags:
    """Return which signals lie in a slice; transactions need not say what they cannot know."""
    inside = np.ones(len(signals), dtype=bool)
    is_transaction = pc.equal(signals["kind"], Kind.TRANSACTION.value)
    for dim, value in where.terms:
        column = signals[dim]
        matches = pc.fill_null(pc.equal(column.cast(pa.string()), value), False)
        unknown = pc.and_(is_transaction, pc.is_null(column))
        inside &= np.asarray(pc.or_(matches, unknown), dtype=bool)
    return inside


def _event(signals: pa.Table, watch: Watch, watched: Watched, finding: Finding) -> Event:
    shares = _localised(signals, watch, watched, finding)
    plain = _without_redundant(signals, watched, finding, shares[0].slice)
    shares = (replace(shares[0], slice=plain), *(s for s in shares[1:] if s.slice != plain))
    exact = _on_exact_slice(signals, watch, watched, finding, shares[0].slice)
    if exact is not None:
        watched, finding = exact
    is_hit, is_usual = _masks(signals, watched, finding, shares[0].slice)
    causes = _excess_by_cause(signals, is_hit, is_usual, _stretch(watched, finding))
    return Event(watched, finding, shares, causes, is_hit)


def _localised(
    signals: pa.Table, watch: Watch, watched: Watched, finding: Finding
) -> tuple[SliceShare, ...]:
    """Return the slices that explain a finding, each within the finding's own slice."""
    own = finding.key.slice
    evidence = finding.evidence
    whole = SliceShare(own, evidence.observed, evidence.expected, 1.0, evidence.score)
    dims = [dim for dim in (*watch.dims, "cause") if dim not in dict(own.terms)]
    onset, last = _window(watched, finding)
    first = as_datetime(watched.batch.starts[0])
    baseline = (max(first, _onset_earliest(watched, finding) - BASELINE), onset)
    if not dims or baseline[0] >= baseline[1]:
        return (whole,)
    try:
        table = leaves(
            signals.filter(pa.array(within(signals, own))),
            watched.measure,
            dims,
            (onset, last),
            baseline,
            total=evidence.expected,
        )
    except BadInput:
        return (whole,)
    found = localize(table, LocalizeConfig(deepest=DEEPEST))
    inside = [replace(s, slice=Slice.of((*own.terms, *_given(s.slice)))) for s in found.slices]
    best = [share for share in inside if share.share_explained >= LEAST_SHARE]
    if best:
        return (best[0], *[s for s in inside if s is not best[0]][:2])
    return (whole, *inside[:2])


def _without_redundant(
    signals: pa.Table, watched: Watched, finding: Finding, where: Slice
) -> Slice:
    """Return the slice without the terms that its bad signals share at other times too.

    Whatever is "refund late" always happens in the journey stage of refunds: to say so tells
    nothing. What they share during the event only is the place itself.
    """
    for term in sorted(where.terms, key=_telling):
        wider = Slice(tuple(t for t in where.terms if t != term))
        inside, outside = (
            int(_masks(signals, watched, finding, each)[1].sum()) for each in (where, wider)
        )
        if wider.terms and outside >= _ENOUGH_BEFORE and inside >= _NEARLY * outside:
            where = wider
    return where


def _telling(term: tuple[str, str]) -> int:
    """Return how much a dimension tells a reader, the least first."""
    order = ("journey_stage", "touchpoint", "channel", "segment", "tier")
    return order.index(term[0]) if term[0] in order else len(order) + (term[0] == "cause")


def _given(where: Slice) -> list[tuple[str, str]]:
    """Return the terms that name something: a missing value is no place."""
    return [term for term in where.terms if term[1] != NOT_GIVEN]


def _onset_earliest(watched: Watched, finding: Finding) -> datetime:
    return as_datetime(watched.batch.starts[finding.onset_earliest])


def _window(watched: Watched, finding: Finding) -> tuple[datetime, datetime]:
    starts, width = watched.batch.starts, np.timedelta64(watched.batch.bucket.seconds, "s")
    return as_datetime(starts[finding.onset]), as_datetime(starts[finding.last] + width)


def _on_exact_slice(
    signals: pa.Table, watch: Watch, watched: Watched, finding: Finding, where: Slice
) -> tuple[Watched, Finding] | None:
    """Return the same event as it shows on exactly the localised slice, if it shows there."""
    if where == finding.key.slice:
        return None
    ends_at = None if watched.batch.elapsed == 1 else _end(watched)
    slices = [Slice(), finding.key.slice, where]
    batch = roll_up_slices(
        signals, watched.measure, list(dict.fromkeys(slices)), watched.batch.bucket, ends_at
    )
    batch = replace(batch, closed=watched.batch.closed)
    if not np.array_equal(batch.starts, watched.batch.starts):
        return None
    detection = detect(batch, watch.config)
    found = [
        f
        for f in find_breakdowns(detection, batch)
        if f.key.slice == where and f.onset <= finding.last and finding.onset <= f.last
    ]
    if not found:
        return None
    return Watched(watched.measure, batch, detection, tuple(found)), max(
        found, key=lambda f: f.evidence.score
    )


def _end(watched: Watched) -> datetime:
    seconds = watched.batch.elapsed * watched.batch.bucket.seconds
    return as_datetime(watched.batch.starts[-1]) + timedelta(seconds=seconds)


def _masks(
    signals: pa.Table, watched: Watched, finding: Finding, where: Slice
) -> tuple[Flags, Flags]:
    """Return the bad signals in the slice since the onset, and those of the baseline before."""
    given = contribution(signals, watched.measure)
    bad = given.counts & (given.value > 0) & within(signals, where)
    at = signals["occurred_at"]
    onset, last = (pa.scalar(t, at.type) for t in _window(watched, finding))
    during = pc.and_(pc.greater_equal(at, onset), pc.less(at, last))
    begin = as_datetime(watched.batch.starts[finding.onset]) - BASELINE
    before = pc.and_(pc.greater_equal(at, pa.scalar(begin, at.type)), pc.less(at, onset))
    return bad & np.asarray(during, dtype=bool), bad & np.asarray(before, dtype=bool)


def _stretch(watched: Watched, finding: Finding) -> float:
    """Return the length of the event ÷ that of its baseline."""
    onset, last = _window(watched, finding)
    begin = max(as_datetime(watched.batch.starts[0]), onset - BASELINE)
    return float((last - onset) / max(onset - begin, timedelta(days=1)))


def _excess_by_cause(
    signals: pa.Table, is_hit: Flags, is_usual: Flags, stretch: float
) -> tuple[CauseShare, ...]:
    now, usual = (_count(signals["cause"].filter(pa.array(m))) for m in (is_hit, is_usual))
    excess = {cause: n - stretch * usual.get(cause, 0) for cause, n in now.items()}
    whole = sum(max(e, 0.0) for e in excess.values())
    ranked = sorted(excess, key=lambda cause: (-excess[cause], cause))
    return tuple(
        CauseShare(cause, now[cause], max(excess[cause], 0.0) / whole)
        for cause in ranked
        if excess[cause] > 0
    )


def _count(values: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(values.drop_null().combine_chunks())
    return {entry["values"]: entry["counts"] for entry in counted.to_pylist()}


def _same(one: Event, other: Event) -> bool:
    """Return whether two findings tell of one event: at one time, no contradiction, one cause."""
    (begin, end), (other_begin, other_end) = one.times(), other.times()
    if begin > other_end or other_begin > end:
        return False
    mine, theirs = one.slice.as_dict(), other.slice.as_dict()
    if any(theirs[dim] != value for dim, value in mine.items() if dim in theirs):
        return False
    if one.cause is not None and one.cause == other.cause:
        return True
    if one.watched.measure == other.watched.measure:
        return one.slice == other.slice
    shares_a_term = bool(mine.keys() & theirs.keys())
    return shares_a_term or not mine or not theirs
