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

__all__ = [
    "CLOSED",
    "OPEN",
    "RESOLVED",
    "Action",
    "ActionState",
    "Case",
    "ClockSheet",
    "Entry",
    "Escalation",
    "Handoff",
    "HandoffState",
    "Happening",
    "Part",
    "Recommendation",
    "Responsibility",
    "Route",
    "State",
    "Step",
    "Viewer",
]
