"""A company moved in time, so that its period ends on a wanted day."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeVar

from msgspec.structs import replace

from amends.engine.contracts import BadInput

from .company import BreakdownSpec, Company, DecoySpec, FixSpec, Period

_W = TypeVar("_W", BreakdownSpec, DecoySpec)


def dated(
    company: Company, last: date, days: int, future_days: int = 0, business: float = 1.0
) -> Company:
    """Return the same company with `last` as its today; see `World.dated`."""
    if days < 1 or future_days < 0:
        raise BadInput(
            f"A period of {days} days with {future_days} to come cannot be played.",
            where="days",
            remedy="Take at least 1 day, and 0 or more to come.",
        )
    if business <= 0:
        raise BadInput(f"Business must be above 0, not {business}.", where="business")
    # Whole weeks keep what was planted on its weekdays; rounding down keeps it in the past.
    shift = timedelta(weeks=(last - company.period.last).days // 7)
    period = Period(last - timedelta(days=days - 1), last + timedelta(days=future_days))
    fixes = tuple(replace(f, at=f.at + shift) for f in company.fixes)
    spec = company.transactions
    moved = replace(
        company,
        period=period,
        products={
            name: p if p.launch is None else replace(p, launch=p.launch + shift)
            for name, p in company.products.items()
        },
        transactions=replace(spec, per_failure=spec.per_failure * business),
        breakdowns=_inside(company.breakdowns, shift, period.first),
        decoys=_inside(company.decoys, shift, period.first),
        fixes=tuple(f for f in fixes if f.at >= period.first),
        current=None,
    )
    return _with_current(moved, company, last)


def _inside(planted: Iterable[_W], shift: timedelta, first: date) -> tuple[_W, ...]:
    """Move what was planted, without what would begin before the period."""
    moved = (replace(p, first=p.first + shift, last=p.last + shift) for p in planted)
    return tuple(p for p in moved if p.first >= first)


def _with_current(moved: Company, company: Company, today: date) -> Company:
    if company.current is None:
        return moved
    breakdown, fix = company.current.breakdown, company.current.fix
    begun = today - timedelta(days=breakdown.days_before)
    over = min(begun + timedelta(days=breakdown.days - 1), moved.period.last)
    made = today - timedelta(days=fix.days_before)
    current = BreakdownSpec(
        name=breakdown.name,
        measure=breakdown.measure,
        cause=breakdown.cause,
        slice=breakdown.slice,
        shape=breakdown.shape,
        first=begun,
        last=over,
        ratio=breakdown.ratio,
    )
    recent = FixSpec(fix.name, fix.cause, made, fix.effect, fix.hypothesis, fix.slice)
    first = moved.period.first
    return replace(
        moved,
        breakdowns=(*moved.breakdowns, *([current] if begun >= first else [])),
        fixes=(*moved.fixes, *([recent] if made >= first else [])),
    )
