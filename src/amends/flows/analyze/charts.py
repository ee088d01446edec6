"""Series as the report draws them."""

import math

import numpy as np

from amends.engine.contracts import MEASURES, Family, Floats, SeriesChart, as_datetime

from .watching import Watched

_UNITS = {"day": "a day", "week": "a week", "hour": "an hour", "5min": "in 5 minutes"}


def series_chart(watched: Watched, row: int, title: str) -> SeriesChart:
    """Return one series with its expected range; a mean as the share of bad answers in percent."""
    batch, detection = watched.batch, watched.detection
    measure = MEASURES[watched.measure]
    is_mean = measure.family is Family.MEAN
    per = batch.exposure[row] / 100 if is_mean else np.ones(len(batch.starts))
    return SeriesChart(
        title=title,
        measure=watched.measure,
        unit=f"% of {measure.per}s" if is_mean else _UNITS[batch.bucket.value],
        bucket=batch.bucket,
        starts=[as_datetime(start) for start in batch.starts],
        value=_values(batch.value[row], per),
        expected=_values(detection.expected[row], per),
        low=_values(detection.low[row], per),
        high=_values(detection.high[row], per),
        is_alarm=detection.is_alarm[row].tolist(),
        last_is_partial=batch.elapsed < 1,
    )


def _values(values: Floats, per: Floats) -> list[float | None]:
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(per > 0, values / per, np.nan)
    return [None if math.isnan(v) else round(float(v), 3) for v in scaled]
