"""A series and its controls, folded into blocks on both sides of a fix."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, SeriesBatch, SeriesKey

Instants = NDArray[np.datetime64]
OUTLIER: Final = 4.0
"""Robust standard deviations beyond which a control broke by itself."""
_DAY = np.timedelta64(86_400_000_000, "us")


@dataclass(frozen=True, slots=True)
class FixSeries:
    """The series that a fix is meant to lower and N others that it could not touch.

    Parameters
    ----------
    starts
        `datetime64[us]` of shape (T,), UTC, ascending, equally spaced.
    treated
        float64 of shape (T,): events, or the sum of badness, ≥ 0; NaN where unknown.
    controls
        float64 of shape (N, T), likewise; N may be 0.
    names
        N names of the controls.
    treated_exposure, control_exposure
        float64 of shapes (T,) and (N, T), > 0, or None: what the values are per.

    """

    starts: Instants
    treated: Floats
    controls: Floats
    names: tuple[str, ...]
    treated_exposure: Floats | None = None
    control_exposure: Floats | None = None

    def __post_init__(self) -> None:
        n, t = len(self.names), len(self.starts)
        if self.treated.shape != (t,) or self.controls.shape != (n, t):
            raise ValueError(
                f"Treated {self.treated.shape} and controls {self.controls.shape} do not fit {t} "
                f"buckets and {n} names."
            )
        if np.any(self.treated < 0) or np.any(self.controls < 0):
            raise ValueError("A value is negative; counts and sums of badness are not.")

    @classmethod
    def of_batch(
        cls, batch: SeriesBatch, treated: SeriesKey, controls: tuple[SeriesKey, ...]
    ) -> "FixSeries":
        """Take a series and its controls out of a batch; an incomplete last bucket is left out."""
        index = {key: i for i, key in enumerate(batch.keys)}
        t = len(batch.starts) - (batch.elapsed < 1)
        mine, theirs = index[treated], [index[c] for c in controls]
        return cls(
            batch.starts[:t],
            batch.value[mine, :t],
            batch.value[theirs, :t],
            tuple(str(c.slice) for c in controls),
            batch.exposure[mine, :t],
            batch.exposure[theirs, :t],
        )


@dataclass(frozen=True, slots=True)
class Blocks:
    """Log rates per block: B before and A after the fix, in time order.

    `treated` has shape (B + A,), `controls` and their `exposure` (N, B + A).
    """

    treated: Floats
    controls: Floats
    exposure: Floats
    n_before: int

    @property
    def n_after(self) -> int:
        """How many blocks lie after the fix."""
        return len(self.treated) - self.n_before

    def nearest(self, before: int, after: int) -> "Blocks":
        """Return the last blocks before the fix and the first after it."""
        part = slice(max(0, self.n_before - before), self.n_before + after)
        return Blocks(
            self.treated[part],
            self.controls[:, part],
            self.exposure[:, part],
            min(self.n_before, before),
        )


def fold(series: FixSeries, fix_at: datetime, block_days: float) -> Blocks:
    """Return the log rate of each full block, counted outwards from the fix.

    The bucket in which the fix falls belongs to neither side. A block is the sum over the buckets
    in which treated and controls are all known, if these are at least half of it; half an event is
    added where a block has none.
    """
    edges, size, before_end = _edges(series.starts, fix_at, block_days)
    value = np.vstack([series.treated[None], series.controls])
    exposure = np.vstack(
        [
            _or_ones(series.treated_exposure, series.treated)[None],
            _or_ones(series.control_exposure, series.controls),
        ]
    )
    known = _known(series)
    columns, weights, n_before = [], [], 0
    for edge in edges:
        rows = np.arange(edge, edge + size)[known[edge : edge + size]]
        if len(rows) < max(1, size / 2):
            continue
        total, per = value[:, rows].sum(axis=1), exposure[:, rows].sum(axis=1)
        columns.append(np.log(np.where(total > 0, total, 0.5) / per))
        weights.append(per[1:])
        n_before += edge < before_end
    if not columns:
        none = np.empty((len(series.names), 0))
        return Blocks(np.empty(0), none, none, 0)
    logs = np.column_stack(columns)
    return Blocks(logs[0], logs[1:], np.column_stack(weights), n_before)


def block_starts(series: FixSeries, fix_at: datetime, block_days: float) -> Instants:
    """Return where each block of `fold` starts, shape (B + A,)."""
    edges, size, _ = _edges(series.starts, fix_at, block_days)
    known = _known(series)
    full = [edge for edge in edges if known[edge : edge + size].sum() >= max(1, size / 2)]
    return np.asarray(series.starts[full], dtype="datetime64[us]")


def _edges(starts: Instants, fix_at: datetime, block_days: float) -> tuple[list[int], int, int]:
    """Return the first bucket of each block, its length, and the first bucket not before."""
    at = np.datetime64(fix_at.astimezone(UTC).replace(tzinfo=None), "us")
    width = starts[1] - starts[0] if len(starts) > 1 else _DAY
    size = max(1, round(float(block_days * _DAY / width)))
    first_after = int(np.searchsorted(starts, at, side="left"))
    before_end = int(np.searchsorted(starts, at - width, side="right"))
    edges = [
        *range(before_end - size, -1, -size)[::-1],
        *range(first_after, len(starts) - size + 1, size),
    ]
    return edges, size, before_end


def _known(series: FixSeries) -> NDArray[np.bool_]:
    """Return the buckets in which treated and controls are all known, shape (T,)."""
    value = np.vstack([series.treated[None], series.controls])
    exposure = np.vstack(
        [
            _or_ones(series.treated_exposure, series.treated)[None],
            _or_ones(series.control_exposure, series.controls),
        ]
    )
    return np.asarray(~np.isnan(value).any(axis=0) & (exposure > 0).all(axis=0))


def without_own_breakdowns(blocks: Blocks) -> tuple[Blocks, int]:
    """Return the blocks with controls that broke by themselves set to what the others did there.

    A control's level and the blocks' common course are medians (Tukey's median polish, one pass);
    what lies further than `OUTLIER` robust standard deviations from their sum is replaced by it.
    Below three controls nobody can say which one broke. Also returns how many cells that were.
    """
    logs = blocks.controls
    if len(logs) < 3 or logs.shape[1] < 4:
        return blocks, 0
    level = np.median(logs, axis=1, keepdims=True)
    common = np.median(logs - level, axis=0, keepdims=True)
    residual = logs - level - common
    scale = 1.4826 * np.median(np.abs(residual), axis=1, keepdims=True)
    broke = np.abs(residual) > OUTLIER * np.maximum(scale, float(np.median(scale)))
    return replace(blocks, controls=np.where(broke, level + common, logs)), int(broke.sum())


def pooled(blocks: Blocks) -> Blocks:
    """Return the blocks with all controls added up to one."""
    total = (np.exp(blocks.controls) * blocks.exposure).sum(axis=0, keepdims=True)
    exposure = blocks.exposure.sum(axis=0, keepdims=True)
    return replace(blocks, controls=np.log(total / exposure), exposure=exposure)


def _or_ones(exposure: Floats | None, like: Floats) -> Floats:
    return np.ones(like.shape) if exposure is None else exposure
