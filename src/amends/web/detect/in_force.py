"""The settings of the watch in force: the budget, each measure's part of it, accepted levels."""

from datetime import UTC, datetime
from typing import Final

import numpy as np

from amends.engine.contracts import NewLevel
from amends.engine.detect import DetectConfig
from amends.flows.watch import FALSE_ALARMS_PER_YEAR, config_for
from amends.web.detect.models import AcceptedLevel, Budget, Recalibration, Series

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


def _day(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).date(), "us")
