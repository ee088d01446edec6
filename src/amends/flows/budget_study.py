"""What a false-alarm budget costs: more alarms, or breakdowns missed and seen later.

For each of a ladder of budgets the same series are watched again: as they were, for the alarms of
the last weeks, and with rises planted in them, for what would have been missed and how late the
rest would have been known. Everything is judged by what was known before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Family, Floats, Interval, SeriesBatch, as_datetime
from amends.engine.detect import DetectConfig, Detection, detect, family_of, with_above
from amends.engine.stats.intervals import poisson_rate, wilson
from amends.flows.analyze.watching import told_once
from amends.flows.backtest import Alarm, Backtest, backtest
from amends.flows.known_events import KnownEvent
from amends.flows.watch import config_for, lately, only, overlaps, watched

Tick = Callable[[str, int, int], None]
Ints = NDArray[np.int64]

BUDGETS: Final = (0.0, 1.0, 2.0, 4.0, 6.0, 12.0, 26.0, 52.0, 104.0, 260.0)
"""False alarms a year of all series together; 0: statistics call nobody."""
RATIOS: Final = (1.5, 2.0, 3.0)
"""Rises that are planted: how many times the usual."""
SHOWN_DAYS: Final = 90
"""Days of history that are watched again."""
PLANTED_DAYS: Final = 14
"""Length of a planted rise: what is not noticed within it is missed."""
MOST_PLANTED: Final = 80
"""Series of one measure in which a rise is planted."""
LEAST_USUAL: Final = 2.0
"""Events a day that a series has at least to be planted in: less is nobody's breakdown."""
TOGETHER: Final = timedelta(days=2)
"""Alarms whose onsets or detections lie no further apart may tell of one breakdown."""
_WEEK: Final = timedelta(days=7)
_YEAR: Final = timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class Planted:
    """What became of planted rises of one size."""

    ratio: float
    n: int
    missed: Interval
    """Share that was not noticed while it lasted, in [0, 1], 95 %."""
    missed_share: float
    median_delay_days: float | None
    """Of those that were noticed: days from the first bad one to the alarm; 0: on the same day."""


@dataclass(frozen=True, slots=True)
class Point:
    """One budget and what it would have meant."""

    per_year: float
    history: Backtest | None
    """None of a budget of 0: nobody is called."""
    alarms_per_week: float
    planted: tuple[Planted, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """The ladder of budgets, on some series, over some time."""

    starts_at: datetime
    ends_at: datetime
    n_series: int
    points: tuple[Point, ...]


def study(
    batches: Sequence[SeriesBatch],
    n_watched: int,
    labels: Sequence[KnownEvent],
    tick: Tick,
    *,
    seed: int = 7,
) -> Study:
    """Watch the series of `batches` (one per measure, the same days) under every budget.

    `n_watched` is how many series share the budget; `labels` are the events that were real.
    """
    n_series = sum(len(batch.keys) for batch in batches)
    usual = [detect(batch, config_for(n_watched)) for batch in batches]
    rng = np.random.default_rng(seed)
    worlds = [
        (ratio, [_plant(b, d, ratio, rng) for b, d in zip(batches, usual, strict=True)])
        for ratio in RATIOS
    ]
    points = []
    for number, per_year in enumerate(BUDGETS):
        tick("trying budgets", number, len(BUDGETS))
        points.append(_point(per_year, batches, worlds, n_watched, labels))
    tick("trying budgets", len(BUDGETS), len(BUDGETS))
    starts = batches[0].starts
    return Study(
        as_datetime(starts[max(len(starts) - SHOWN_DAYS, 0)]),
        as_datetime(starts[-1]),
        n_series,
        tuple(points),
    )


@dataclass(frozen=True, slots=True)
class _Plant:
    """A batch with rises in some of its rows, from a bucket each."""

    batch: SeriesBatch
    rows: Ints
    since: Ints


def _point(
    per_year: float,
    batches: Sequence[SeriesBatch],
    worlds: Sequence[tuple[float, Sequence[_Plant]]],
    n_watched: int,
    labels: Sequence[KnownEvent],
) -> Point:
    if per_year == 0:
        missed = tuple(
            Planted(ratio, n, Interval(1.0, 1.0), 1.0, None)
            for ratio, plants in worlds
            for n in (sum(len(plant.rows) for plant in plants),)
        )
        return Point(0.0, None, 0.0, missed)
    config = config_for(n_watched, per_year)
    judged = [watched(*lately(batch, detect(batch, config), SHOWN_DAYS)) for batch in batches]
    judged = only(judged, lambda _, finding: finding.detected > 0)  # others began before
    history = _as_told(backtest(told_once(judged), labels, per_year))
    weeks = max(history.ends_at - history.starts_at, _WEEK) / _WEEK
    planted = tuple(_found(ratio, plants, config) for ratio, plants in worlds)
    return Point(per_year, history, len(history.alarms) / weeks, planted)


def _as_told(history: Backtest) -> Backtest:
    """Return the history with alarms told once that begin together on overlapping slices.

    The watch localises what it finds and tells one breakdown, in whatever measures it shows.
    """
    told: list[Alarm] = []
    for alarm in sorted(history.alarms, key=lambda a: (a.detected_at, a.expected - a.observed)):
        same = next((i for i, known in enumerate(told) if _is_part(alarm, known)), None)
        if same is None:
            told.append(alarm)
        else:
            event = told[same].known_event or alarm.known_event
            others = told[same].others + 1 + alarm.others
            told[same] = replace(told[same], known_event=event, others=others)
    years = max((history.ends_at - history.starts_at) / _YEAR, 1e-9)
    false = None if history.false_alarms is None else sum(a.known_event is None for a in told)
    return replace(
        history,
        alarms=tuple(told),
        alarms_per_year=len(told) / years,
        false_alarms=false,
        false_alarms_per_year=None if false is None else false / years,
        false_alarms_per_year_interval=None if false is None else poisson_rate(false, years),
    )


def _is_part(alarm: Alarm, known: Alarm) -> bool:
    if min(abs(alarm.onset_at - known.onset_at), alarm.detected_at - known.detected_at) > TOGETHER:
        return False
    return overlaps(known.slice.items(), alarm.slice.items())


def _plant(
    batch: SeriesBatch, detection: Detection, ratio: float, rng: np.random.Generator
) -> _Plant:
    """Plant a rise of `ratio` in series that are judged and calm."""
    end = len(batch.starts)
    last = end - PLANTED_DAYS - 1
    since = rng.integers(max(last - SHOWN_DAYS, 1), max(last, 2), len(batch.keys))
    expected = detection.expected
    able = []
    for row in range(len(batch.keys)):
        span = slice(int(since[row]), int(since[row]) + PLANTED_DAYS)
        usual, is_calm = expected[row, span], not detection.event[row, span].any()
        if is_calm and not np.isnan(usual).all() and np.nanmean(usual) >= LEAST_USUAL:
            able.append(row)
    rows = np.sort(rng.permutation(np.array(able, dtype=np.int64))[:MOST_PLANTED])
    value = batch.value.copy()
    for row in rows:
        span = slice(int(since[row]), int(since[row]) + PLANTED_DAYS)
        value[row, span] += _more(batch, int(row), span, expected, ratio, rng)
    # What baselines rest on is all that is watched again with them.
    keys = with_above(batch.keys, [batch.keys[row] for row in rows])
    row_of = {key: row for row, key in enumerate(batch.keys)}
    kept = np.array([row_of[key] for key in keys], dtype=np.int64)
    part = replace(batch, keys=tuple(keys), value=value[kept], exposure=batch.exposure[kept])
    return _Plant(part, np.arange(len(rows)), since[rows])


def _more(
    batch: SeriesBatch,
    row: int,
    span: slice,
    expected: Floats,
    ratio: float,
    rng: np.random.Generator,
) -> Floats:
    more = rng.poisson((ratio - 1) * np.nan_to_num(expected[row, span])).astype(float)
    if family_of(batch.keys[row].measure) is Family.MEAN:
        room = batch.exposure[row, span] - np.nan_to_num(batch.value[row, span])
        more = np.minimum(more, np.maximum(room, 0.0))
    return more


def _found(ratio: float, plants: Sequence[_Plant], config: DetectConfig) -> Planted:
    delays, n = [], 0
    for plant in plants:
        if not len(plant.rows):
            continue
        alarms = detect(plant.batch, config).is_alarm
        for row, since in zip(plant.rows, plant.since, strict=True):
            n += 1
            during = alarms[row, since : since + PLANTED_DAYS]
            if during.any():
                delays.append(int(during.argmax()))
    share = (n - len(delays)) / n if n else 1.0
    missed = wilson(n - len(delays), n) if n else Interval(0.0, 1.0)
    return Planted(ratio, n, missed, share, float(np.median(delays)) if delays else None)
