"""Series under watch, the breakdowns found in them, and what people say of both."""

from amends.web.detect.models.breakdown import (
    OPEN_STATES,
    SEVERITIES,
    AcceptedLevel,
    Breakdown,
    Judgement,
)
from amends.web.detect.models.budget import Budget, BudgetStudy, Recalibration
from amends.web.detect.models.planned import EventKind, PlannedEvent
from amends.web.detect.models.series import (
    Rollup,
    Series,
    WatchRun,
    WatchState,
    slice_of,
    slice_text,
)

__all__ = [
    "OPEN_STATES",
    "SEVERITIES",
    "AcceptedLevel",
    "Breakdown",
    "Budget",
    "BudgetStudy",
    "EventKind",
    "Judgement",
    "PlannedEvent",
    "Recalibration",
    "Rollup",
    "Series",
    "WatchRun",
    "WatchState",
    "slice_of",
    "slice_text",
]
