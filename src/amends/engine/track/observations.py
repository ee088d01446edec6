"""What a metric is made of: dated observations, or why there are none."""

from dataclasses import dataclass, replace

import numpy as np

from amends.engine.contracts import Floats, Interval, Metric
from amends.engine.stats.intervals import (
    design_effect,
    mean_t,
    net_share,
    poisson_rate,
    wilson,
)
from amends.engine.stats.survival import kaplan_meier

from .catalog import MetricDefinition, Shape
from .columns import DAY, Codes, Flags, Instants


@dataclass(frozen=True, slots=True)
class Observations:
    """N observations of a metric, all arrays of shape (N,).

    `value` is 0/1 for shares, −1/0/1 for net scores, the score for means, a duration in days for
    quantiles, and events for rates, whose `exposure` is what they are per.
    """

    at: Instants
    value: Floats
    cluster: Codes | None = None
    """The customer, whose answers are not independent of each other."""
    has_ended: Flags | None = None
    exposure: Floats | None = None
    offset_variance: float = 0.0
    """Variance of what was subtracted from all values, in their unit squared."""
    notes: tuple[str, ...] = ()

    def where(self, rows: Flags | Codes) -> "Observations":
        """Return the observations of a mask or of row numbers."""
        return replace(
            self,
            at=self.at[rows],
            value=self.value[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            has_ended=None if self.has_ended is None else self.has_ended[rows],
            exposure=None if self.exposure is None else self.exposure[rows],
        )


@dataclass(frozen=True, slots=True)
class Missing:
    """Why the data cannot say, and what would let them."""

    because: str


def to_metric(
    definition: MetricDefinition, found: Observations | Missing, *, level: float
) -> Metric:
    """Sum observations up to one figure with its interval."""
    if isinstance(found, Missing):
        return _metric(definition, None, None, 0, because=found.because)
    if not len(found.value):
        return _metric(definition, None, None, 0, because=f"There are no {definition.n_of}.")
    if definition.shape is Shape.DURATION:
        return _duration(definition, found, level)
    if definition.shape is Shape.RATE:
        return _rate(definition, found, level)
    n, effect = len(found.value), design_effect(found.value, found.cluster)
    value = float(found.value.mean()) * definition.scale
    return _metric(
        definition,
        value,
        _interval(definition, found, level, effect),
        n,
        notes=(*found.notes, *_cluster_note(effect)),
    )


def summary(definition: MetricDefinition, found: Observations) -> tuple[float | None, int]:
    """Return value and n without the interval: what a trend shows per bucket."""
    n = len(found.value)
    if not n:
        return None, 0
    if definition.shape is Shape.DURATION:
        return to_metric(definition, found, level=0.95).value, n
    if definition.shape is Shape.RATE:
        exposure = _total_exposure(found)
        if exposure <= 0:
            return None, 0
        return float(found.value.sum()) / exposure * definition.scale, round(exposure)
    return float(found.value.mean()) * definition.scale, n


def _interval(
    definition: MetricDefinition, found: Observations, level: float, effect: float
) -> Interval | None:
    values = found.value
    n, interval = len(values), None
    if definition.shape is Shape.SHARE:
        interval = wilson(float(values.sum()), n, level=level, design_effect=effect)
    elif definition.shape is Shape.NET:
        up, down = float((values > 0).sum()), float((values < 0).sum())
        interval = net_share(up, down, n, level=level, design_effect=effect)
    else:
        interval = mean_t(
            values, level=level, design_effect=effect, offset_variance=found.offset_variance
        )
    return _scaled(interval, definition.scale)


def _duration(definition: MetricDefinition, found: Observations, level: float) -> Metric:
    ended = found.has_ended if found.has_ended is not None else np.ones(len(found.value), bool)
    curve = kaplan_meier(found.value, ended, level=level)
    value = curve.quantile(definition.quantile)
    n, censored = len(found.value), int((~ended).sum())
    notes = found.notes
    if censored:
        notes = (*notes, f"{censored:,} of {n:,} were still open at the end and count as such.")
    if value is None:
        done = 0.0 if not len(curve.survival) else 1 - float(curve.survival[-1])
        because = (
            f"Only {100 * done:.1f} % are resolved within the time the data cover (Kaplan–Meier); "
            f"{100 * definition.quantile:.0f} % are needed. Later data will tell."
        )
        return _metric(definition, None, None, n, because=because, notes=notes)
    interval = curve.quantile_interval(definition.quantile)
    if interval is not None and np.isinf(interval.high):
        low = f"{interval.low:.1f} {definition.unit}"
        notes = (*notes, f"At least {low} ({level:.0%} sure); the data end before the upper limit.")
        interval = None
    return _metric(definition, value, interval, n, notes=notes)


def _rate(definition: MetricDefinition, found: Observations, level: float) -> Metric:
    exposure = _total_exposure(found)
    if exposure <= 0:
        return _metric(definition, None, None, 0, because=f"There are no {definition.n_of}.")
    events, effect = float(found.value.sum()), _daily_dispersion(found)
    interval = poisson_rate(events, exposure, level=level, design_effect=effect)
    return _metric(
        definition,
        events / exposure * definition.scale,
        _scaled(interval, definition.scale),
        round(exposure),
        notes=found.notes,
    )


def _daily_dispersion(found: Observations) -> float:
    """Pearson dispersion of daily counts around a constant rate; 1 below two weeks of days."""
    exposure = found.exposure if found.exposure is not None else np.zeros(len(found.value))
    day = ((found.at - found.at.min()) // DAY).astype(np.int64)
    counts = np.bincount(day, weights=found.value)
    per = np.bincount(day, weights=exposure)
    counts, per = counts[per > 0], per[per > 0]
    if len(per) < 14 or not counts.sum():
        return 1.0
    expected = per * counts.sum() / per.sum()
    return max(1.0, float(((counts - expected) ** 2 / expected).sum()) / (len(per) - 1))


def _total_exposure(found: Observations) -> float:
    return 0.0 if found.exposure is None else float(found.exposure.sum())


def _cluster_note(effect: float) -> tuple[str, ...]:
    if effect < 1.05:
        return ()
    return (f"The interval is {np.sqrt(effect):.2f} times wider as customers count repeatedly.",)


def _scaled(interval: Interval | None, scale: float) -> Interval | None:
    if interval is None:
        return None
    return Interval(interval.low * scale, interval.high * scale, interval.level)


def _metric(
    definition: MetricDefinition,
    value: float | None,
    interval: Interval | None,
    n: int,
    *,
    because: str | None = None,
    notes: tuple[str, ...] = (),
) -> Metric:
    return Metric(
        name=definition.name,
        label=definition.label,
        unit=definition.unit,
        value=value,
        interval=interval,
        n=n,
        n_of=definition.n_of,
        better=definition.better,
        definition=definition.definition,
        missing_because=because,
        notes=notes,
    )
