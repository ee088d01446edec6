"""The five key figures of a period: value, change against the period before, target and course.

They are read from the lake and computed by `engine.track`; kept for a minute in each process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import hypot, isnan
from typing import Final, Literal

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Bucket, Kind, Metric, check_signals
from amends.engine.track import MetricConfig, metrics_over_time
from amends.flows.report import words
from amends.store import reads
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.intake.naming import cause_label, value_label
from amends.web.reports.targets import TARGETS
from amends.web.ui.kept import Kept
from amends.web.ui.parts import Kpi

SHOWN: Final = {
    "recovery_nps": "Recovery NPS",
    "resolution_median_days": "Complaint to resolution",
    "fcr": "First-contact resolution",
    "ces_mean": "Customer effort",
    "recontact_rate": "Recontact within 7 days",
}
"""The metrics by name, in the order of the cards."""
DAILY_UP_TO_DAYS: Final = 28
"""Courses of longer periods go by week."""
READ: Final = (
    "source", "kind", "occurred_at", "received_at", "opened_at", "resolved_at", "customer_id",
    "case_ref", "cause", "nps", "ces", "contacts", "reopens", "transfers", "is_escalated",
    "severity",
)  # fmt: skip
"""What these metrics are made of."""
KINDS: Final = tuple(k.value for k in Kind if k not in {Kind.TRANSACTION, Kind.QA_AUDIT})
TWO_SIDED: Final = 1.96


@dataclass(frozen=True, slots=True)
class Figures:
    """What the metrics say of a period and of the one before."""

    now: tuple[Metric, ...]
    before: tuple[Metric, ...]
    courses: dict[str, tuple[float, ...]]


kept: Final = Kept[Figures](young_seconds=60, old_seconds=1800)


def key_figures(filters: Filters) -> list[Kpi] | None:
    """Return the cards for some filters; None while the figures are being computed."""
    # The answer of this minute serves everybody who asks in it.
    until = filters.until.replace(second=0, microsecond=0) + timedelta(minutes=1)
    key = (filters.period, tuple(sorted(filters.dims.items())), filters.cause)
    found = kept.get((lake().address, *key), lambda: compute(replace(filters, until=until)))
    return None if found is None else cards(found, filters)


def compute(filters: Filters) -> Figures:
    """Read the signals of both periods and measure them: one read of the lake."""
    earlier = filters.before
    signals = _read(filters, earlier.since)
    at = signals["occurred_at"]
    start = pa.scalar(filters.since, at.type)
    bucket = Bucket.DAY if filters.days <= DAILY_UP_TO_DAYS else Bucket.WEEK
    now, series = metrics_over_time(
        signals.filter(pc.greater_equal(at, start)),
        SHOWN,
        bucket,
        MetricConfig(ends_at=filters.until),
    )
    before, _ = metrics_over_time(
        signals.filter(pc.less(at, start)), (), bucket, MetricConfig(ends_at=filters.since)
    )
    courses = {
        name: tuple(round(float(v), 4) for v in each.value if not isnan(v))
        for name, each in series.items()
    }
    return Figures(_shown(now), _shown(before), courses)


def cards(figures: Figures, filters: Filters) -> list[Kpi]:
    """Write the figures as cards, each a door to its own page."""
    before = {m.name: m for m in figures.before}
    return [
        _card(metric, before.get(metric.name), figures.courses[metric.name], filters)
        for metric in figures.now
    ]


def _read(filters: Filters, since: datetime) -> pa.Table:
    """Read both periods; answers to surveys stay whatever a cause or channel is asked for.

    Whoever is asked how a recovery went answers in another channel and names no cause: what the
    answer belongs to is found by the customer.
    """
    dims = {dim: value for dim, value in filters.dims.items() if dim != "channel"}
    found = reads.where(lake().signals(), since=since, until=filters.until, dims=dims, kinds=KINDS)
    if _is_about_cases(filters):
        cases = reads.where(found, dims=_channel(filters), cause=filters.cause or None)
        found = ibis.union(
            cases.filter(cases["kind"] != Kind.SURVEY.value),
            found.filter(found["kind"] == Kind.SURVEY.value),
        )
    blank = ibis.literal("")
    identity = {"signal_id": blank, "external_id": blank, "version": ibis.literal(0, "int32")}
    return check_signals(lake().fetch(found.select(*READ, **identity)))


def _is_about_cases(filters: Filters) -> bool:
    return bool(filters.cause or "channel" in filters.dims)


def _channel(filters: Filters) -> dict[str, str]:
    return {dim: value for dim, value in filters.dims.items() if dim == "channel"}


def _shown(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    by_name = {m.name: m for m in metrics}
    return tuple(by_name[name] for name in SHOWN)


def _card(
    metric: Metric, before: Metric | None, course: tuple[float, ...], filters: Filters
) -> Kpi:
    href = f"/outcomes/{_with(filters, metric.name)}"
    label, target = SHOWN[metric.name], _target(metric)
    if metric.name == "ces_mean" and _is_about_cases(filters):
        of = cause_label(filters.cause) if filters.cause else value_label(filters.dims["channel"])
        why = f"Answers to surveys do not say whether they are about {of}."
        return Kpi(label, words.NONE, target=target, note=why, href=href)
    if metric.value is None:
        return Kpi(label, words.NONE, target=target, note=metric.missing_because or "", href=href)
    change = _change(metric, before)
    return Kpi(
        label,
        _value(metric),
        UNITS.get(metric.unit, metric.unit),
        change.text,
        change.direction,
        change.tone,
        target,
        f"n = {metric.n:,}",
        course if len(course) > 1 else (),
        href,
    )


UNITS: Final = {"points": "", "of 7": "/ 7"}
SHORT: Final = {"points": "", "of 7": "", "days": " d", "%": " %"}
SHORT_CHANGE: Final = {**SHORT, "%": " pp"}


@dataclass(frozen=True, slots=True)
class _Change:
    text: str
    direction: Literal["", "up", "down"] = ""
    tone: Literal["", "good", "critical"] = ""


def _value(metric: Metric) -> str:
    if metric.unit == "points":
        return words.signed(metric.value, 0)
    return words.number(metric.value, 1)


def _target(metric: Metric) -> str:
    target = TARGETS[metric.name]
    text = words.signed(target, 0) if metric.unit == "points" else words.number(target)
    return text + SHORT[metric.unit].replace(" ", words.NBSP)


def _change(metric: Metric, before: Metric | None) -> _Change:
    """Say how it changed; in colour only when that is more than chance would do."""
    if before is None or before.value is None or metric.value is None:
        return _Change("")
    difference = metric.value - before.value
    digits = 0 if metric.unit == "points" else 1
    text = words.signed(difference, digits) + SHORT_CHANGE[metric.unit].replace(" ", words.NBSP)
    if not round(difference, digits):
        return _Change(text)
    is_better = (difference > 0) == (metric.better == "higher")
    is_sure = abs(difference) > TWO_SIDED * hypot(_error(metric), _error(before))
    direction: Literal["up", "down"] = "up" if difference > 0 else "down"
    if not is_sure:
        return _Change(text, direction)
    return _Change(text, direction, "good" if is_better else "critical")


def _error(metric: Metric) -> float:
    """Return the standard error that its interval tells of."""
    if metric.interval is None:
        return float("inf")
    return (metric.interval.high - metric.interval.low) / (2 * TWO_SIDED)


def _with(filters: Filters, metric: str) -> str:
    return filters.query(metric=metric) or f"?metric={metric}"
