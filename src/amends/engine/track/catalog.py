"""Every metric by name: what it is, what its n counts, and which way is better.

The definitions are those of the glossary; ISO 10002 (complaints handling) and ISO 10004
(satisfaction monitoring) name the quantities.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .config import MetricConfig


class Shape(StrEnum):
    """How observations become a figure."""

    SHARE = "share"
    """Mean of 0/1; Wilson interval."""
    NET = "net"
    """Mean of −1/0/1; adjusted Wald interval."""
    MEAN = "mean"
    """Mean; Student interval."""
    DURATION = "duration"
    """Quantile of the Kaplan–Meier curve; log(−log) interval."""
    RATE = "rate"
    """Events per exposure; quasi-Poisson interval."""


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric of the catalogue."""

    name: str
    label: str
    unit: str
    better: str
    shape: Shape
    n_of: str
    definition: str
    scale: float = 1.0
    quantile: float = 0.5


def _share(name: str, label: str, better: str, n_of: str, definition: str) -> MetricDefinition:
    return MetricDefinition(name, label, "%", better, Shape.SHARE, n_of, definition, 100.0)


_ANSWERS: Final = (
    MetricDefinition(
        "nps",
        "Net Promoter Score",
        "points",
        "higher",
        Shape.NET,
        "answers",
        "Share scoring 9–10 minus share scoring 0–6, from −100 to 100; 0 counts as a detractor.",
        100.0,
    ),
    _share("csat", "Satisfied (CSAT)", "higher", "answers", "Share scoring 4–5 on a 1–5 scale."),
    _share(
        "ces",
        "Found it easy (CES)",
        "higher",
        "answers",
        'Share scoring 5–7 on the 1–7 "it was easy" scale.',
    ),
    MetricDefinition(
        "ces_mean",
        "Effort score",
        "of 7",
        "higher",
        Shape.MEAN,
        "answers",
        'Mean of the 1–7 "it was easy" scale; 7 is easy.',
    ),
)

_RATES: Final = (
    _share(
        "escalation_rate",
        "Escalated",
        "lower",
        "cases",
        "Cases that were escalated ÷ cases whose source records escalations.",
    ),
    _share(
        "reopen_rate",
        "Reopened",
        "lower",
        "resolved cases",
        "Resolved cases that were opened again at least once ÷ resolved cases.",
    ),
    MetricDefinition(
        "complaint_rate",
        "Complaints per 1,000 transactions",
        "per 1,000",
        "lower",
        Shape.RATE,
        "transactions",
        "Complaints ÷ transactions over the time that the transactions cover.",
        1000.0,
    ),
    _share(
        "response_rate",
        "Survey response rate",
        "higher",
        "surveys sent",
        "Surveys with at least one answer ÷ surveys sent.",
    ),
    _share(
        "sla_met",
        "Answered in time",
        "higher",
        "cases",
        "Cases that kept their deadline ÷ cases that have one and whose deadline has passed.",
    ),
)


def catalogue(config: MetricConfig) -> tuple[MetricDefinition, ...]:
    """Return all metrics in the order in which they are shown, windows filled in."""
    return (
        *_ANSWERS,
        *_resolution_metrics(config),
        *_contact_metrics(config),
        *_RATES,
        *_recovery_metrics(config),
    )


def _resolution_metrics(config: MetricConfig) -> tuple[MetricDefinition, ...]:
    clocks = [("days", "calendar time"), ("business_hours", "business time")]
    return tuple(
        MetricDefinition(
            f"resolution_{short}_{unit}",
            label + (" (business time)" if unit == "business_hours" else ""),
            unit.replace("_", " "),
            "lower",
            Shape.DURATION,
            "cases",
            f"{unit.replace('_', ' ').capitalize()} by which {part} of the cases are resolved, "
            f"from the complaint to its last resolution, in {clock}; open cases count as not "
            "resolved yet (Kaplan–Meier).",
            quantile=quantile,
        )
        for unit, clock in clocks[: 1 if config.hours is None else 2]
        for short, quantile, part, label in (
            ("median", 0.5, "half", "Median time to resolution"),
            ("p90", 0.9, "90 %", "Time to resolution, 9 in 10"),
        )
    )


def _contact_metrics(config: MetricConfig) -> tuple[MetricDefinition, ...]:
    window = _days(config.window_days)
    return (
        _share(
            "fcr",
            "Resolved at first contact",
            "higher",
            f"cases whose first {window} have passed",
            "Cases that were resolved without a further contact of the same customer about the "
            f"same cause family within {window} of the first, without transfer and without "
            f"escalation ÷ cases whose first {window} have passed.",
        ),
        _share(
            "recontact_rate",
            "Came back after the resolution",
            "lower",
            f"resolved cases whose {window} since have passed",
            "Resolved cases with a contact of the same customer about the same cause family "
            f"within {window} of the first resolution ÷ resolved cases whose {window} have passed.",
        ),
    )


def _recovery_metrics(config: MetricConfig) -> tuple[MetricDefinition, ...]:
    survey, kept = _days(config.survey_window_days), _days(config.retention_days)
    return (
        MetricDefinition(
            "recovery_nps",
            "Recovery NPS",
            "points",
            "higher",
            Shape.NET,
            "resolved cases with an NPS answer afterwards",
            f"NPS of the first answer within {survey} of the resolution. Read it beside its "
            "response rate and the adjusted change: who is picked for a bad score rises anyway.",
            100.0,
        ),
        _share(
            "recovery_response_rate",
            "Recoveries with an NPS answer",
            "higher",
            f"resolved cases whose {survey} have passed",
            f"Resolved cases with an NPS answer within {survey} ÷ resolved cases.",
        ),
        MetricDefinition(
            "recovery_nps_change",
            "NPS after recovery against before, same customers",
            "points",
            "higher",
            Shape.MEAN,
            "resolved cases with an NPS answer before the case and after",
            f"Mean change of the customer's NPS contribution (−100, 0, 100) from the last answer "
            f"before the case to the first within {survey} of the resolution.",
            100.0,
        ),
        MetricDefinition(
            "recovery_nps_change_adjusted",
            "The same change beyond regression to the mean",
            "points",
            "higher",
            Shape.MEAN,
            "resolved cases with an NPS answer before the case and after, and peers to compare",
            "Change of the paired NPS contribution minus the mean change, from the same first "
            "score, of customers who answered twice without a case in between.",
            100.0,
        ),
        _share(
            "retention_conversion",
            "Bought again after recovery",
            "higher",
            f"resolved cases whose {kept} have passed",
            f"Resolved cases whose customer made a transaction within {kept} of the resolution "
            f"÷ resolved cases whose {kept} have passed.",
        ),
        _share(
            "save_rate",
            "At-risk customers kept",
            "higher",
            f"resolved at-risk cases whose {kept} have passed",
            "The same share among cases with value at risk or severity high or critical. What "
            "would have happened without the recovery is not in this figure.",
        ),
    )


def _days(count: float) -> str:
    return f"{count:g} day" if count == 1 else f"{count:g} days"
