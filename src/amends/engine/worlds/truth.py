"""What was planted in a world: the answers that every phase is scored against."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .company import DecoyKind, Shape


@dataclass(frozen=True, slots=True)
class PlantedBreakdown:
    """A true breakdown. Days are whole UTC days, both included."""

    name: str
    measure: str
    cause: str
    slice: Mapping[str, str]
    shape: Shape
    first: date
    last: date
    ratio: float
    """the measure in the slice at the peak ÷ usual, all causes together"""
    cause_ratio: float
    """failures of the cause in the slice at the peak ÷ usual"""
    usual_per_day: float
    """complaints of the slice on a day of the window, had nothing been planted"""
    signals: int
    """signals of this play that tell of its failures"""
    complaints: int
    """those of them that are complaints"""


@dataclass(frozen=True, slots=True)
class Decoy:
    """Something that changes volumes and no rate: an alarm here is a false one."""

    name: str
    kind: DecoyKind
    slice: Mapping[str, str]
    first: date
    last: date
    factor: float


@dataclass(frozen=True, slots=True)
class PlantedFix:
    """An upstream change; from day `at` on, the cause fails `effect` as often in the slice."""

    name: str
    cause: str
    slice: Mapping[str, str]
    at: date
    effect: float
    """−0.35: 35 % fewer failures; 0: useless"""
    hypothesis: str


@dataclass(frozen=True, slots=True)
class ActionEffect:
    """What an action truly does, against doing nothing, to the usual case of a cohort."""

    segment: str
    branch: str
    action: str
    share: float
    """amount as a share of the loss"""
    satisfaction: float
    recontact: float
    churn: float
    repurchase: float
    value: float


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything planted in one play of a world."""

    world: str
    title: str
    taxonomy: str
    currency: str
    seed: int
    signals: int
    """signals that are no transactions"""
    first: date
    last: date
    breakdowns: tuple[PlantedBreakdown, ...]
    decoys: tuple[Decoy, ...]
    fixes: tuple[PlantedFix, ...]
    actions: tuple[ActionEffect, ...]
    resolution_codes: Mapping[str, str]
    """code → cause"""
    parameters: Mapping[str, float]
