"""Breakdowns: detected service failures."""

from dataclasses import dataclass
from datetime import datetime

from .money import Money
from .series import SliceShare
from .words import BreakdownState, Severity


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate's interval; `level` is its coverage, e.g. 0.95."""

    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class CauseShare:
    """A cause among the signals of a breakdown or a period."""

    cause: str
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why we believe it: what was seen against what was expected since the onset."""

    observed: float
    expected: float
    expected_range: Interval
    ratio: float
    """observed ÷ expected"""
    ratio_interval: Interval
    score: float
    """ln of the sequential test's evidence (nats): the odds that the data give against "nothing
    changed"."""
    false_alarm_every_days: float
    """How often a series like this one alarms when nothing is wrong, at the threshold in force."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One detected service failure: measure, slice, since when, how sure, how bad."""

    breakdown_id: str
    """Stable hash of measure, slice and detection bucket."""
    measure: str
    slices: tuple[SliceShare, ...]
    """Best explanation first, at most three; the first is where it lies."""
    state: BreakdownState
    onset_at: datetime
    onset_earliest_at: datetime
    onset_latest_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    evidence: Evidence
    severity: Severity
    severity_reasons: tuple[str, ...]
    customers: int | None
    value_at_risk: Money | None
    causes: tuple[CauseShare, ...] = ()
    part_of: str | None = None
    """The breakdown that explains this one, when they overlap."""
