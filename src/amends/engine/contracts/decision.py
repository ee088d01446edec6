"""Decisions about what may, must and should be done, each explained row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .breakdown import Interval
from .money import Money
from .words import ActionKind

Value = str | Decimal | bool
"""What a policy cell or a decision holds; dates are ISO strings compared as dates."""
Side = Literal["is", "at_least", "at_most"]
"""Which values of a fact are meant."""


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """One cell of one row against the case."""

    column: str
    test: str
    """The condition in words: "loss ≥ 20"."""
    actual: str
    passed: bool


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of a policy table against the case, with every cell's verdict."""

    row: str
    matched: bool
    conditions: tuple[ConditionResult, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy table decided, and why each row did or did not speak."""

    table: str
    version: str
    content_hash: str
    outcome: Mapping[str, Value]
    matched: tuple[str, ...]
    rows: tuple[RowResult, ...]
    would_change: tuple[str, ...] = ()
    """The nearest changes of the case that would have led to another outcome."""
    collected: tuple[Mapping[str, Value], ...] = ()
    """Outputs of every matched row, of tables that collect; `outcome` then lists the first one."""


@dataclass(frozen=True, slots=True)
class RankedAction:
    """One allowed action with the evidence for it."""

    kind: ActionKind
    amount: Money
    propensity: float
    expected_value: float
    """In money, after what it costs and the shadow price of its goodwill."""
    rate: float
    """Share of similar cases that it recovered."""
    rate_interval: Interval
    n: int
    """Cases behind the rate."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One fact that, were it otherwise, would lead to another recommendation."""

    fact: str
    side: Side
    values: tuple[Value, ...]
    """Those that lead there; of a number the nearest one on that side."""
    kind: ActionKind
    goodwill: Decimal
    owed: Decimal
    approver: str
    """Role that would have to approve; empty: nobody."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Entitlement → eligibility → ranking, on one screen."""

    action: RankedAction
    runner_up: RankedAction | None
    owed: Money
    """What law or contract entitles to; bypasses discretion limits and budget."""
    limit: Money
    """The most that may be given at discretion, after every limit."""
    limit_reason: str
    approver: str
    """Role that must approve; empty when the agent may do it alone."""
    explores: bool
    reasons: tuple[str, ...]
    decisions: tuple[Decision, ...]
    allowed: tuple[RankedAction, ...]
    policy_hash: str
    model_version: str
    seed: int
    price: float = 0.0
    """Shadow price λ of the day's budget: each unit of goodwill counted as 1 + λ. 0: none."""
