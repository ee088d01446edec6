"""The words of a world's file: what a company is, what fails there and what was planted."""

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from amends.engine.contracts import ActionKind

Shares = dict[str, float]

SLICE_DIMENSIONS: Final = ("region", "segment", "tier", "product", "vendor", "channel")
"""Dimensions that planted slices may use."""


class Shape(StrEnum):
    """How a planted breakdown grows."""

    STEP = "step"
    RAMP = "ramp"
    SPIKE = "spike"
    SLOW_LEAK = "slow_leak"


class DecoyKind(StrEnum):
    """What looks like a breakdown and is none."""

    VOLUME_SURGE = "volume_surge"
    HOLIDAY = "holiday"
    SURVEY_WAVE = "survey_wave"
    NEW_PRODUCT = "new_product"


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a world's file; unknown fields are refused."""


class Period(Spec, frozen=True):
    """First and last day, both included."""

    first: date
    last: date


class Customers(Spec, frozen=True):
    """Who the customers are. Shares are normalised; a tier's number is its value multiplier."""

    per_signal: float
    tenure_months: float
    value_per_year: float
    value_spread: float
    vulnerable: float
    regions: Shares
    segments: Shares
    tiers: dict[str, tuple[float, float]]
    """share, multiplier of the yearly value"""
    voices: Shares


class Product(Spec, frozen=True):
    """A line of business; before its launch it has no customers."""

    share: float
    says: tuple[str, ...]
    """What customers call it."""
    launch: date | None = None


class Vendor(Spec, frozen=True):
    """A supplier with its share of the work and where it works more or less than that."""

    share: float
    regions: Shares = {}
    says: tuple[str, ...] = ()


class Demand(Spec, frozen=True):
    """Business over time: weekly factors from Monday, a yearly wave, growth, holidays, noise."""

    weekly: tuple[float, float, float, float, float, float, float]
    peak_day_of_year: int
    yearly_size: float
    growth_per_year: float
    holiday: float
    noise: float
    """coefficient of variation of a cause's daily rate"""


class Transactions(Spec, frozen=True):
    """What rates are per."""

    source: str
    touchpoint: str
    journey_stage: str
    per_failure: float
    with_vendor: float
    """share of transactions that a vendor takes part in"""


class CauseSpec(Spec, frozen=True):
    """How one cause fails: how often, at what cost, who takes part, how it is coded."""

    weight: float
    stage: str
    touchpoint: str
    code: str
    monetary: float = 0.0
    """share of failures with a monetary loss"""
    loss: float = 0.0
    """median loss, where there is one"""
    rejected: float = 0.3
    """share where the service was not delivered at all"""
    vendor: bool = False
    products: tuple[str, ...] = ()
    """products it can hit; none: all"""
    winter: float = 0.0
    """seasonal size, positive when winter is worse"""
    regulated: bool = False


class Selection(Spec, frozen=True):
    """Who is heard: complaint shares with and without a loss, contacts, surveys."""

    complains_with_loss: float
    complains_without_loss: float
    asks: float
    """share of the others who open a ticket"""
    ticket_after_complaint: float
    note: float
    recontact: float
    repeat_failure: float
    escalates: float
    social: float
    qa_audit: float
    invited: float
    """share of closed tickets that are surveyed"""
    answers: tuple[float, float, float, float, float]
    """share who answer, by satisfaction 1–5"""
    silent_answers: float
    """relationship surveys answered per failure that nobody was told of"""
    ordinary_surveys: float
    """relationship surveys answered per failure, by customers without one"""
    questions: float
    ordinary_social: float
    resolve_hours: float
    code_noise: float


class BreakdownSpec(Spec, frozen=True):
    """A planted breakdown: the slice's measure rises to `ratio` times its usual at the peak."""

    name: str
    measure: str
    cause: str
    slice: dict[str, str]
    shape: Shape
    first: date
    last: date
    ratio: float


class DecoySpec(Spec, frozen=True):
    """Something that changes volumes and not the rate of failure."""

    name: str
    kind: DecoyKind
    first: date
    last: date
    factor: float = 1.0
    slice: dict[str, str] = {}


class FixSpec(Spec, frozen=True):
    """An upstream change; `effect` −0.4 means 40 % fewer failures of the cause, 0: useless."""

    name: str
    cause: str
    at: date
    effect: float
    hypothesis: str
    slice: dict[str, str] = {}


class ActionSpec(Spec, frozen=True):
    """What an action costs the company and when it usually happens."""

    cost: float
    """fixed cost"""
    cost_share: float
    """cost of one unit of what the customer receives"""
    delay_hours: float
    shares: tuple[float, ...] = (0.0,)
    """usual amounts as shares of the loss"""
    causes: tuple[str, ...] = ()
    """cause paths or branches it makes sense for; none: all"""


class Tastes(Spec, frozen=True):
    """What a segment cares for, as multipliers of the average customer's weights."""

    money: float = 1.0
    words: float = 1.0
    speed: float = 1.0
    callback: float = 1.0


class Recovery(Spec, frozen=True):
    """Outcomes of actions: window, margin, costs and how far cohorts differ."""

    window_days: int
    margin: float
    contact_cost: float
    goodwill: float
    """the loss that an amount is measured against when there is none"""
    churn_per_year: float
    repurchase: float
    repurchase_value: float
    """share of the yearly value that one repurchase adds"""
    cohort_spread: float
    tastes: dict[str, Tastes]
    actions: dict[ActionKind, ActionSpec]


class Company(Spec, frozen=True):
    """A world's whole file."""

    name: str
    title: str
    country: str
    currency: str
    currency_sign: str
    taxonomy: str
    grammar: str
    period: Period
    default_signals: int
    customers: Customers
    products: dict[str, Product]
    vendors: dict[str, Vendor]
    channels: Shares
    demand: Demand
    transactions: Transactions
    selection: Selection
    causes: dict[str, CauseSpec]
    breakdowns: tuple[BreakdownSpec, ...]
    decoys: tuple[DecoySpec, ...]
    fixes: tuple[FixSpec, ...]
    recovery: Recovery

    @property
    def days(self) -> int:
        """Length of the period."""
        return (self.period.last - self.period.first).days + 1

    def values(self, dimension: str) -> tuple[str, ...]:
        """Return the values of a slice dimension, in the order of their codes."""
        return {
            "region": tuple(self.customers.regions),
            "segment": tuple(self.customers.segments),
            "tier": tuple(self.customers.tiers),
            "product": tuple(self.products),
            "vendor": tuple(self.vendors),
            "channel": tuple(self.channels),
        }[dimension]
