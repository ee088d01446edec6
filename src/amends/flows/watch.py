"""Watching a running system: which series, what stands out in them, and what it is."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from math import ceil, log2
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Breakdown, Evidence, SeriesBatch, SeriesKey, Taxonomy
from amends.engine.detect import (
    DetectConfig,
    Detection,
    Finding,
    Judged,
    detect,
    find_breakdowns,
    group_overlapping,
)
from amends.flows.analyze.events import Event, find_events
from amends.flows.analyze.telling import place_words, rise, subject, told_breakdown
from amends.flows.analyze.watching import (
    Watch,
    Watched,
    measures_to_watch,
    slices_to_watch,
    told_once,
    watched_dims,
)

Tick = Callable[[str, int, int], None]

FALSE_ALARMS_PER_YEAR: Final = 6.0
"""The budget for everything that is watched: one false breakdown in two months."""
_STEPS: Final = 4
"""Numbers of series that are told apart within a doubling."""


@dataclass(frozen=True, slots=True)
class Found:
    """A breakdown as the product keeps it."""

    breakdown: Breakdown
    title: str
    cause: str
    """The cause that holds at least half of it; empty: none does."""
    also: tuple[str, ...]
    """Other measures in which it shows."""
    key: SeriesKey
    """The series that tells it best."""
    stands_for: int
    """Other series that alarmed at once and are told with it."""


def keys_to_watch(signals: pa.Table) -> list[SeriesKey]:
    """Return the series that signals (enriched, countable) are worth watching in."""
    told = _told(signals)
    dims = watched_dims(told)
    return [
        SeriesKey(measure, where)
        for measure in measures_to_watch(signals)
        for where in slices_to_watch(signals, measure, dims)
    ]


def config_for(n_series: int, per_year: float = FALSE_ALARMS_PER_YEAR) -> DetectConfig:
    """Return the settings under which `n_series` keep to the budget together.

    Their number is rounded up by a fifth at most: a few new series change no threshold, so that
    what the watch has learnt can be kept.
    """
    steps = ceil(_STEPS * log2(max(n_series, 1)))
    return DetectConfig.for_total(per_year, ceil(2 ** (steps / _STEPS)))


def judge(batches: Sequence[SeriesBatch], config: DetectConfig, tick: Tick) -> list[Watched]:
    """Return what stands out in each batch, overlapping findings and storms grouped."""
    judged = []
    for number, batch in enumerate(batches):
        tick("watching for breakdowns", number, len(batches))
        judged.append(watched(batch, detect(batch, config)))
    tick("watching for breakdowns", len(batches), len(batches))
    return told_once(judged)


def watched(batch: SeriesBatch, detection: Detection) -> Watched:
    """Return a batch of one measure with what stands out in it, overlapping findings grouped."""
    findings = group_overlapping(find_breakdowns(detection, batch), batch, detection)
    return Watched(batch.keys[0].measure, batch, detection, findings)


def lately(batch: SeriesBatch, detection: Detection, n: int) -> tuple[SeriesBatch, Detection]:
    """Return the last `n` buckets of what was judged."""
    last = slice(max(len(batch.starts) - n, 0), None)
    said = {field.name: getattr(detection, field.name)[:, last] for field in fields(Judged)}
    cut = replace(
        batch,
        starts=batch.starts[last],
        value=batch.value[:, last],
        exposure=batch.exposure[:, last],
        closed=None if batch.closed is None else batch.closed[last],
        planned=None if batch.planned is None else batch.planned[:, last],
    )
    return cut, replace(detection, **said)


def only(judged: Sequence[Watched], wanted: Callable[[Watched, Finding], bool]) -> list[Watched]:
    """Return the batches with those of their findings that are wanted."""
    return [replace(w, findings=tuple(f for f in w.findings if wanted(w, f))) for w in judged]


def tell(
    signals: pa.Table,
    judged: Sequence[Watched],
    config: DetectConfig,
    taxonomy: Taxonomy,
    currency: str,
    tick: Tick,
) -> Iterator[Found]:
    """Localise the findings, merge those of one event, and yield each event with how bad it is.

    Parameters
    ----------
    signals
        Enriched and countable, from the first bucket of the batches to their end.
    judged
        Of `judge`; findings that are not wanted are left out by `only`.

    """
    dims = watched_dims(_told(signals))
    watch = Watch(None, dims, tuple(judged), "", (), config)
    for event in find_events(signals, watch, tick):
        hit = signals.filter(pa.array(event.is_hit))
        breakdown = told_breakdown(event, hit, taxonomy, currency)
        yield Found(
            breakdown=breakdown,
            title=title(event, taxonomy, breakdown.evidence),
            cause=event.cause or "",
            also=event.also,
            key=event.finding.key,
            stands_for=event.finding.stands_for,
        )


def title(event: Event, taxonomy: Taxonomy, evidence: Evidence) -> str:
    """Return `“Checkout error” complaints per transaction (channel app): 4.6 times the usual`."""
    others = event.finding.stands_for
    storm = f" (with {others} other series at once)" if others else ""
    return f"{subject(event, taxonomy)}{place_words(event.slice)}{storm}: {rise(evidence)}"


def overlaps(one: Collection[tuple[str, str]], other: Collection[tuple[str, str]]) -> bool:
    """Whether two slices, as terms, have a signal in common: no dimension contradicts."""
    mine = dict(one)
    return all(mine.get(dim, value) == value for dim, value in other)


def _told(signals: pa.Table) -> pa.Table:
    return signals.filter(pc.not_equal(signals["kind"], "transaction"))
