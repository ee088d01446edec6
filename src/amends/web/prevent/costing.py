"""What failures cost, cause by cause, and what a fix that worked is estimated to prevent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import (
    DIMENSIONS,
    UNSURE,
    CostAssumption,
    Interval,
    Kind,
)
from amends.engine.prevent import CostModel, CostOfFailure, assumptions, cost_of_failure
from amends.web.intake.lake import lake
from amends.web.prevent.models import CausePrices, Fix, FixState

DAYS: Final = 90
LEAST_DAYS: Final = 28
"""After a fix, below which its cost a year is not extrapolated."""
YEAR: Final = 365
KEPT_RUNS: Final = 30
_KINDS: Final = (Kind.COMPLAINT.value, Kind.TICKET.value, Kind.SOCIAL.value)
_NEEDED: Final = (
    "signal_id",
    "case_ref",
    "kind",
    "occurred_at",
    "cause",
    "customer_id",
    "contacts",
    "loss",
    "currency",
    *DIMENSIONS,
)


@dataclass(frozen=True, slots=True)
class Prevented:
    """What a verified fix prevents in a year: cost since, as if the share prevented came back."""

    amount: float
    low: float
    high: float
    currency: str
    days: int
    """Over which the cost since the fix was counted."""
    cost: float
    """In these days, of the cause on the slice."""
    n: int
    assumptions: tuple[CostAssumption, ...]


def price_causes(now: datetime) -> CausePrices:
    """Work out what each cause cost in the 90 days before `now`, and keep it to be shown."""
    signals = _failures(now - timedelta(days=DAYS), now)
    prices = cost_of_failure(signals, currency=_currency(signals))
    kept = CausePrices.objects.create(
        computed_at=now, days=DAYS, prices=msgspec.to_builtins(prices)
    )
    newest = CausePrices.objects.values_list("pk", flat=True)[:KEPT_RUNS]
    CausePrices.objects.exclude(pk__in=list(newest)).delete()
    return kept


def read_prices(row: CausePrices) -> CostOfFailure:
    """Return what was worked out."""
    return msgspec.convert(row.prices, CostOfFailure)


def price_fixes(fixes: Sequence[Fix], now: datetime) -> None:
    """Set on each verified fix what it prevents in a year; on others that nothing is known."""
    verified = [fix for fix in fixes if fix.state == FixState.VERIFIED]
    for fix in fixes:
        fix.prevented = None
    if not verified:
        return
    signals = _failures(now - timedelta(days=DAYS), now)
    currency = _currency(signals)
    for fix in verified:
        fix.prevented = _prevented(fix, signals, currency, now)


def read_prevented(fix: Fix) -> Prevented | None:
    """Return what a fix is estimated to prevent."""
    return None if fix.prevented is None else msgspec.convert(fix.prevented, Prevented)


def _prevented(fix: Fix, signals: pa.Table, currency: str, now: datetime) -> dict[str, Any] | None:
    told, at = fix.verification or {}, fix.fixed_at
    effect, span = told.get("effect"), told.get("interval")
    if effect is None or span is None or at is None:
        return None
    since = max(at, now - timedelta(days=DAYS))
    days = (now - since).days
    if days < LEAST_DAYS:
        return None
    mine = _of(fix, signals.filter(pc.greater_equal(signals["occurred_at"], pa.scalar(since))))
    priced = cost_of_failure(mine, currency=currency)
    cost, n = sum(c.total for c in priced.causes), sum(c.n for c in priced.causes)
    interval = msgspec.convert(span, Interval)

    def a_year(change: float) -> float:
        """Return what is spared in a year if this share of what would be is prevented."""
        return cost / days * YEAR * -change / max(1 + change, 0.05)

    found = Prevented(
        amount=a_year(effect),
        low=a_year(interval.high),
        high=a_year(interval.low),
        currency=currency,
        days=days,
        cost=cost,
        n=n,
        assumptions=assumptions_used(),
    )
    written: dict[str, Any] = msgspec.to_builtins(found)
    return written


def assumptions_used() -> tuple[CostAssumption, ...]:
    """Return the figures that every cost here rests on."""
    return assumptions(CostModel())


def _of(fix: Fix, signals: pa.Table) -> pa.Table:
    below = pc.starts_with(signals["cause"], f"{fix.cause}/")
    mine = pc.or_(pc.equal(signals["cause"], fix.cause), below)
    for dim, value in fix.slice.items():
        mine = pc.and_(mine, pc.fill_null(pc.equal(signals[dim], value), fill_value=False))
    return signals.filter(mine)


def _failures(since: datetime, until: datetime) -> pa.Table:
    """Return the signals of a period that tell of a failure with a cause."""
    signals = lake().signals(since, until)
    named = signals["cause"].notnull() & (signals["cause"] != UNSURE)
    return lake().fetch(signals.filter(signals["kind"].isin(_KINDS), named).select(*_NEEDED))


def _currency(signals: pa.Table) -> str:
    """Return the currency of most losses; the euro where none is told."""
    counts = pc.value_counts(signals["currency"].drop_null()).to_pylist()
    return max(counts, key=lambda c: (c["counts"], c["values"]))["values"] if counts else "EUR"
