"""The settings of the watch in force: the budget, each measure's part of it, accepted levels."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from amends.engine.contracts import Floats, NewLevel
from amends.engine.detect import DetectConfig
from amends.flows.watch import FALSE_ALARMS_PER_YEAR, config_for
from amends.web.detect.models import (
    AcceptedLevel,
    Budget,
    EventKind,
    PlannedEvent,
    Recalibration,
    Series,
)

EXPECTED_KINDS: Final = (EventKind.CAMPAIGN.value, EventKind.WAVE.value)
"""Planned events whose rise is no breakdown: baselines learn what they usually do."""
FOLLOWED: Final = FALSE_ALARMS_PER_YEAR
"""Budget under which open breakdowns are followed while nobody is called for new ones."""


def budget_in_force() -> float:
    """Return the false alarms a year that people are willing to bear."""
    latest = Budget.objects.order_by("-pk").values_list("per_year", flat=True).first()
    return FALSE_ALARMS_PER_YEAR if latest is None else latest


def factors_in_force() -> dict[str, float]:
    """Return the measures whose part of the budget judgements have changed, with their factor."""
    latest = Recalibration.objects.order_by("measure", "-pk").distinct("measure")
    return dict(latest.values_list("measure", "factor"))


def config_in_force(measure: str) -> DetectConfig:
    """Return the settings under which a measure is watched."""
    factor = factors_in_force().get(measure, 1.0)
    return config_for(Series.objects.count(), (budget_in_force() or FOLLOWED) * factor)


def levels_in_force(measure: str) -> tuple[NewLevel, ...]:
    """Return what people accepted as the new normal in series of a measure, in order."""
    told = AcceptedLevel.objects.filter(series__measure=measure).select_related("series")
    return tuple(
        NewLevel(level.series.key, _day(level.since), _day(level.told_at))
        for level in told.order_by("told_at", "pk")
    )


def planned_days() -> tuple[tuple[str, date, date], ...]:
    """Return the kinds, first and last days of what is expected to show everywhere, in order.

    A release or a change of staffing is no excuse: what it breaks is to be told.
    """
    found = PlannedEvent.objects.filter(kind__in=EXPECTED_KINDS, slice="[]")
    return tuple(
        (event.kind, event.starts_at.astimezone(UTC).date(), _last_day(event))
        for event in found.order_by("kind", "starts_at", "pk")
    )


def planned_in_force(first: np.datetime64, n_days: int) -> Floats | None:
    """Return 1 on the days on which something of a kind is on, (kinds, n); None: nothing is."""
    events = planned_days()
    if not events:
        return None
    days = first.astype("datetime64[D]") + np.arange(n_days)
    on = np.zeros((len(EXPECTED_KINDS), n_days))
    for kind, begin, last in events:
        is_on = (days >= np.datetime64(begin)) & (days <= np.datetime64(last))
        on[EXPECTED_KINDS.index(kind)] += is_on
    return np.minimum(on, 1.0)


def _last_day(event: PlannedEvent) -> date:
    if event.ends_at is None:
        return event.starts_at.astimezone(UTC).date()
    last = max(event.ends_at - timedelta(seconds=1), event.starts_at)
    return last.astimezone(UTC).date()


def _day(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).date(), "us")
