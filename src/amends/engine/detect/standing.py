"""The standing watch: a state a few buckets behind, and a look from there to the bucket that runs.

    catch_up(monitor, seen, until)            # once a day: take in what is settled
    look(monitor, rows, seen, now, elapsed)   # at any time: what do touched series say?
    replay(keys, seen, …)                     # of few series: the whole course, for telling it

What the last `LAG` buckets still receive is taken up by every look at no cost: only what changes
before them makes a series be replayed. A baseline is fitted `LAG` buckets early, so that it
reaches to the running one. Both ways fit at the same buckets, whatever is asked when; so a look
says what a replay says.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, NewLevel, SeriesBatch, SeriesKey, Slice

from .config import DetectConfig
from .detection import Detection
from .monitor import Judged, Monitor, Past, nothing_said
from .rows import taken

Ints = NDArray[np.int64]
Seen = Callable[[int, int], tuple[Floats, Floats]]
"""Value and exposure of the monitor's series in buckets [first, end), each (N, end − first)."""

LAG: Final = 3
"""Complete buckets that are not taken in yet: what comes late for them is no correction."""


def catch_up(
    monitor: Monitor,
    seen: Seen,
    until: int,
    levels: Sequence[NewLevel] = (),
    planned: Floats | None = None,
) -> Judged:
    """Take in the buckets up to `until`, fit when it is time, and return what was said.

    `levels` are what people accepted as the new normal, of these series and of those watched with
    them: all are fitted anew when one is told. `planned` is that of `SeriesBatch`, from bucket 0 as
    far ahead as is known.
    """
    told_at = [_told_at(monitor, level) for level in levels]
    said: list[Judged] = []
    while True:
        at = monitor.state.at
        _accept(monitor, [v for v, when in zip(levels, told_at, strict=True) if when == at])
        if needs_fit(monitor):
            monitor.fit(Past(*seen(at - monitor.look_back, at), planned=planned))
        if at >= until:
            return _joined(said, len(monitor.keys))
        history = monitor.config.history(monitor.bucket)
        end = min(until, max(monitor.state.fitted_until - LAG, history))
        end = min([end, *(when for when in told_at if when > at)])
        said.append(monitor.update(*seen(at, end)))


def needs_fit(monitor: Monitor) -> bool:
    """Whether the baseline does not reach the bucket that runs `LAG` after the next."""
    state = monitor.state
    is_old = state.at + LAG >= state.fitted_until
    return is_old and state.at >= monitor.config.history(monitor.bucket)


def reaches(monitor: Monitor, now: int) -> bool:
    """Whether bucket `now` can be looked at without catching up first."""
    history = monitor.config.history(monitor.bucket)
    return monitor.state.at <= now < max(monitor.state.fitted_until, history)


def look(monitor: Monitor, rows: Ints, value: Floats, exposure: Floats, elapsed: float) -> Judged:
    """Return what some rows say of the buckets from the state's on; the state stays as it is.

    Parameters
    ----------
    rows
        See `with_places`.
    value, exposure
        (rows, k); the last bucket is the one that runs, of which `elapsed` has passed.

    """
    part = Monitor(
        [monitor.keys[row] for row in rows],
        monitor.bucket,
        monitor.first,
        monitor.config,
        state=taken(monitor.state, rows),
    )
    return part.update(value, exposure, elapsed)


def with_places(monitor: Monitor, rows: Ints) -> Ints:
    """Return rows with those that say whether they were there yet; see `places_of`."""
    places = monitor.places[rows]
    return np.unique(np.concatenate([rows, places[places >= 0]]))


def with_above(keys: Sequence[SeriesKey], wanted: Sequence[SeriesKey]) -> list[SeriesKey]:
    """Return the wanted series and all of `keys` that lie above one: what baselines rest on."""
    known = set(keys)
    found = dict.fromkeys(wanted)
    for key in wanted:
        for depth in range(len(key.slice.terms)):
            for terms in combinations(key.slice.terms, depth):
                above = SeriesKey(key.measure, Slice(terms))
                if above in known:
                    found.setdefault(above)
    return list(found)


def replay(
    batch: SeriesBatch,
    config: DetectConfig,
    settled: int,
    levels: Sequence[NewLevel] = (),
    planned: Floats | None = None,
) -> tuple[Detection, Monitor]:
    """Return what the standing watch said of a batch of one family, and its state at `settled`.

    The batch begins where the watch did and ends with the bucket that runs; `levels` and `planned`
    are those of `catch_up`.
    """

    def seen(first: int, end: int) -> tuple[Floats, Floats]:
        return batch.value[:, first:end], batch.exposure[:, first:end]

    monitor = Monitor(batch.keys, batch.bucket, batch.starts[0], config)
    end = len(batch.starts)
    said = [catch_up(monitor, seen, settled, levels, planned)]
    if reaches(monitor, end - 1):
        said.append(monitor.peek(*seen(settled, end), batch.elapsed))
    else:  # its history is too short to be judged
        said.append(nothing_said((len(batch.keys), end - settled)))
    together = _joined(said, len(batch.keys))
    detection = Detection(
        keys=batch.keys,
        **{field.name: getattr(together, field.name) for field in fields(Judged)},
        threshold=monitor.threshold,
        false_alarms_per_series_year=config.false_alarms_per_series_year,
        accepted=frozenset((int(row), int(n)) for row, _, n in monitor.state.levels if n),
        not_watched={},
    )
    return detection, monitor


def _told_at(monitor: Monitor, level: NewLevel) -> int:
    """Return the bucket before which a level is taken up: when it was told, or `LAG` before."""
    since, told = (_bucket(monitor, at) for at in (level.since, level.told_at))
    return max(told - LAG, since + 1)


def _bucket(monitor: Monitor, at: np.datetime64) -> int:
    return int((at.astype("datetime64[us]") - monitor.first) // monitor.width)


def _accept(monitor: Monitor, levels: Sequence[NewLevel]) -> None:
    state = monitor.state
    for level in levels:
        since = max(_bucket(monitor, level.since), 0)
        rows = np.array([key == level.key for key in monitor.keys], dtype=bool)
        known = {(int(row), int(first)) for row, first, _ in state.levels}
        if any((int(row), since) in known for row in np.flatnonzero(rows)):
            continue
        if rows.any():
            monitor.accept(rows, since)
        if state.fitted_at < state.at:
            state.fitted_until = state.at


def _joined(said: Sequence[Judged], n: int) -> Judged:
    parts = said or [nothing_said((n, 0))]
    return Judged(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts], axis=1)
            for field in fields(Judged)
        }
    )
