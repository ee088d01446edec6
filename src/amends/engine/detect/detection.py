"""The result of detection and the door to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Family, Floats, NewLevel, SeriesBatch, SeriesKey

from .checks import check_batch, family_of
from .config import DetectConfig
from .walk import walk

_FLOATS = ("expected", "low", "high", "score", "calm", "relative_sd", "dispersion")


@dataclass(frozen=True, slots=True)
class Detection:
    """What was expected of N series in T buckets and what stood out. All arrays are (N, T).

    Every figure of a bucket rests on that bucket and earlier ones only. Where a series was not
    judged (no history yet, unknown value) the figures are NaN and there is no alarm.
    """

    keys: tuple[SeriesKey, ...]
    expected: Floats
    low: Floats
    high: Floats
    """The range that holds 95 % of the values when nothing is wrong."""
    score: Floats
    """ln of the buckets between two false alarms, were the threshold at this bucket's evidence."""
    is_alarm: NDArray[np.bool_]
    event: NDArray[np.int32]
    """0: nothing open; else the number of the open breakdown, counted from 1 in each series."""
    calm: Floats
    """Evidence (nats) that the open breakdown is over."""
    relative_sd: Floats
    """Standard deviation of ln expected."""
    dispersion: Floats
    threshold: float
    false_alarms_per_series_year: float
    accepted: frozenset[tuple[int, int]]
    """(row, event) of breakdowns whose level became the new normal."""
    not_watched: Mapping[SeriesKey, str]
    """Series of which nothing could be judged, and why."""


def detect(
    batch: SeriesBatch, config: DetectConfig | None = None, levels: Sequence[NewLevel] = ()
) -> Detection:
    """Judge every bucket of every series against a baseline of its past.

    Counts: quasi-Poisson / negative binomial seasonal regression with exposure, pooled towards the
    covering series of the batch. Means: the same with a logit link. Then a windowed tail test and
    an e-detector (Shin, Ramdas & Rinaldo 2023) share the false-alarm budget. The
    incomplete last bucket is judged by the time that has elapsed of it. Of a count per time, the
    zeros before its first event are no history (see `places_of`). `levels` are what people have
    accepted as the new normal, in force from when it was said.

    Raises
    ------
    BadInput
        A value or exposure cannot be used; see `check_batch`.

    """
    config = config or DetectConfig()
    check_batch(batch)
    shape = batch.value.shape
    whole = {name: np.full(shape, np.nan) for name in _FLOATS}
    accepted: set[tuple[int, int]] = set()
    is_alarm, event = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int32)
    families = np.array([family_of(key.measure) for key in batch.keys], dtype=object)
    for family in Family:
        rows = np.flatnonzero(families == family)
        if not len(rows) or not shape[1]:
            continue
        judged, monitor = walk(batch, rows, config, levels)
        for name, figures in whole.items():
            figures[rows] = getattr(judged, name)
        is_alarm[rows], event[rows] = judged.is_alarm, judged.event
        accepted |= {(int(rows[row]), int(n)) for row, _, n in monitor.state.levels if n}
    return Detection(
        keys=batch.keys,
        **whole,
        is_alarm=is_alarm,
        event=event,
        threshold=config.threshold(batch.bucket),
        false_alarms_per_series_year=config.false_alarms_per_series_year,
        accepted=frozenset(accepted),
        not_watched=_not_watched(batch, whole["score"], config.history(batch.bucket)),
    )


def _not_watched(batch: SeriesBatch, score: Floats, history: int) -> dict[SeriesKey, str]:
    reasons = {}
    known = (~np.isnan(batch.value)).sum(axis=1)
    for row in np.flatnonzero(np.isnan(score).all(axis=1)):
        reasons[batch.keys[row]] = (
            f"Not enough history: {known[row]} known {batch.bucket.value} buckets; "
            f"more than {history} are needed."
        )
    return reasons
