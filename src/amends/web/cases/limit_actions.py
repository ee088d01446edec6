"""What people do to limits, budgets, and who stands in for whom: with a reason, in the trail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.authority import authority_of
from amends.web.cases.models import Limit, StandIn
from amends.web.cases.pacing import close_days
from amends.web.cases.transitions import RefusedError
from amends.web.recommend.models import GoodwillBudget

LONGEST_ABSENCE: Final = timedelta(days=60)


@transaction.atomic
def set_limit(actor: User, limit: Limit, values: Mapping[str, Any], reason: str) -> Limit:
    """Write down a limit, new or changed.

    Raises
    ------
    RefusedError
        With keys that name the fields.
    """
    require(actor, Verb.POLICY_PUBLISH)
    _require_others(actor, limit)
    if not reason.strip():
        raise RefusedError({"reason": "Say why: an auditor reads this."})
    for name, value in values.items():
        setattr(limit, name, value)
    _require_others(actor, limit)
    if limit.per_case is None and limit.per_period is None:
        raise RefusedError({"per_case": "Say how much: per case, per period, or both."})
    if limit.person is not None and limit.role:
        raise RefusedError({"role": "A limit is of a role or of a person, not of both."})
    limit.reason, limit.changed_by = reason.strip(), actor
    try:
        limit.full_clean()
    except ValidationError as error:
        raise RefusedError(error.message_dict) from error
    limit.save()
    return limit


@transaction.atomic
def remove_limit(actor: User, limit: Limit, reason: str) -> None:
    """Remove a limit: what is left, and policy, count from now on."""
    require(actor, Verb.POLICY_PUBLISH)
    _require_others(actor, limit)
    if not reason.strip():
        raise RefusedError({"reason": "Say why: an auditor reads this."})
    limit.reason, limit.changed_by = reason.strip(), actor
    limit.save()
    limit.delete()


@transaction.atomic
def set_budget(actor: User, currency: str, amount: Decimal | None, reason: str) -> None:
    """Set how much goodwill is planned for a day in a currency; None: it is paced no longer.

    Another amount keeps the shadow price: what was given above the plan is still to be saved.

    Raises
    ------
    RefusedError
        With the keys `amount`, `currency`, `reason`.
    """
    require(actor, Verb.POLICY_PUBLISH)
    if authority_of(actor):
        raise RefusedError("You give from this budget yourself: somebody else changes it.")
    if not reason.strip():
        raise RefusedError({"reason": "Say why: an auditor reads this."})
    if amount is not None and amount <= 0:
        raise RefusedError({"amount": "Give more than 0: without goodwill policy says so."})
    close_days(timezone.now())
    known = GoodwillBudget.objects.select_for_update().filter(currency=currency).first()
    budget = known or GoodwillBudget(currency=currency, since=timezone.localdate())
    budget.reason, budget.changed_by = reason.strip(), actor
    if amount is not None:
        budget.amount = amount
    try:
        budget.full_clean()
    except ValidationError as error:
        raise RefusedError(error.message_dict) from error
    budget.save()
    if amount is None:
        budget.delete()


@transaction.atomic
def stand_in(actor: User, delegate: User, ends_at: datetime) -> StandIn:
    """Have somebody who may approve do so with one's own authority until a time."""
    require(actor, Verb.ACTION_APPROVE)
    now = timezone.now()
    if delegate.pk == actor.pk or not (delegate.is_active and delegate.may(Verb.ACTION_APPROVE)):
        raise RefusedError({"delegate": "Choose somebody else who may approve."})
    if not now < ends_at <= now + LONGEST_ABSENCE:
        days = LONGEST_ABSENCE.days
        raise RefusedError({"ends_at": f"Choose a time in the next {days} days."})
    return StandIn.objects.create(person=actor, delegate=delegate, starts_at=now, ends_at=ends_at)


def come_back(actor: User, pk: int) -> None:
    """End one's own absence."""
    require(actor, Verb.ACTION_APPROVE)
    now = timezone.now()
    with transaction.atomic():
        rows = StandIn.objects.select_for_update().filter(pk=pk, person=actor, ends_at__gt=now)
        for row in rows:
            row.ends_at = now
            row.save()


def _require_others(actor: User, limit: Limit) -> None:
    """Nobody changes how much they may give themselves."""
    own = limit.person_id == actor.pk or (limit.role and limit.role == authority_of(actor))
    if own or (limit.person_id is None and not limit.role and authority_of(actor)):
        raise RefusedError("This limit is your own, too: somebody else changes it.")
