"""Cases, what happened in them, what was recommended and done, and handoffs between teams."""

from .authority import ApprovalLink, Limit, StandIn
from .cases import (
    CLOSED,
    NO_LONGER,
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
from .money import Cashier, Payment, PaymentState, PaymentTry
from .playbooks import BookVersion, StepDone

__all__ = [
    "CLOSED",
    "NO_LONGER",
    "OPEN",
    "RESOLVED",
    "Action",
    "ActionState",
    "ApprovalLink",
    "BookVersion",
    "Case",
    "Cashier",
    "ClockSheet",
    "Entry",
    "Escalation",
    "Handoff",
    "HandoffState",
    "Happening",
    "Limit",
    "Part",
    "Payment",
    "PaymentState",
    "PaymentTry",
    "Recommendation",
    "Responsibility",
    "Route",
    "StandIn",
    "State",
    "Step",
    "StepDone",
    "Viewer",
]
