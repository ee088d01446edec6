"""A series and its controls, folded into blocks on both sides of a fix."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, SeriesBatch, SeriesKey

Instants = NDArray[np.datetime64]
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

    `treated` has shape (B + A,), `controls` (N, B + A).
    """

    treated: Floats
    controls: Floats
    n_before: int

    @property
    def n_after(self) -> int:
        """How many blocks lie after the fix."""
        return len(self.treated) - self.n_before


def fold(series: FixSeries, fix_at: datetime, block_days: float) -> Blocks:
    """Return the log rate of each full block, counted outwards from the fix.

    The bucket in which the fix falls belongs to neither side. A block is the sum over the buckets
    in which treated and controls are all known, if these are at least half of it; half an event is
    added where a block has none.
    """
    at = np.datetime64(fix_at.astimezone(UTC).replace(tzinfo=None), "us")
    width = series.starts[1] - series.starts[0] if len(series.starts) > 1 else _DAY
    size = max(1, round(float(block_days * _DAY / width)))
    first_after = int(np.searchsorted(series.starts, at, side="left"))
    before_end = int(np.searchsorted(series.starts, at - width, side="right"))
    edges = [
        *range(before_end - size, -1, -size)[::-1],
        *range(first_after, len(series.starts) - size + 1, size),
    ]
    value = np.vstack([series.treated[None], series.controls])
    exposure = np.vstack(
        [
            _or_ones(series.treated_exposure, series.treated)[None],
            _or_ones(series.control_exposure, series.controls),
        ]
    )
    known = np.asarray(~np.isnan(value).any(axis=0) & (exposure > 0).all(axis=0))
    columns, n_before = [], 0
    for edge in edges:
        rows = np.arange(edge, edge + size)[known[edge : edge + size]]
        if len(rows) < max(1, size / 2):
            continue
        total = value[:, rows].sum(axis=1)
        columns.append(np.log(np.where(total > 0, total, 0.5) / exposure[:, rows].sum(axis=1)))
        n_before += edge < before_end
    logs = np.column_stack(columns) if columns else np.empty((len(value), 0))
    return Blocks(logs[0], logs[1:], n_before)


def pooled(series: FixSeries) -> FixSeries:
    """Return the series with all its controls added up to one."""
    if len(series.names) < 2:
        return series
    exposure = series.control_exposure
    return FixSeries(
        series.starts,
        series.treated,
        series.controls.sum(axis=0, keepdims=True),
        (" + ".join(series.names),),
        series.treated_exposure,
        None if exposure is None else exposure.sum(axis=0, keepdims=True),
    )


def _or_ones(exposure: Floats | None, like: Floats) -> Floats:
    return np.ones(like.shape) if exposure is None else exposure
