"""A long table of series (series, at, value[, exposure]) as a batch."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Bucket, SeriesBatch, SeriesKey, Slice

from .tables import coded, numbers, read_table, times

_MOST_CELLS = 50_000_000


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """A batch and where each row of the file lies in it."""

    batch: SeriesBatch
    names: tuple[str, ...]
    row_series: NDArray[np.int64]
    row_bucket: NDArray[np.int64]
    row_at_text: list[str]


def read_series(path: Path, every: Bucket | None) -> SeriesFile:
    """Read series; rows of one series in one bucket are added up, a bucket without rows is unknown.

    Buckets are counted from the first time in the file, which is floored to a full day (weeks and
    days), hour or five minutes. Without `every` the bucket is the widest that keeps the rows apart.

    Raises
    ------
    BadInput
        The file cannot be used; the message names file, row and column.

    """
    table = read_table(path, ("series", "at", "value"))
    series, names = coded(table, "series")
    at = times(table, "at", path)
    value = numbers(table, "value", path, may_be_empty=True)
    has_exposure = "exposure" in table.column_names
    exposure = numbers(table, "exposure", path, may_be_empty=True) if has_exposure else None
    bucket = every or _guess(series, at)
    unit = {"week": "D", "day": "D", "hour": "h", "5min": "m"}[bucket.value]
    first = at.min().astype(f"datetime64[{unit}]").astype("datetime64[us]")
    if bucket is Bucket.FIVE_MINUTES:
        minutes = first.astype("datetime64[m]").astype(np.int64)
        first = np.datetime64(int(minutes - minutes % 5), "m").astype("datetime64[us]")
    width = np.timedelta64(bucket.seconds, "s").astype("timedelta64[us]")
    number = ((at - first) // width).astype(np.int64)
    shape = (len(names), int(number.max()) + 1)
    if shape[0] * shape[1] > _MOST_CELLS:
        raise BadInput(
            f"{shape[0]} series over {shape[1]} {bucket.value} buckets are too many at once.",
            where=str(path),
            remedy="Choose a wider --every or fewer series.",
        )
    cell = series * shape[1] + number
    known = ~np.isnan(value)
    batch = SeriesBatch(
        keys=tuple(
            SeriesKey(
                "complaint_rate" if has_exposure else "complaints", Slice.of({"series": name})
            )
            for name in names
        ),
        bucket=bucket,
        starts=first + np.arange(shape[1]) * width,
        value=_totals(cell[known], value[known], shape),
        exposure=np.ones(shape)
        if exposure is None
        else _totals(cell[known], exposure[known], shape),
    )
    text = [str(cell) for cell in table["at"].to_pylist()]
    return SeriesFile(batch, names, series, number, text)


def _totals(
    cell: NDArray[np.int64], figures: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    size = shape[0] * shape[1]
    total = np.bincount(cell, weights=figures, minlength=size).astype(np.float64)
    total[np.bincount(cell, minlength=size) == 0] = np.nan
    return total.reshape(shape)


def _guess(series: NDArray[np.int64], at: NDArray[np.datetime64]) -> Bucket:
    """Return the widest bucket that is no wider than the usual step within a series."""
    order = np.lexsort((at, series))
    same = np.diff(series[order]) == 0
    steps = np.diff(at[order].astype("datetime64[s]").astype(np.int64))[same]
    steps = steps[steps > 0]
    usual = float(np.median(steps)) if len(steps) else 86_400.0
    fitting = [b for b in Bucket if b.seconds <= usual * 1.001]
    return max(fitting or [Bucket.FIVE_MINUTES], key=lambda b: b.seconds)
