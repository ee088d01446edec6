"""The enumerated words of the glossary: the same in code, files, pages and URLs."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What sort of thing a signal is."""

    COMPLAINT = "complaint"
    SURVEY = "survey"
    TICKET = "ticket"
    NOTE = "note"
    ESCALATION = "escalation"
    QA_AUDIT = "qa_audit"
    SOCIAL = "social"
    TRANSACTION = "transaction"


class Severity(StrEnum):
    """Harm if ignored. Not confidence, not priority."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANKS[self.value]


_RANKS: Final = {"low": 0, "medium": 1, "high": 2, "critical": 3}


class Bucket(StrEnum):
    """The width of one step of a series."""

    FIVE_MINUTES = "5min"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def seconds(self) -> int:
        """Width in seconds."""
        return {"5min": 300, "hour": 3_600, "day": 86_400, "week": 604_800}[self.value]

    @property
    def per_year(self) -> float:
        """How many buckets a mean year of 365.25 days has."""
        return 365.25 * 86_400 / self.seconds


class ActionKind(StrEnum):
    """What can be done for one customer. A playbook is made of these."""

    NONE = "none"
    APOLOGY = "apology"
    CALLBACK = "callback"
    CREDIT = "credit"
    APOLOGY_CREDIT = "apology_credit"
    REFUND = "refund"
    REPLACEMENT = "replacement"
    ESCALATION = "escalation"


class BreakdownState(StrEnum):
    """Where a breakdown is in its life."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    RECOVERING = "recovering"
    OVER = "over"


class Verdict(StrEnum):
    """The answer to "did the fix work?"."""

    VERIFIED = "verified"
    REFUTED = "refuted"
    TOO_EARLY = "too_early"
