"""Cases as a table, one row each with every timestamp: what aggregates can be checked against."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from amends.engine.clocks import ClockKind, Reading
from amends.web.accounts.models import User
from amends.web.cases.asked import Asked
from amends.web.cases.clocks import clocks_of
from amends.web.cases.models import Case
from amends.web.cases.queries import asked_for

BATCH: Final = 1_000
PLAIN: Final = (
    "ref", "title", "state", "severity", "customer_id", "cause", "region", "segment", "tier",
    "product", "channel", "vendor", "opened_because", "loss", "value_at_risk", "currency",
    "failures_90_days", "is_rejected", "is_regulated", "n_signals", "signal_id", "excluded_for",
    "excluded_because", "opened_at", "acknowledged_at", "reopened_at", "resolved_at", "closed_at",
    "due_at", "due_clock", "paused_at",
)  # fmt: skip
RELATED: Final = ("owner", "team", "handed_to", "breakdown")
CLOCKS: Final = (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION)
CLOCK_COLUMNS: Final = ("started_at", "due_at", "met_at", "working_minutes", "is_late")
COLUMNS: Final = (
    *PLAIN,
    *RELATED,
    *(f"{clock.value}_{column}" for clock in CLOCKS for column in CLOCK_COLUMNS),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell."""


def rows_of(person: User, asked: Asked, now: datetime) -> Iterator[str]:
    """Yield the lines of a CSV of the cases asked for within reach, the header first."""
    yield _line(COLUMNS)
    last = 0
    while True:
        found = asked_for(person, asked, now).filter(pk__gt=last).select_related(*RELATED)
        cases = list(found.order_by("pk")[:BATCH])
        if not cases:
            return
        last = cases[-1].pk
        clocks = clocks_of(cases, now)
        for i, case in enumerate(cases):
            yield _line(_row(case, clocks.readings(i), now))


def _row(case: Case, readings: Sequence[Reading], now: datetime) -> Iterator[object]:
    yield from (getattr(case, name) for name in PLAIN)
    yield from (getattr(case, name) for name in RELATED)
    for kind in CLOCKS:
        newest = [reading for reading in readings if reading.kind is kind][-1]
        met_at = newest.ended_at if newest.is_met else None
        minutes = round(newest.worked.total_seconds() / 60)
        yield from (newest.started_at, newest.due_at, met_at, minutes, newest.is_late(now))


def _line(values: Sequence[object] | Iterator[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
