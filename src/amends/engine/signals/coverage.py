"""What the signals hold, and what they cannot say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import DIMENSIONS, Kind, Limit

_ENOUGH: Final = 0.5
"""Share of the signals that must hold something before conclusions are drawn from it."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of `n` signals hold what; `kinds` counts them by kind, the commonest first."""

    n: int
    kinds: tuple[tuple[str, int], ...]
    with_date: int
    starts_at: datetime | None
    ends_at: datetime | None
    with_time_of_day: bool
    """Dates have a time, not only a day."""
    with_text: int
    with_customer: int
    with_reason: int
    """Signals with a resolution code."""
    with_resolution: int
    """Signals with a time of resolution."""
    with_money: int
    scores: tuple[tuple[str, int], ...]
    """Answers of nps, csat and ces."""
    exposure: float
    """Sum of the exposure of all transactions."""
    dimensions: tuple[tuple[str, int], ...]
    """Dimensions with at least two values, and how many values each has."""

    @property
    def has_dates(self) -> bool:
        """Return whether trends can be judged."""
        return self.with_date > _ENOUGH * self.n

    @property
    def has_text(self) -> bool:
        """Return whether causes can be read from words."""
        return self.with_text > 0

    @property
    def has_customer_ids(self) -> bool:
        """Return whether repeated contacts of a customer can be seen."""
        return self.with_customer > _ENOUGH * self.n

    @property
    def has_scores(self) -> bool:
        """Return whether any survey answer is there."""
        return any(n for _, n in self.scores)

    @property
    def has_resolution_times(self) -> bool:
        """Return whether time to resolution can be told."""
        return self.with_resolution > 0

    @property
    def has_reasons(self) -> bool:
        """Return whether people coded reasons that classify can learn from."""
        return self.with_reason > 0

    @property
    def has_money(self) -> bool:
        """Return whether loss or value at risk is given."""
        return self.with_money > 0

    @property
    def has_exposure(self) -> bool:
        """Return whether rates can be told, not only counts."""
        return self.exposure > 0

    @property
    def days(self) -> int:
        """Return the days from the first to the last signal, both included."""
        if self.starts_at is None or self.ends_at is None:
            return 0
        return (self.ends_at.date() - self.starts_at.date()).days + 1


def coverage(signals: pa.Table) -> Coverage:
    """Count what the signals hold."""
    dates = signals["occurred_at"]
    span = pc.min_max(dates)
    kinds = sorted(
        (
            (entry["values"], entry["counts"])
            for entry in pc.value_counts(signals["kind"]).to_pylist()
        ),
        key=lambda entry: (-entry[1], entry[0]),
    )
    is_transaction = pc.equal(signals["kind"], Kind.TRANSACTION.value)
    exposure = pc.sum(pc.if_else(is_transaction, signals["exposure"], 0.0)).as_py()
    money = pc.or_(pc.is_valid(signals["loss"]), pc.is_valid(signals["value_at_risk"]))
    text = pc.or_(pc.is_valid(signals["verbatim"]), pc.is_valid(signals["subject"]))
    sizes = [(dim, len(set(pc.unique(signals[dim]).to_pylist()) - {None})) for dim in DIMENSIONS]
    return Coverage(
        n=len(signals),
        kinds=tuple(kinds),
        with_date=_filled(dates),
        starts_at=span["min"].as_py(),
        ends_at=span["max"].as_py(),
        with_time_of_day=bool(_has_clock(dates)),
        with_text=pc.sum(text).as_py() or 0,
        with_customer=_filled(signals["customer_id"]),
        with_reason=_filled(signals["resolution_code"]),
        with_resolution=_filled(signals["resolved_at"]),
        with_money=pc.sum(money).as_py() or 0,
        scores=tuple((name, _filled(signals[name])) for name in ("nps", "csat", "ces")),
        exposure=exposure or 0.0,
        dimensions=tuple((dim, size) for dim, size in sizes if size > 1),
    )


def limits(covered: Coverage) -> tuple[Limit, ...]:
    """Say plainly what the data do not allow to be said."""
    found = []
    for is_there, what, because, remedy in _LIMITS:
        if not getattr(covered, is_there):
            found.append(Limit(what, because, remedy))
    if not covered.dimensions:
        found.append(
            Limit(
                "where it breaks",
                "no product, region, channel or other dimension is given",
                "Map such a column, e.g. --map Product=product.",
            )
        )
    undated = covered.n - covered.with_date
    if covered.has_dates and undated:
        found.append(
            Limit(
                f"when {undated:,} of {covered.n:,} signals happened",
                "they have no date",
                "Fill the date of these rows; until then they count in totals only.",
            )
        )
    return tuple(found)


_LIMITS: Final = (
    (
        "has_dates",
        "trends and breakdowns",
        "most signals have no date",
        "Map the column that holds it, e.g. --map Date=occurred_at.",
    ),
    (
        "has_text",
        "causes in the customers' words",
        "no signal has any text",
        "Map the column that holds it, e.g. --map Comment=verbatim.",
    ),
    (
        "has_customer_ids",
        "recontact, first-contact resolution and how many customers are hit",
        "most signals have no customer id",
        "Map it, e.g. --map Account=customer_id; a pseudonym is enough.",
    ),
    (
        "has_scores",
        "NPS, CSAT and effort",
        "there are no survey answers",
        "Add the survey export, or map a score, e.g. --map Rating=csat.",
    ),
    (
        "has_resolution_times",
        "time to resolution",
        "no signal says when it was resolved",
        "Map it, e.g. --map Closed=resolved_at.",
    ),
    (
        "has_exposure",
        "rates per order or contact",
        "there are no transactions to divide by, so counts are per day",
        "Add a file of orders or contacts per day (kind transaction).",
    ),
    (
        "has_money",
        "what the failures cost the customers",
        "no loss or value at risk is given",
        "Map it, e.g. --map Amount=loss.",
    ),
)


def _filled(column: pa.ChunkedArray) -> int:
    return int(len(column) - column.null_count)


def _has_clock(dates: pa.ChunkedArray) -> bool:
    days = pc.floor_temporal(dates, unit="day")
    return bool(pc.any(pc.not_equal(days, dates)).as_py())
