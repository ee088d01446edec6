"""The metrics of a table of signals: each with its n, its interval, or why there is none."""

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Bucket, Metric

from . import answers, handling
from .cases import build_cases, last_instant, read_columns
from .catalog import MetricDefinition, catalogue
from .columns import DAY, Flags, as_instant, first_known, instants
from .config import MetricConfig
from .deadlines import kept_deadline
from .observations import Missing, Observations, summary, to_metric
from .rates import complaint_rate
from .recovery import recovery_metrics
from .trend import MetricSeries, bucket_starts


def metrics(signals: pa.Table, config: MetricConfig | None = None) -> tuple[Metric, ...]:
    """Return every metric of the catalogue, in its order, for signals of `SIGNAL_SCHEMA`.

    What the data cannot say comes with `missing_because` in place of a value. The result does not
    depend on the order of the rows.
    """
    return metrics_over_time(signals, (), Bucket.DAY, config)[0]


def metric_series(
    signals: pa.Table, name: str, bucket: Bucket, config: MetricConfig | None = None
) -> MetricSeries:
    """Return one metric over time: value and n per bucket, gaps included.

    Answers lie in the bucket they were given in, cases in the one they were opened (resolution
    time, escalation), first contacted (FCR) or resolved in (recontact, recovery).

    Raises
    ------
    ValueError
        There is no metric of that name.

    """
    return metrics_over_time(signals, (name,), bucket, config)[1][name]


def metrics_over_time(
    signals: pa.Table,
    names: Collection[str],
    bucket: Bucket,
    config: MetricConfig | None = None,
) -> tuple[tuple[Metric, ...], dict[str, MetricSeries]]:
    """Return `metrics` and the `metric_series` of some names: the signals are observed once.

    Raises
    ------
    ValueError
        There is no metric of such a name.

    """
    config = config or MetricConfig()
    known = {d.name: d for d in catalogue(config)}
    for name in names:
        if name not in known:
            raise ValueError(f"There is no metric {name!r}. There are: {', '.join(known)}.")
    found = _observe(signals, config)
    figures = tuple(to_metric(d, found[d.name], level=config.level) for d in known.values())
    return figures, {name: _series(known[name], found[name], bucket) for name in names}


def _series(
    definition: MetricDefinition, found: Observations | Missing, bucket: Bucket
) -> MetricSeries:
    if isinstance(found, Missing):
        return _no_series(definition.name, bucket, found.because)
    if not len(found.value):
        return _no_series(definition.name, bucket, f"There are no {definition.n_of}.")
    return _bucketed(definition, found, bucket)


def _no_series(name: str, bucket: Bucket, because: str) -> MetricSeries:
    empty = np.empty(0, dtype="datetime64[us]")
    return MetricSeries(name, bucket, empty, np.empty(0), np.empty(0, np.int64), because)


def _observe(signals: pa.Table, config: MetricConfig) -> dict[str, Observations | Missing]:
    ends_at = as_instant(config.ends_at) if config.ends_at else last_instant(signals)
    if ends_at is None:
        ends_at = np.datetime64(0, "us")
    signals = _until(signals, ends_at)
    columns = read_columns(signals)
    window = np.timedelta64(round(config.window_days * int(DAY.astype(np.int64))), "us")
    work = handling.Handling(build_cases(signals, columns, ends_at), columns, ends_at, window)
    resolution = handling.resolution_days(work)
    found = {} if config.hours is None else handling.in_business_time(work, config.hours)
    return found | {
        "nps": answers.nps(signals, columns),
        "csat": answers.csat(signals, columns),
        "ces": answers.ces(signals, columns),
        "ces_mean": answers.ces_mean(signals, columns),
        "response_rate": answers.response_rate(signals, columns),
        "resolution_median_days": resolution,
        "resolution_p90_days": resolution,
        "fcr": handling.first_contact_resolution(work),
        "recontact_rate": handling.recontact(work),
        "escalation_rate": handling.escalation(work),
        "reopen_rate": handling.reopened(work),
        "complaint_rate": complaint_rate(signals, columns),
        "sla_met": kept_deadline(signals, work),
        **recovery_metrics(signals, work, config),
    }


def _until(signals: pa.Table, ends_at: np.datetime64) -> pa.Table:
    """Return the signals without those that happened after the end of the data."""
    at = first_known(*(instants(signals, c) for c in ("occurred_at", "received_at", "opened_at")))
    later: Flags = at > ends_at
    return signals.filter(pc.invert(pa.array(later))) if later.any() else signals


def _bucketed(definition: MetricDefinition, found: Observations, bucket: Bucket) -> MetricSeries:
    found = found.where(~np.isnat(found.at))
    starts, index = bucket_starts(found.at, bucket)
    order = np.argsort(index, kind="stable")
    edges = np.searchsorted(index[order], np.arange(len(starts) + 1))
    value, n = np.full(len(starts), np.nan), np.zeros(len(starts), dtype=np.int64)
    for i in range(len(starts)):
        rows = order[edges[i] : edges[i + 1]]
        if len(rows):
            figure, n[i] = summary(definition, found.where(rows))
            value[i] = np.nan if figure is None else figure
    return MetricSeries(definition.name, bucket, starts, value, n)
