"""Which stretch of time can be watched, and in which buckets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket

_DAY = np.timedelta64(1, "D")

MIN_BUCKETS = 30
"""Fewer steps than this say nothing about what is usual."""
MIN_PER_BUCKET = 3.0
"""Signals per step below which a wider bucket is taken."""
DENSE_SHARE = 0.15
"""A week belongs to the dense stretch while it holds at least this share of a typical busy week."""


@dataclass(frozen=True, slots=True)
class WatchedPeriod:
    """The stretch that is watched: [starts_at, ends_at), in steps of `bucket`."""

    starts_at: np.datetime64
    ends_at: np.datetime64
    """Exclusive: the end of the last day where dates have no time."""
    bucket: Bucket
    left_out: int
    """Dated signals outside the stretch."""


def choose_period(occurred: NDArray[np.datetime64]) -> WatchedPeriod | str:
    """Return the dense stretch of the signals and a bucket for it, or why there is none.

    Exports often begin with a trickle (a pilot, a changed source): what is usual then says nothing
    about now. The stretch is the longest run of weeks that are as busy as the file's busy weeks.

    Parameters
    ----------
    occurred
        `datetime64[us]` of shape (n,), UTC, without NaT; any order.

    """
    if len(occurred) == 0:
        return "no row has a date"
    starts_at, ends_at = _dense_stretch(occurred)
    inside = occurred[(occurred >= starts_at) & (occurred < ends_at)]
    span = (ends_at - starts_at) / np.timedelta64(1, "s")
    for bucket in (Bucket.DAY, Bucket.WEEK):
        steps = span / bucket.seconds
        if steps >= MIN_BUCKETS * (2 if bucket is Bucket.DAY else 1) and (
            len(inside) / steps >= MIN_PER_BUCKET or bucket is Bucket.WEEK
        ):
            return WatchedPeriod(starts_at, ends_at, bucket, len(occurred) - len(inside))
    steps = span / Bucket.HOUR.seconds
    if steps >= 4 * 24 and len(inside) / steps >= MIN_PER_BUCKET and _has_hours(inside):
        return WatchedPeriod(starts_at, ends_at, Bucket.HOUR, len(occurred) - len(inside))
    return (
        f"{len(inside):,} dated signals over {span / 86_400:.0f} days are too few or too short "
        "to tell what is usual"
    )


def _dense_stretch(
    occurred: NDArray[np.datetime64],
) -> tuple[np.datetime64, np.datetime64]:
    first, last = occurred.min(), occurred.max()
    step = np.timedelta64(1, "us") if _has_hours(occurred) else _DAY
    if last - first < 90 * _DAY:
        return first, last + step
    week = ((occurred - first) // (7 * _DAY)).astype(int)
    counts = np.bincount(week)
    # the typical busy week is that of the median signal, not of the median week: trickles are long
    busy = np.median(counts[week])
    is_dense = counts >= DENSE_SHARE * busy
    is_dense[-1] |= is_dense[-2]  # the last week is seldom whole
    dense = np.concatenate(([0], is_dense.astype(int), [0]))
    edges = np.flatnonzero(np.diff(dense))
    opens, closes = edges[::2], edges[1::2]
    held = np.array([counts[a:b].sum() for a, b in zip(opens, closes, strict=True)])
    best = int(held.argmax())
    inside = occurred[(week >= opens[best]) & (week < closes[best])]
    return inside.min(), inside.max() + step


def _has_hours(occurred: NDArray[np.datetime64]) -> bool:
    return bool((occurred != occurred.astype("datetime64[D]")).mean() > 0.5)
