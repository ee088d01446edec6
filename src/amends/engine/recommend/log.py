"""What is logged of a decision, and what is learnt from afterwards."""

from dataclasses import dataclass
from decimal import Decimal

from amends.engine.contracts import ActionTaken, CaseFacts, Money, Outcome

from .arms import Arm


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One decision: all that was allowed, how likely each was shown, what was shown and done.

    The treatment is what was done; what was shown is an encouragement.
    """

    case_ref: str
    role: str
    owed: Money
    limit: Money
    approver: str
    allowed: tuple[Arm, ...]
    propensities: tuple[float, ...]
    """Chance of each allowed arm to be shown; adds up to 1."""
    shown: int
    """Index of the arm shown."""
    explores: bool
    policy_hash: str
    model_version: str
    seed: int
    done: ActionTaken | None = None
    """What was in fact done; None: not known yet."""
    override_reason: str = ""
    price: float = 0.0
    """Shadow price of discretionary money that the ranking subtracted (`pacing`)."""

    @property
    def chosen(self) -> Arm:
        """The arm that was shown."""
        return self.allowed[self.shown]

    def taken(self, arm: Arm, delay_hours: float) -> ActionTaken:
        """Return an allowed arm as done after a delay: the customer receives owed and goodwill."""
        amount = Money(self.owed.amount + arm.goodwill, self.owed.currency)
        return ActionTaken(arm.kind, amount, delay_hours)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A case, what was done about it and what came of it: what the recommender learns from."""

    facts: CaseFacts
    done: ActionTaken
    owed: Decimal
    """Part of the amount done that was owed in any case."""
    outcome: Outcome

    @property
    def is_recovered(self) -> bool:
        """Satisfied with the recovery (4 or 5 of 5) and still a customer."""
        return self.outcome.satisfaction >= 4 and not self.outcome.churned
