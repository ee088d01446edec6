"""The report of `amends analyze`: everything that `report.json` holds and `report.html` shows.

`report.json` is this dataclass written by msgspec; its JSON Schema is `docs/report.schema.json`.
"""

from dataclasses import dataclass
from datetime import datetime

from .breakdown import Breakdown, CauseShare
from .classification import ClassifierReport
from .decision import Recommendation
from .intake import UnderstoodColumn
from .metrics import CauseCost, Metric
from .words import Bucket, Severity

REPORT_VERSION = "1"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that was read and how."""

    name: str
    format: str
    encoding: str
    delimiter: str
    preset: str
    rows: int
    columns: tuple[UnderstoodColumn, ...]


@dataclass(frozen=True, slots=True)
class RowAccount:
    """Every row of every file is in exactly one of analysed, duplicate, quarantined."""

    read: int
    analysed: int
    duplicate: int
    quarantined: int

    def __post_init__(self) -> None:
        if self.read != self.analysed + self.duplicate + self.quarantined:
            raise ValueError(f"Rows do not add up: {self}.")


@dataclass(frozen=True, slots=True)
class Limit:
    """Something the data do not allow to be said, why, and what would allow it."""

    what: str
    because: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim as evidence, redacted."""

    text: str
    occurred_at: datetime | None
    slice: dict[str, str]
    source: str
    external_id: str


@dataclass(frozen=True, slots=True)
class SeriesChart:
    """One series with the range that was expected of it. All lists have one entry per bucket."""

    title: str
    measure: str
    unit: str
    bucket: Bucket
    starts: list[datetime]
    value: list[float | None]
    expected: list[float | None]
    low: list[float | None]
    high: list[float | None]
    is_alarm: list[bool]
    last_is_partial: bool


@dataclass(frozen=True, slots=True)
class BreakdownReport:
    """A breakdown with what a reader needs to act on it."""

    breakdown: Breakdown
    headline: str
    """One sentence: what broke, where, by how much, since when."""
    summary: str
    confidence: str
    """How sure, in words and numbers."""
    chart: SeriesChart
    quotes: tuple[Quote, ...]
    who: tuple[tuple[str, str, float, float], ...]
    """(dimension, value, share among the affected, share usually)"""
    to_do: tuple[str, ...]
    recommendation: Recommendation | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class CauseReport:
    """One cause over the whole period."""

    path: str
    label: str
    branch: str
    n: int
    share: float
    negative_share: float | None
    severity: Severity
    recent_change: float | None
    """Count of the last quarter of the period ÷ what its share of time would give, minus 1."""
    mean_confidence: float
    quotes: tuple[Quote, ...]
    cost: CauseCost | None
    to_do: str


@dataclass(frozen=True, slots=True)
class CostAssumption:
    """A figure that the cost of failure rests on, to be replaced by one's own."""

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole analysis of one or more files."""

    version: str
    generator: str
    generated_at: datetime
    title: str
    headline: str
    findings: tuple[str, ...]
    files: tuple[SourceFile, ...]
    rows: RowAccount
    quarantine_reasons: tuple[tuple[str, int], ...]
    starts_at: datetime | None
    ends_at: datetime | None
    metrics: tuple[Metric, ...]
    volume: SeriesChart | None
    breakdowns: tuple[BreakdownReport, ...]
    watched_series: int
    false_alarm_budget: str
    causes: tuple[CauseReport, ...]
    cause_totals: tuple[CauseShare, ...]
    """All causes including `unsure`."""
    classifier: ClassifierReport | None
    recommendations: tuple[tuple[str, Recommendation], ...]
    """(who it is for, what to do) for the cases that matter most."""
    currency: str
    cost_assumptions: tuple[CostAssumption, ...]
    limits: tuple[Limit, ...]
