"""The walk through a batch: fit the past, judge the buckets until the next fit, fit again."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import NewLevel, SeriesBatch

from .config import DetectConfig
from .monitor import Judged, Monitor, Past


def walk(
    batch: SeriesBatch, rows: NDArray[np.int64], config: DetectConfig, levels: Sequence[NewLevel]
) -> tuple[Judged, Monitor]:
    """Judge all buckets of one family's rows; return what was said and the monitor as it stands.

    The last bucket of a batch that has not elapsed is judged and not taken in.
    """
    keys = [batch.keys[row] for row in rows]
    width = np.diff(batch.starts[:2])[0] if len(batch.starts) > 1 else None
    monitor = Monitor(keys, batch.bucket, batch.starts[0], config, width=width)
    value, exposure = batch.value[rows], batch.exposure[rows]
    told_at = [int(np.searchsorted(batch.starts, level.told_at)) for level in levels]
    whole = len(batch.starts) - (batch.elapsed < 1)
    said = []
    while (at := monitor.state.at) < whole:
        _accept(monitor, [v for v, when in zip(levels, told_at, strict=True) if when == at], batch)
        _fit(monitor, value, exposure, batch)
        until = max(monitor.state.fitted_until, config.history(batch.bucket))
        end = min([until, whole, *(when for when in told_at if when > at)])
        said.append(monitor.update(value[:, at:end], exposure[:, at:end]))
    if whole < len(batch.starts):
        _fit(monitor, value, exposure, batch)
        said.append(monitor.peek(value[:, whole:], exposure[:, whole:], batch.elapsed))
    together = {
        field.name: np.concatenate([getattr(part, field.name) for part in said], axis=1)
        for field in fields(Judged)
    }
    return Judged(**together), monitor


def _fit(
    monitor: Monitor, value: NDArray[np.float64], exposure: NDArray[np.float64], batch: SeriesBatch
) -> None:
    if monitor.is_due:
        seen = slice(monitor.state.at - monitor.look_back, monitor.state.at)
        monitor.fit(Past(value[:, seen], exposure[:, seen], batch.closed, batch.planned))


def _accept(monitor: Monitor, levels: Sequence[NewLevel], batch: SeriesBatch) -> None:
    for level in levels:
        rows = np.array([key == level.key for key in monitor.keys], dtype=bool)
        if rows.any():
            monitor.accept(rows, int(np.searchsorted(batch.starts, level.since)))
