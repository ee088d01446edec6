"""The five key figures of a period: value, change against the period before, target and course.

Of cases they are those of the outcomes page, to which each card leads; first-contact resolution and
effort are of all contacts, and computed from the lake. Kept for a minute in each process.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from math import isnan
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.urls import reverse

from amends.engine.contracts import Bucket, Metric
from amends.engine.track import MetricConfig, metrics_over_time
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Reach, Verb
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.intake.naming import cause_label, value_label
from amends.web.track.contacts import contacts_of
from amends.web.track.figures import observe
from amends.web.track.models import WINDOW_DAYS
from amends.web.track.queries import records
from amends.web.track.telling import course_since, kpi_of, steps
from amends.web.ui.kept import Kept
from amends.web.ui.parts import Kpi

OF_CASES: Final = {
    "recovery_nps": "Recovery NPS",
    "resolution_median_days": "Complaint to resolution",
    "recontact_rate": f"Recontact within {WINDOW_DAYS} days",
}
OF_CONTACTS: Final = {"fcr": "First-contact resolution", "ces_mean": "Customer effort"}
ORDER: Final = ("recovery_nps", "resolution_median_days", "fcr", "ces_mean", "recontact_rate")
DAILY_UP_TO_DAYS: Final = 28
"""Courses of longer periods go by week."""
kept: Final = Kept[tuple[Kpi, ...]](young_seconds=60, old_seconds=1800)


def key_figures(person: User, filters: Filters) -> tuple[Kpi, ...] | None:
    """Return the cards for some filters, as far as the person's reach; None while computed.

    Who sees their team's outcomes sees the figures of its cases; those of all contacts are the
    whole organisation's and left out.
    """
    is_all = person.reach(Verb.OUTCOME_READ) is Reach.ALL
    whose = () if is_all else (person.pk, tuple(sorted(person.team_ids)))
    asked = filters.period, tuple(sorted(filters.dims.items())), filters.cause

    def compute() -> tuple[Kpi, ...]:
        cards = dict(_of_cases(person, filters))
        if is_all:
            cards |= _of_contacts(filters)
        return tuple(cards[name] for name in ORDER if name in cards)

    return kept.get((lake().address, whose, *asked), compute)


def _of_cases(person: User, filters: Filters) -> Iterator[tuple[str, Kpi]]:
    figures = observe(records(person, filters, course_since(filters)), filters.until)
    for name, label in OF_CASES.items():
        now = figures.between(name, filters.since, filters.until)
        before = figures.between(name, filters.before.since, filters.since)
        course = [m.value for m in steps(figures, filters, name) if m.value is not None]
        href = reverse("track:outcomes") + (filters.query(metric=name) or f"?metric={name}")
        yield name, _card(kpi_of(now, before, course, href), now, label)


def _of_contacts(filters: Filters) -> dict[str, Kpi]:
    """Measure both periods: one read of the lake."""
    signals, whose = contacts_of(filters, filters.before.since, filters.until)
    at = signals["occurred_at"]
    start = pa.scalar(filters.since, at.type)
    bucket = Bucket.DAY if filters.days <= DAILY_UP_TO_DAYS else Bucket.WEEK
    of_now, courses = metrics_over_time(
        signals.filter(pc.greater_equal(at, start)), OF_CONTACTS, bucket, _until(filters)
    )
    of_before, _ = metrics_over_time(
        signals.filter(pc.less(at, start)), (), bucket, _until(filters.before)
    )
    now, before = ({m.name: m for m in found} for found in (of_now, of_before))
    href = f"{reverse('track:outcomes')}{filters.query()}#contacts"
    found = {}
    for name, label in OF_CONTACTS.items():
        course = [float(v) for v in courses[name].value if not isnan(v)]
        told = _card(kpi_of(now[name], before[name], course, href), now[name], label)
        told = replace(told, note=f"{told.note} {whose}".rstrip())
        found[name] = _explained(told, now[name], filters)
    return found


def _until(filters: Filters) -> MetricConfig:
    return MetricConfig(ends_at=filters.until - timedelta(microseconds=1))


def _card(kpi: Kpi, metric: Metric, label: str) -> Kpi:
    """Shorten a card of the outcomes page to the width of an overview."""
    unit = kpi.unit.replace("of ", "/ ")
    note = kpi.note if metric.value is None else f"n {metric.n:,}"
    return replace(kpi, label=label, unit=unit, note=note)


def _explained(kpi: Kpi, metric: Metric, filters: Filters) -> Kpi:
    """Say why effort has no value where answers do not tell what they are about."""
    about = filters.cause or filters.dims.get("channel", "")
    if metric.name != "ces_mean" or metric.value is not None or not about:
        return kpi
    name = cause_label(about) if filters.cause else value_label(about)
    return replace(kpi, note=f"Answers to surveys do not say whether they are about “{name}”.")
