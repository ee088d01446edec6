"""The words of a world's file: what a company is, what fails there and what was planted."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from amends.engine.contracts import ActionKind, starter_taxonomy

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=1e9)]
Amount = Annotated[float, Meta(ge=0, le=1e9)]
Shares = Annotated[dict[str, Positive], Meta(min_length=1)]
"""Relative weights: they are normalised where they are used."""

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

    per_signal: Positive
    tenure_months: Positive
    value_per_year: Positive
    value_spread: Annotated[float, Meta(ge=0, le=2)]
    vulnerable: Share
    regions: Shares
    segments: Shares
    tiers: Annotated[dict[str, tuple[Positive, Positive]], Meta(min_length=1)]
    """share, multiplier of the yearly value"""
    voices: Shares


class Product(Spec, frozen=True):
    """A line of business; before its launch it has no customers."""

    share: Positive
    says: Annotated[tuple[str, ...], Meta(min_length=1)]
    """What customers call it."""
    launch: date | None = None


class Vendor(Spec, frozen=True):
    """A supplier with its share of the work and where it works more or less than that."""

    share: Positive
    regions: dict[str, Positive] = {}
    says: tuple[str, ...] = ()


class Demand(Spec, frozen=True):
    """Business over time: weekly factors from Monday, a yearly wave, growth, holidays, noise."""

    weekly: tuple[Positive, Positive, Positive, Positive, Positive, Positive, Positive]
    peak_day_of_year: Annotated[int, Meta(ge=1, le=366)]
    yearly_size: Annotated[float, Meta(ge=0, le=0.9)]
    growth_per_year: Annotated[float, Meta(ge=-0.5, le=5)]
    holiday: Positive
    noise: Share
    """coefficient of variation of a cause's daily rate"""


class Transactions(Spec, frozen=True):
    """What rates are per."""

    source: str
    touchpoint: str
    journey_stage: str
    per_failure: Positive
    with_vendor: Share
    """share of transactions that a vendor takes part in"""


class CauseSpec(Spec, frozen=True):
    """How one cause fails: how often, at what cost, who takes part."""

    weight: Positive
    stage: str
    touchpoint: str
    monetary: Share = 0.0
    """share of failures with a monetary loss"""
    loss: Amount = 0.0
    """median loss, where there is one"""
    rejected: Share = 0.3
    """share where the service was not delivered at all"""
    vendor: bool = False
    products: tuple[str, ...] = ()
    """products it can hit; none: all"""
    winter: Annotated[float, Meta(ge=-0.9, le=0.9)] = 0.0
    """seasonal size, positive when winter is worse"""
    regulated: bool = False


class Selection(Spec, frozen=True):
    """Who is heard: complaint shares with and without a loss, contacts, surveys."""

    complains_with_loss: Annotated[float, Meta(ge=0.5, le=0.75)]
    complains_without_loss: Annotated[float, Meta(ge=0.05, le=0.3)]
    asks: Share
    """share of the others who open a ticket"""
    ticket_after_complaint: Share
    note: Share
    recontact: Share
    repeat_failure: Share
    escalates: Share
    social: Share
    qa_audit: Share
    invited: Share
    """share of closed tickets that are surveyed"""
    answers: tuple[Share, Share, Share, Share, Share]
    """share who answer, by satisfaction 1–5"""
    silent_answers: Share
    """relationship surveys answered per failure that nobody was told of"""
    ordinary_surveys: Share
    """relationship surveys answered per failure, by customers without one"""
    questions: Share
    ordinary_social: Share
    resolve_hours: Positive
    code_noise: Share


class BreakdownSpec(Spec, frozen=True):
    """A planted breakdown: the slice's measure rises to `ratio` times its usual at the peak."""

    name: str
    measure: str
    cause: str
    slice: dict[str, str]
    shape: Shape
    first: date
    last: date
    ratio: Annotated[float, Meta(gt=1, le=1000)]


class DecoySpec(Spec, frozen=True):
    """Something that changes volumes and not the rate of failure."""

    name: str
    kind: DecoyKind
    first: date
    last: date
    factor: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    slice: dict[str, str] = {}


class FixSpec(Spec, frozen=True):
    """An upstream change; `effect` −0.4 means 40 % fewer failures of the cause, 0: useless."""

    name: str
    cause: str
    at: date
    effect: Annotated[float, Meta(ge=-1, le=0)]
    hypothesis: str
    slice: dict[str, str] = {}


class CurrentBreakdownSpec(Spec, frozen=True):
    """A breakdown that a dated company is in the middle of: days count back from its today."""

    name: str
    measure: str
    cause: str
    slice: dict[str, str]
    shape: Shape
    days_before: Annotated[int, Meta(ge=0, le=60)]
    """days from its first day to today"""
    days: Annotated[int, Meta(ge=1, le=90)]
    ratio: Annotated[float, Meta(gt=1, le=1000)]


class CurrentFixSpec(Spec, frozen=True):
    """A fix that a dated company made lately."""

    name: str
    cause: str
    days_before: Annotated[int, Meta(ge=1, le=60)]
    effect: Annotated[float, Meta(ge=-1, le=0)]
    hypothesis: str
    slice: dict[str, str] = {}


class CurrentSpec(Spec, frozen=True):
    """What a dated company is in the middle of; an undated one knows nothing of it."""

    breakdown: CurrentBreakdownSpec
    fix: CurrentFixSpec


class OutbreakSpec(Spec, frozen=True):
    """The sudden breakdown that a live demonstration shows."""

    cause: str
    slice: dict[str, str]
    minutes: Annotated[float, Meta(gt=0, le=1440)]
    per_minute: Annotated[float, Meta(gt=0, le=6000)]
    """complaints"""


class ActionSpec(Spec, frozen=True):
    """What an action costs the company and when it usually happens."""

    cost: Amount
    """fixed cost"""
    cost_share: Amount
    """cost of one unit of what the customer receives"""
    delay_hours: Amount
    shares: Annotated[tuple[Amount, ...], Meta(min_length=1)] = (0.0,)
    """usual amounts as shares of the loss"""
    causes: tuple[str, ...] = ()
    """cause paths or branches it makes sense for; none: all"""


class Tastes(Spec, frozen=True):
    """What a segment cares for, as multipliers of the average customer's weights."""

    money: Amount = 1.0
    words: Amount = 1.0
    speed: Amount = 1.0
    callback: Amount = 1.0


class Recovery(Spec, frozen=True):
    """Outcomes of actions: window, margin, costs and how far cohorts differ."""

    window_days: Annotated[int, Meta(ge=1, le=3650)]
    margin: Share
    contact_cost: Amount
    goodwill: Annotated[float, Meta(ge=1)]
    """the loss that an amount is measured against when there is none"""
    churn_per_year: Share
    repurchase: Share
    repurchase_value: Amount
    """share of the yearly value that one repurchase adds"""
    cohort_spread: Amount
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
    default_signals: Annotated[int, Meta(ge=1)]
    customers: Customers
    products: Annotated[dict[str, Product], Meta(min_length=1)]
    vendors: Annotated[dict[str, Vendor], Meta(min_length=1)]
    channels: Shares
    demand: Demand
    transactions: Transactions
    selection: Selection
    causes: Annotated[dict[str, CauseSpec], Meta(min_length=1)]
    breakdowns: tuple[BreakdownSpec, ...]
    decoys: tuple[DecoySpec, ...]
    fixes: tuple[FixSpec, ...]
    recovery: Recovery
    current: CurrentSpec | None = None
    outbreak: OutbreakSpec | None = None

    @property
    def days(self) -> int:
        """Length of the period."""
        return (self.period.last - self.period.first).days + 1

    @property
    def resolution_codes(self) -> dict[str, str]:
        """Code → cause: the company codes as its taxonomy does."""
        leaves = {leaf.path: leaf for leaf in starter_taxonomy(self.taxonomy).leaves}
        found = {}
        for path in self.causes:
            codes = leaves[path].resolution_codes
            found[codes[0] if codes else path.replace("/", "-").upper()] = path
        return found

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
