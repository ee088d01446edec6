"""Small batches for the tests of detection."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats, SeriesBatch, SeriesKey, Slice


def day_starts(n: int) -> NDArray[np.datetime64]:
    first = np.datetime64("2023-01-02T00:00:00", "us")
    return (first + np.arange(n) * np.timedelta64(1, "D")).astype("datetime64[us]")


def batch_of(
    value: Floats | NDArray[np.int64],
    exposure: Floats | None = None,
    *,
    measure: str = "complaint_rate",
    slices: Sequence[Slice] | None = None,
    elapsed: float = 1.0,
    closed: Floats | None = None,
    planned: Floats | None = None,
    starts: NDArray[np.datetime64] | None = None,
) -> SeriesBatch:
    """Return daily series, one per row, on slices product=p000, p001, … unless told otherwise."""
    values = np.asarray(value, dtype=float)
    own = slices or [Slice.of({"product": f"p{i:03d}"}) for i in range(len(values))]
    return SeriesBatch(
        keys=tuple(SeriesKey(measure, s) for s in own),
        bucket=Bucket.DAY,
        starts=day_starts(values.shape[1]) if starts is None else starts,
        value=values,
        exposure=np.ones(values.shape) if exposure is None else exposure,
        elapsed=elapsed,
        closed=closed,
        planned=planned,
    )


def negative_binomial(
    rng: np.random.Generator, mean: Floats, dispersion: float
) -> NDArray[np.int64]:
    if dispersion <= 1:
        return rng.poisson(mean)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)
