"""The facts of one customer's recovery that policy and ranking may look at, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .money import Money
from .words import ActionKind, Severity


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case when an action is chosen.

    Protected attributes and their proxies have no place here: they serve the audit only.
    """

    case_ref: str
    customer_id: str
    opened_at: datetime
    cause: str
    severity: Severity
    region: str
    tier: str
    segment: str
    product: str
    channel: str
    tenure_months: float
    value_per_year: Money
    loss: Money
    """What the failure cost the customer."""
    failures_90_days: int
    """Failures of this customer in the 90 days before, this one not counted."""
    is_rejected: bool
    """The service was not delivered at all (otherwise: delivered badly, but used)."""
    is_vulnerable: bool = False
    is_regulated: bool = False
    signal_severity: Severity | None = None
    """What the signal told, or who opened the case; `severity` is what policy made of it. None: not
    known any more."""
    measured: tuple[tuple[str, Decimal], ...] = ()
    """Further measured facts that an entitlement or a limit needs, e.g. ("late_days", 3): only what
    is known; policy treats a name that is missing here as unknown, never as zero."""


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """What was in fact done for a case."""

    kind: ActionKind
    amount: Money
    """What the customer received; zero for words."""
    delay_hours: float
    """From the opening of the case to the action."""


def compensation_share(action: ActionTaken, facts: CaseFacts) -> float:
    """Return compensation ÷ loss; a loss below 1 counts as 1."""
    loss = max(facts.loss.amount, Decimal(1))
    return float(action.amount.amount / loss)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened afterwards, in a stated window."""

    window_days: int
    satisfaction: float
    """Satisfaction with the recovery, 1–5."""
    nps: int
    recontacted: bool
    churned: bool
    repurchased: bool
    value: float
    """Margin kept in the window minus the cost of the action, in the world's currency."""
