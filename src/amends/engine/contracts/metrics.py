"""Metrics and effects: numbers with denominator and interval, or why there is none."""

from dataclasses import dataclass
from datetime import datetime

from .breakdown import Interval
from .words import Verdict


@dataclass(frozen=True, slots=True)
class Metric:
    """One key figure. Exactly one of `value` and `missing_because` is set."""

    name: str
    """nps, csat, ces, resolution_median_days, resolution_p90_days, fcr, recontact_rate, …"""
    label: str
    unit: str
    """points, %, days, of 7 …"""
    value: float | None
    interval: Interval | None
    n: int
    """The denominator."""
    n_of: str
    """What the denominator counts: "answers", "resolved cases whose 7 days have passed"."""
    better: str
    """"higher" or "lower"."""
    definition: str
    missing_because: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """A causal estimate with its interval and everything that speaks against it."""

    estimate: float | None
    """None when it is refused; `warnings` then says why."""
    standard_error: float | None
    interval: Interval | None
    n_treated: int
    n_control: int
    effective_sample_size: float
    overlap: float
    """Share of rows whose propensity lies in [0.05, 0.95]."""
    placebo: float | None
    """p value of the placebo outcome or assignment; small is bad."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """Did the fix work? `effect` is relative: −0.15 is 15 % fewer."""

    verdict: Verdict
    effect: float | None
    interval: Interval | None
    p_value: float | None
    fix_at: datetime
    blocks_before: int
    blocks_after: int
    placebo_p_value: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseCost:
    """Cost of failure of one cause over the period, in one currency."""

    cause: str
    n: int
    handling: float
    remedy: float
    churn: float
    total: float
    share: float
