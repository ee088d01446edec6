"""Figures of all contacts, not only of cases here: first-contact resolution and effort.

They follow each customer over time, so no count tells them. Of very many contacts those of one
customer in so many are read: estimates whose intervals say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import ibis
import pyarrow as pa

from amends.engine.contracts import Kind, Metric, check_signals
from amends.engine.track import MetricConfig, metrics
from amends.store import reads, size_for
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.ui.kept import Kept

SHOWN: Final = ("fcr", "ces_mean")
MOST_READ: Final = 50_000
"""Of more contacts than these a sample of about as many is read."""
READ: Final = (
    "source", "kind", "occurred_at", "received_at", "opened_at", "resolved_at", "customer_id",
    "case_ref", "cause", "nps", "csat", "ces", "contacts", "reopens", "transfers", "is_escalated",
    "severity",
)  # fmt: skip
KINDS: Final = tuple(
    kind.value for kind in (Kind.COMPLAINT, Kind.TICKET, Kind.ESCALATION, Kind.SOCIAL, Kind.SURVEY)
)


@dataclass(frozen=True, slots=True)
class ContactFigures:
    """The figures of a period and of the one before, by name."""

    now: Mapping[str, Metric]
    before: Mapping[str, Metric]
    whose: str
    """Of whom the contacts are, where not of all."""


kept: Final = Kept[ContactFigures](young_seconds=600, old_seconds=3600)


def contact_figures(filters: Filters) -> ContactFigures | None:
    """Return the figures for some filters; None: they are on their way."""

    def reckon() -> ContactFigures:
        now, whose = _figures(filters)
        before, _ = _figures(filters.before)
        return ContactFigures(now, before, whose)

    return kept.get((lake().address, filters.query()), reckon)


def contacts_of(filters: Filters, since: datetime, until: datetime) -> tuple[pa.Table, str]:
    """Return the contacts of a stretch (`SIGNAL_SCHEMA`), and of whom they are where not of all."""
    asked: dict[str, Any] = {"since": since, "until": until, "kinds": KINDS}
    asked |= {"dims": dict(filters.dims), "cause": filters.cause or None}
    n = sum(lake().counts(("kind",), **asked)["n"].to_pylist())
    blank = ibis.literal("")
    identity = {"signal_id": blank, "external_id": blank, "version": ibis.literal(0, "int32")}
    one_in = size_for(n, MOST_READ)
    if one_in == 1:
        rows = reads.where(lake().signals(), **asked).select(*READ, **identity)
        return check_signals(lake().fetch(rows)), ""
    drawn = lake().of_some_customers((*READ, *identity), one_in, **asked)
    return check_signals(drawn), f"of one customer in {one_in}"


def _figures(filters: Filters) -> tuple[dict[str, Metric], str]:
    table, whose = contacts_of(filters, filters.since, filters.until)
    config = MetricConfig(ends_at=filters.until - timedelta(microseconds=1))
    return {m.name: m for m in metrics(table, config) if m.name in SHOWN}, whose
