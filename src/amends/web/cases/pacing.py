"""The day's budget of goodwill: what is spent, what was planned until now, what money costs.

Spent is what people gave, at the moment it was decided or approved. The planned path follows the
hours in which goodwill was given in the last weeks. Days that are over are kept, so that the price
of a moment needs only what came after them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate, TruncTime
from django.utils import timezone

from amends.engine.recommend import price_after, price_at
from amends.web.cases.models import Action, ActionState
from amends.web.recommend.models import GoodwillBudget, PacedDay

USUAL_WITHIN: Final = timedelta(days=28)
USUAL_FROM: Final = 50
"""Actions with goodwill from which the usual hours are known; before, a day is planned evenly."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a day's budget stands."""

    budget: GoodwillBudget
    spent: Decimal
    planned: Decimal
    """Of the budget, until now."""
    price: float

    @property
    def left(self) -> Decimal:
        """What is left of the day's budget; negative when more was given."""
        return self.budget.amount - self.spent


def paces(now: datetime, currencies: Iterable[str] | None = None) -> list[Pace]:
    """Return where every budget stands, or those of some currencies: one query without budgets."""
    budgets = GoodwillBudget.objects.all()
    if currencies is not None:
        budgets = budgets.filter(currency__in=set(currencies))
    return [_pace(budget, now) for budget in budgets]


def prices(currencies: Sequence[str], now: datetime) -> list[float]:
    """Return the shadow price of money in each of these currencies; 0 where there is no budget."""
    found = {pace.budget.currency: pace.price for pace in paces(now, currencies)}
    return [found.get(currency, 0.0) for currency in currencies]


def close_days(now: datetime) -> int:
    """Keep the days that are over, and return how many were not kept before."""
    n = 0
    for budget in GoodwillBudget.objects.all():
        first, price = _open_since(budget)
        spent = _spent_by_day(budget, first)
        while first < timezone.localdate(now):
            of_day = spent.get(first, Decimal(0))
            price = price_after(price, [of_day], budget.amount)
            values = {"amount": budget.amount, "spent": of_day, "price": price}
            _, is_new = PacedDay.objects.get_or_create(budget=budget, day=first, defaults=values)
            n += is_new
            first += timedelta(days=1)
    return n


def _pace(budget: GoodwillBudget, now: datetime) -> Pace:
    today = timezone.localdate(now)
    first, start = _open_since(budget)
    spent = _spent_by_day(budget, first)
    over = [first + timedelta(days=n) for n in range(max(0, (today - first).days))]
    start = price_after(start, [spent.get(day, Decimal(0)) for day in over], budget.amount)
    planned = (budget.amount * _usual_share(budget.currency, now)).quantize(Decimal("0.01"))
    of_today = spent.get(today, Decimal(0))
    return Pace(budget, of_today, planned, price_at(start, of_today, planned, budget.amount))


def _open_since(budget: GoodwillBudget) -> tuple[date, float]:
    """Return the first day that is not kept yet, and the price at its beginning."""
    last = PacedDay.objects.filter(budget=budget).order_by("day").last()
    return (budget.since, 0.0) if last is None else (last.day + timedelta(days=1), last.price)


def _spent_by_day(budget: GoodwillBudget, first: date) -> Mapping[date, Decimal]:
    rows = _given(
        budget.currency, timezone.make_aware(datetime.combine(first, datetime.min.time()))
    )
    by_day = rows.annotate(day=TruncDate("at")).values_list("day").order_by()
    return dict(by_day.annotate(sum=Sum(F("amount") - F("owed"))))


def _usual_share(currency: str, now: datetime) -> Decimal:
    """Return the part of a day's goodwill that is usually given until this time of day."""
    local = timezone.localtime(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = _given(currency, midnight - USUAL_WITHIN, midnight)
    if rows.count() >= USUAL_FROM:
        until = Q(time__lte=local.time())
        sums = rows.annotate(time=TruncTime("at")).aggregate(
            all=Sum(F("amount") - F("owed")), until=Sum(F("amount") - F("owed"), filter=until)
        )
        return Decimal(sums["until"] or 0) / Decimal(sums["all"])
    return Decimal((local - midnight).total_seconds()) / Decimal(86_400)


def _given(currency: str, since: datetime, until: datetime | None = None) -> QuerySet[Action]:
    """Return what was given in a time; what was taken back counts, as it does for limits."""
    rows = (
        Action.objects.filter(
            Q(decided_at__gte=since) | Q(approved_at__gte=since),
            state__in=[ActionState.TAKEN, ActionState.REVERSED],
            reverses=None,
            currency=currency,
            amount__gt=F("owed"),
        )
        .annotate(at=Coalesce("approved_at", "decided_at"))
        .filter(at__gte=since)
    )
    return rows if until is None else rows.filter(at__lt=until)
