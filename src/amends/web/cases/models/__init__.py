"""Cases, what happened in them, what was recommended and done, and handoffs between teams."""

from .cases import (
    CLOSED,
    OPEN,
    RESOLVED,
    Action,
    ActionState,
    Case,
    ClockSheet,
    Entry,
    Happening,
    Recommendation,
    Route,
    State,
    Viewer,
)
from .handoffs import Escalation, Handoff, HandoffState, Part, Responsibility, Step
from .rules import KINDS, CaseRule, Effect, Ground, Merging, Score
from .views import Batch, BatchItem, Bulk, SavedView

__all__ = [
    "CLOSED",
    "KINDS",
    "OPEN",
    "RESOLVED",
    "Action",
    "ActionState",
    "Batch",
    "BatchItem",
    "Bulk",
    "Case",
    "CaseRule",
    "ClockSheet",
    "Effect",
    "Entry",
    "Escalation",
    "Ground",
    "Handoff",
    "HandoffState",
    "Happening",
    "Merging",
    "Part",
    "Recommendation",
    "Responsibility",
    "Route",
    "SavedView",
    "Score",
    "State",
    "Step",
    "Viewer",
]
