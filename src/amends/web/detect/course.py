"""The course of a series by day, with the range that its past lets expect.

Values are read anew each time; the range is the engine's, kept for a minute in each process.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from amends.engine.contracts import Bucket, SeriesBatch, SeriesChart
from amends.engine.detect import DetectConfig, Detection, detect
from amends.flows.analyze.charts import series_chart
from amends.flows.analyze.watching import Watched
from amends.web.detect import rolled_up
from amends.web.detect.in_force import (
    config_in_force,
    levels_in_force,
    planned_days,
    planned_in_force,
)
from amends.web.detect.models import Series
from amends.web.ui.kept import Kept

HISTORY: Final = timedelta(days=126)
"""Days before the first one shown from which is learnt what is usual: 18 of each weekday."""
NEARLY_WHOLE: Final = 0.9999
"""Share of a day from which it is no longer told as partial."""
LONG_DAYS: Final = 240
LONG_REFIT_DAYS: Final = 42
"""Of a long course the baseline is fitted less often than the watch does: for the eye alone."""

ranges: Final = Kept[Detection](young_seconds=60, old_seconds=600)


def course_of(
    series: Series,
    since: datetime,
    until: datetime,
    title: str,
    settings: DetectConfig | None = None,
) -> SeriesChart | None:
    """Return a series from the day of `since` to `until`; None while its range is computed.

    `settings` are those of the watch unless others are tried. The last day is partial when `until`
    lies in it. Days before the first rollup are left out.
    """
    start = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    batch = rolled_up.read([series], start - HISTORY, until)[0]
    batch = replace(batch, planned=planned_in_force(batch.starts[0], len(batch.starts)))
    if batch.elapsed > NEARLY_WHOLE:
        batch = replace(batch, elapsed=1.0)
    config = _paced(settings or config_in_force(series.measure), batch)
    budget = config.false_alarms_per_series_year
    levels = [v for v in levels_in_force(series.measure) if v.key == series.key]
    key = (
        series.pk,
        batch.starts[0].item(),
        len(batch.starts),
        budget,
        len(levels),
        planned_days(),
    )
    found = ranges.get(key, lambda: detect(batch, config, levels))
    if found is None:
        return None
    whole = series_chart(Watched(series.measure, batch, found, ()), 0, title)
    return _from(whole, start)


def bare_course(
    counts: Sequence[tuple[datetime, float]], title: str, measure: str, *, is_partial: bool
) -> SeriesChart:
    """Return a course without a range: counts by day, days in order."""
    nothing: list[float | None] = [None] * len(counts)
    return SeriesChart(
        title=title,
        measure=measure,
        unit="a day",
        bucket=Bucket.DAY,
        starts=[at for at, _ in counts],
        value=[value for _, value in counts],
        expected=nothing,
        low=nothing,
        high=nothing,
        is_alarm=[False] * len(counts),
        last_is_partial=is_partial,
    )


def _paced(config: DetectConfig, batch: SeriesBatch) -> DetectConfig:
    every = LONG_REFIT_DAYS if len(batch.starts) > LONG_DAYS else None
    return replace(config, refit_every=every)


def _from(chart: SeriesChart, start: datetime) -> SeriesChart:
    first = next((i for i, at in enumerate(chart.starts) if at >= start), 0)
    known = next((i for i, v in enumerate(chart.value) if v), len(chart.value))
    kept = slice(max(first, min(known, len(chart.value) - 1)), None)
    return replace(
        chart,
        starts=chart.starts[kept],
        value=chart.value[kept],
        expected=chart.expected[kept],
        low=chart.low[kept],
        high=chart.high[kept],
        is_alarm=chart.is_alarm[kept],
    )
