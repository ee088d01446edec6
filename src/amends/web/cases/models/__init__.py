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
from .errands import Counterpart, Errand, ErrandState, ErrandTry
from .handoffs import Escalation, Handoff, HandoffState, Part, Reminder, Responsibility, Step
from .letters import Letter, LetterTry, Post
from .money import Cashier, Payment, PaymentState, PaymentTry
from .playbooks import BookVersion, StepDone
from .rules import KINDS, CaseRule, Effect, Ground, Merging, Score
from .views import Batch, BatchItem, Bulk, SavedView

__all__ = [
    "CLOSED",
    "KINDS",
    "NO_LONGER",
    "OPEN",
    "RESOLVED",
    "Action",
    "ActionState",
    "ApprovalLink",
    "Batch",
    "BatchItem",
    "BookVersion",
    "Bulk",
    "Case",
    "CaseRule",
    "Cashier",
    "ClockSheet",
    "Counterpart",
    "Effect",
    "Entry",
    "Errand",
    "ErrandState",
    "ErrandTry",
    "Escalation",
    "Ground",
    "Handoff",
    "HandoffState",
    "Happening",
    "Letter",
    "LetterTry",
    "Limit",
    "Merging",
    "Part",
    "Payment",
    "PaymentState",
    "PaymentTry",
    "Post",
    "Recommendation",
    "Reminder",
    "Responsibility",
    "Route",
    "SavedView",
    "Score",
    "StandIn",
    "State",
    "Step",
    "StepDone",
    "Viewer",
]
