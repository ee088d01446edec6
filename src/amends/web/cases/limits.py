"""Limits beyond the policy tables: per case and per rolling period, the lowest of all that fit.

Amounts are decimal and of one currency. Who has limits, but none in the currency of the case, gives
nothing alone there: amounts of two currencies are never compared.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from amends.web.accounts.models import User
from amends.web.cases.models import Action, ActionState, Case, Limit


class Room(NamedTuple):
    """How much goodwill is left, and which limit says so."""

    amount: Decimal
    why: str


def room_of(person: User, role: str, case: Case, now: datetime) -> Room | None:
    """Return how much a person may still give alone in a case; None: no limit fits them."""
    fitting = list(_fitting(role, case).filter(Q(person=None) | Q(person=person)))
    if not fitting:
        return None
    rows = [row for row in fitting if row.currency == case.currency]
    if not rows:
        return Room(Decimal(0), f"no limit in {case.currency}")
    return min((_room(row, person, case, now) for row in rows), key=lambda room: room.amount)


def case_room_of(role: str, case: Case) -> Decimal | None:
    """Return how much anybody of a role may still give in a case; None: no limit per case fits."""
    fitting = [row for row in _fitting(role, case).filter(person=None) if row.per_case is not None]
    if not fitting:
        return None
    amounts = [row.per_case for row in fitting if row.currency == case.currency]
    known = [amount for amount in amounts if amount is not None]
    return max(Decimal(0), min(known) - goodwill_in(case)) if known else Decimal(0)


def alone_with(person: User) -> None:
    """Have one transaction at a time count what a person has given; others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('cases.limits'), %s)", [person.pk])


def goodwill_in(case: Case) -> Decimal:
    """Return the goodwill that was given in a case."""
    return _sum(Q(case=case))


def spent(person: User, row: Limit, now: datetime) -> Decimal:
    """Return the goodwill that a person gave on their own authority in a limit's scope and period.

    What was taken back counts, too: a mistake does not renew a budget.
    """
    since = now - timedelta(days=row.days)
    alone = Q(approved_by=None, decided_by=person, decided_at__gt=since)
    approved = Q(approved_for=person, approved_at__gt=since)
    scope = Q(currency=row.currency)
    if row.branch:
        scope &= Q(case__cause=row.branch) | Q(case__cause__startswith=f"{row.branch}/")
    if row.tier:
        scope &= Q(case__tier=row.tier)
    if row.region:
        scope &= Q(case__region=row.region)
    return _sum((alone | approved) & scope, (ActionState.TAKEN, ActionState.REVERSED))


def _fitting(role: str, case: Case) -> QuerySet[Limit]:
    branches = ["", case.cause, case.cause.partition("/")[0]]
    return Limit.objects.filter(
        role__in={"", role},
        branch__in=branches,
        tier__in={"", case.tier},
        region__in={"", case.region},
    )


def _room(row: Limit, person: User, case: Case, now: datetime) -> Room:
    rooms = []
    if row.per_case is not None:
        rooms.append(Room(row.per_case - goodwill_in(case), f"{row.per_case:.2f} a case"))
    if row.per_period is not None:
        left = row.per_period - spent(person, row, now)
        rooms.append(Room(left, f"{row.per_period:.2f} in {row.days} days"))
    least = min(rooms, key=lambda room: room.amount)
    return Room(max(Decimal(0), least.amount), f"{least.why} ({row.currency})")


def _sum(which: Q, states: tuple[ActionState, ...] = (ActionState.TAKEN,)) -> Decimal:
    rows = Action.objects.filter(which, state__in=states, reverses=None)
    found = rows.aggregate(sum=Sum(F("amount") - F("owed")))["sum"]
    return found or Decimal(0)
