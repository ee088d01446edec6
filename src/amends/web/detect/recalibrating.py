"""Judgements work back: a measure whose alarms are false more often than granted is cut short."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amends.engine.contracts import SILENCE
from amends.engine.detect import budget_factor
from amends.web.detect.in_force import budget_in_force, factors_in_force
from amends.web.detect.judging import Judged, judged_in, judged_of
from amends.web.detect.models import Breakdown, Recalibration, Series
from amends.web.detect.rolled_up import first_day

LOOKED_BACK: Final = timedelta(days=365)
LEAST_JUDGED: Final = 5
"""Judged alarms of a measure from which they say anything of its part of the budget."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How often the alarms of one measure were right, as far as people said."""

    measure: str
    judged: Judged
    factor: float
    """Times its equal part of the budget."""


def precisions(now: datetime) -> list[Precision]:
    """Return the precision of each measure that alarmed within a year, the most alarms first."""
    factors = factors_in_force()
    counted = (
        Breakdown.objects.filter(detected_at__gte=now - LOOKED_BACK)
        .exclude(measure=SILENCE.name)
        .values("measure")
        .annotate(**judged_of())
    )
    found = [
        Precision(row["measure"], judged_in(row), factors.get(row["measure"], 1.0))
        for row in counted
    ]
    return sorted(found, key=lambda p: (-p.judged.n_alarms, p.measure))


def recalibrate(measure: str, now: datetime) -> Recalibration | None:
    """Let what people judged move a measure's part of the budget; return the change, if any.

    Called in the transaction of the judgement. What it changes the watch takes up at its next run.
    """
    begins, budget = first_day(), budget_in_force()
    mine = next((p for p in precisions(now) if p.measure == measure), None)
    n_series = Series.objects.exclude(measure=SILENCE.name).count()
    if mine is None or begins is None or not budget or not n_series:
        return None
    part = Series.objects.filter(measure=measure).count() / n_series
    years = min(LOOKED_BACK, now - begins) / timedelta(days=365.25)
    told = mine.judged
    judged = told.n + told.n_known
    if judged < LEAST_JUDGED:
        return None
    granted = budget * part * years * judged / told.n_alarms
    factor = budget_factor(told.n_false, granted, mine.factor)
    if factor == mine.factor:
        return None
    return Recalibration.objects.create(
        measure=measure,
        factor=factor,
        was=mine.factor,
        n_judged=judged,
        n_false=told.n_false,
        granted=granted,
    )
