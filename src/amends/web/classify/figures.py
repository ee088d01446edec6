"""What is known of causes in a period and the one before it: counts, change, harm, money, mood."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import ibis

from amends.engine.contracts import UNSURE, Interval
from amends.engine.stats.intervals import wilson
from amends.store import reads
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake

FEW: Final = 20
"""Signals of both periods together below which no change is claimed."""
LATE_SHARE: Final = 0.1
"""How much of the period before may lack signals for it to count as heard."""


@dataclass(frozen=True, slots=True)
class CauseFigures:
    """One cause in the period of the filters.

    Parameters
    ----------
    n, n_before
        Signals that tell of it, in the period and in the one of equal length before; the latter is
        None when that period was not heard as a whole.
    n_severe
        Those of high or critical severity.
    customers
        How many customers said so.
    value_at_risk
        Per year, each customer counted once; None when none is known or currencies are mixed.
    sentiment
        Mean, −1 to 1; None when no text was read.
    spread
        Design effect of the counts: 1 when every signal is another customer's.

    """

    path: str
    n: int
    n_before: int | None
    n_severe: int
    customers: int
    value_at_risk: float | None
    currency: str
    sentiment: float | None
    spread: float = 1.0

    @property
    def is_unsure(self) -> bool:
        """Whether these are the signals that no cause fits."""
        return self.path == UNSURE

    @property
    def severe_share(self) -> float:
        """Return the share of high and critical ones."""
        return self.n_severe / self.n if self.n else 0.0

    @property
    def ratio(self) -> float | None:
        """Return n ÷ n_before; None where there is no sound comparison."""
        if self.n_before is None or self.n + self.n_before < FEW or not self.n_before:
            return None
        return self.n / self.n_before

    @property
    def ratio_interval(self) -> Interval | None:
        """Return the 95 % interval of the rate ratio.

        Given the sum of two Poisson counts the first is binomial (Przyborowski & Wilenski 1940);
        several signals of one customer count less, by the design effect.
        """
        if self.ratio is None or self.n_before is None:
            return None
        share = wilson(self.n, self.n + self.n_before, design_effect=self.spread)
        high = math.inf if share.high >= 1 else share.high / (1 - share.high)
        return Interval(share.low / (1 - share.low), high, share.level)


@dataclass(frozen=True, slots=True)
class CauseTable:
    """All causes that the filters let through, the most frequent first."""

    causes: tuple[CauseFigures, ...]
    is_compared: bool
    """Whether the period before was heard as a whole."""

    @property
    def named(self) -> tuple[CauseFigures, ...]:
        """Return the causes without "unsure"."""
        return tuple(cause for cause in self.causes if not cause.is_unsure)

    @property
    def unsure(self) -> CauseFigures | None:
        """Return the row of what no cause fits."""
        return next((cause for cause in self.causes if cause.is_unsure), None)

    @property
    def n(self) -> int:
        """Return how many signals tell of a failure."""
        return sum(cause.n for cause in self.causes)

    def only(self, path: str) -> "CauseTable":
        """Return a cause and everything below it."""
        kept = (c for c in self.causes if c.path == path or c.path.startswith(f"{path}/"))
        return CauseTable(tuple(kept), self.is_compared)

    def together(self, path: str = "") -> CauseFigures:
        """Return everything as one; a customer of two causes counts for each."""
        befores = [cause.n_before or 0 for cause in self.causes]
        moods = [(c.n, c.sentiment) for c in self.causes if c.sentiment is not None]
        values = [c.value_at_risk for c in self.causes if c.value_at_risk is not None]
        heard = sum(n for n, _ in moods)
        return CauseFigures(
            path=path,
            n=self.n,
            n_before=sum(befores) if self.is_compared else None,
            n_severe=sum(cause.n_severe for cause in self.causes),
            customers=sum(cause.customers for cause in self.causes),
            value_at_risk=sum(values) if values else None,
            currency=next((c.currency for c in self.causes if c.currency), ""),
            sentiment=sum(n * mood for n, mood in moods) / heard if heard else None,
            spread=sum(c.n * c.spread for c in self.causes) / self.n if self.n else 1.0,
        )


def cause_table(filters: Filters) -> CauseTable:
    """Return the causes of the period beside the period before: one lake read."""
    before = filters.before
    signals = reads.where(
        lake().signals(),
        since=before.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
    )
    rows = lake().fetch(_by_cause(signals, filters.since)).to_pylist()
    starts = [row["first_at"] for row in rows if row["first_at"]]
    is_compared = _is_heard(min(starts, default=None), before.since, filters.since)
    found = (_figures(row, is_compared=is_compared) for row in rows if row["n"])
    return CauseTable(tuple(sorted(found, key=lambda c: (-c.n, c.path))), is_compared)


def figures_of(table: CauseTable, path: str) -> CauseFigures:
    """Return what is known of a cause, or of a branch as a whole."""
    own = table.only(path)
    return own.causes[0] if len(own.causes) == 1 else own.together(path)


def others_of(table: CauseTable, path: str, *, is_branch: bool) -> CauseTable:
    """Return what is shown beside a cause: what hangs on it, or on the same branch as it."""
    near = table.only(path) if is_branch else table
    return CauseTable(tuple(c for c in near.causes if c.path != path), table.is_compared)


def _by_cause(signals: ibis.Table, since: datetime) -> ibis.Table:
    """Count by cause and customer, then by cause: a customer's value is at risk once."""
    is_now = signals["occurred_at"] >= ibis.literal(since)
    who = signals["customer_id"].fill_null(signals["signal_id"])
    each = signals.group_by(cause=signals["cause"], who=who).agg(
        n=signals.count(where=is_now),
        n_before=signals.count(where=~is_now),
        n_severe=signals.count(where=is_now & signals["severity"].isin(list(reads.SEVERE))),
        known=signals["customer_id"].max(),
        value=signals["value_at_risk"].max(where=is_now),
        currency=signals["currency"].max(where=is_now),
        first_at=signals["occurred_at"].min(),
        mood=signals["sentiment"].cast("float64").sum(where=is_now),
        heard=signals["sentiment"].count(where=is_now),
    )
    return (
        each.filter(each["cause"].notnull())
        .group_by("cause")
        .agg(
            n=each["n"].sum(),
            n_before=each["n_before"].sum(),
            n_severe=each["n_severe"].sum(),
            squares=(each["n"] * each["n"]).sum(),
            customers=each["known"].count(where=each["n"] > 0),
            value=each["value"].sum(),
            currency=each["currency"].max(),
            other_currency=each["currency"].min(),
            first_at=each["first_at"].min(),
            mood=each["mood"].sum(),
            heard=each["heard"].sum(),
        )
    )


def _figures(row: Mapping[str, Any], *, is_compared: bool) -> CauseFigures:
    is_one_currency = row["currency"] == row["other_currency"]
    value = row["value"] if is_one_currency else None
    return CauseFigures(
        path=row["cause"],
        n=row["n"],
        n_before=row["n_before"] if is_compared else None,
        n_severe=row["n_severe"],
        customers=row["customers"],
        value_at_risk=None if value is None else float(value),
        currency=row["currency"] or "",
        sentiment=row["mood"] / row["heard"] if row["heard"] else None,
        spread=max(row["squares"] / row["n"], 1.0) if row["n"] else 1.0,
    )


def _is_heard(first_at: datetime | None, since: datetime, until: datetime) -> bool:
    """Whether the lake reaches back to the beginning of a period, but for a small part of it."""
    slack: timedelta = LATE_SHARE * (until - since)
    return first_at is not None and first_at <= since + slack
