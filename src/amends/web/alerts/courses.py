"""The course of what a threshold is held against: by UTC day, from rollups or from the lake."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow.compute as pc

from amends.engine.contracts import SIGNAL_SCHEMA, Bucket, Floats, check_signals
from amends.engine.detect import Firing, threshold_firings, window_values
from amends.engine.signals import roll_up_slices
from amends.web.alerts.breaches import breaches_of
from amends.web.alerts.models import Rule, RuleKind
from amends.web.detect.models import Series, slice_text
from amends.web.detect.rolled_up import read
from amends.web.detect.rollups import countable
from amends.web.intake.lake import lake

DAY: Final = timedelta(days=1)
HEAVY: Final = ("verbatim", "subject", "attributes")
"""Columns that no measure is made of."""


@dataclass(frozen=True, slots=True)
class Course:
    """A measure by day, D days in order."""

    days: tuple[datetime, ...]
    value: Floats
    """Shape (D,): totals; NaN where nothing is known."""
    exposure: Floats
    last_is_partial: bool

    def compared(self, rule: Rule) -> Floats:
        """Return what is compared with the threshold on each day."""
        return window_values(self.value, self.exposure, rule.threshold)[0]

    def firings(self, rule: Rule) -> list[Firing]:
        """Return when the rule holds."""
        return threshold_firings(
            self.value, self.exposure, rule.threshold, last_is_partial=self.last_is_partial
        )


def course_of(rule: Rule, since: datetime, until: datetime) -> Course:
    """Return what a rule looks at from the day of `since` to that of `until`, which may still run.

    What was never seen is nothing: no signals, no breaches.
    """
    start = midnight(since)
    n = (midnight(until) - start).days + 1
    days = tuple(start + i * DAY for i in range(n))
    if rule.kind == RuleKind.SLA:
        value = np.zeros(n)
        for breach in breaches_of(rule, start, until):
            value[(midnight(breach.at) - start).days] += 1
        return Course(days, value, np.ones(n), last_is_partial=True)
    known = Series.objects.filter(measure=rule.measure, slice=slice_text(rule.key.slice)).first()
    if known is not None:
        batch = read([known], start, until)[0]
        value, exposure = batch.value[0], batch.exposure[0]
        return Course(days, value, exposure, last_is_partial=batch.elapsed < 1)
    value, exposure = np.zeros(n), np.zeros(n)
    first = _from_lake(rule, start, until)
    if first is not None:
        at, told, exposed = first
        value[at : at + len(told)], exposure[at : at + len(told)] = told, exposed
    return Course(days, value, exposure, last_is_partial=until > days[-1])


def midnight(at: datetime) -> datetime:
    """Return the beginning of the UTC day."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _from_lake(rule: Rule, start: datetime, until: datetime) -> tuple[int, Floats, Floats] | None:
    """Return values and exposures from a place on; None when there are no signals."""
    columns = [name for name in SIGNAL_SCHEMA.names if name not in HEAVY]
    table = lake().fetch(lake().signals(start, until).select(*columns))
    signals = countable(check_signals(table))
    if not pc.any(pc.less(signals["occurred_at"], until)).as_py():
        return None
    batch = roll_up_slices(signals, rule.measure, [rule.key.slice], Bucket.DAY, until)
    first = batch.starts[0].astype("datetime64[D]").astype(datetime)
    place = (first - start.date()).days
    return place, np.nan_to_num(batch.value[0]), np.nan_to_num(batch.exposure[0])
