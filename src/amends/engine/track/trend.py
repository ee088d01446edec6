"""A metric over time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats

from .columns import Codes, Instants

_MONDAY = np.datetime64("1970-01-05T00:00:00", "us")


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One metric over T buckets; all arrays of shape (T,).

    `value` is NaN where a bucket says nothing; `n` is its denominator.
    """

    name: str
    bucket: Bucket
    starts: Instants
    value: Floats
    n: NDArray[np.int64]
    missing_because: str | None = None


def bucket_starts(at: Instants, bucket: Bucket) -> tuple[Instants, Codes]:
    """Return the starts of all buckets from first to last instant and the bucket of each.

    Buckets are aligned to UTC; weeks start on Monday.
    """
    if not len(at):
        return np.empty(0, dtype="datetime64[us]"), np.empty(0, dtype=np.int64)
    width = np.timedelta64(bucket.seconds * 1_000_000, "us")
    step = ((at - _MONDAY) // width).astype(np.int64)
    first, last = int(step.min()), int(step.max())
    starts = _MONDAY + np.arange(first, last + 1) * width
    return np.asarray(starts, dtype="datetime64[us]"), step - first
