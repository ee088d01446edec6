"""What people do about a breakdown, one verb each: permission, rule and change in one transaction.

The audit entry is written by triggers in the same transaction, with the actor from the request.
"""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import access, require
from amends.web.accounts.models import Membership, User
from amends.web.accounts.permissions import Verb
from amends.web.detect.models import Breakdown, Budget, Judgement
from amends.web.detect.queries import handlers
from amends.web.detect.recalibrating import recalibrate
from amends.web.detect.watching import TOPIC
from amends.web.ui.live import publish

__all__ = ["TOPIC", "acknowledge", "assign", "judge", "set_budget"]

LEAST_REASON: Final = 3
"""Characters that a reason has at least."""
MOST_PER_YEAR: Final = 260.0
"""The largest budget: five false alarms a week."""


@transaction.atomic
def acknowledge(actor: User, breakdown: Breakdown) -> Breakdown:
    """Say that somebody has seen it; the first one counts."""
    b = _handled(actor, breakdown)
    if b.acknowledged_at is None:
        b.acknowledged_at = timezone.now()
        _save(b, "acknowledged_at")
    return b


@transaction.atomic
def assign(actor: User, breakdown: Breakdown, owner: User | None) -> Breakdown:
    """Make somebody its owner, or nobody; who takes it has seen it.

    Raises
    ------
    ValidationError
        That person's roles do not let them handle breakdowns.
    """
    b = _handled(actor, breakdown)
    if owner is not None and not handlers().filter(pk=owner.pk).exists():
        raise ValidationError(f"{owner} may not handle breakdowns. Choose somebody else.")
    b.owner = owner
    if owner is not None and b.team_id is None:
        b.team_id = Membership.objects.filter(user=owner).values_list("team", flat=True).first()
    if owner == actor and b.acknowledged_at is None:
        b.acknowledged_at = timezone.now()
    _save(b, "owner", "team", "acknowledged_at")
    return b


@transaction.atomic
def judge(actor: User, breakdown: Breakdown, judgement: str, because: str = "") -> Breakdown:
    """Say what it was in truth: real, a false alarm, a known event; or take that back with "".

    One click will do; a reason helps others. What is judged moves its measure's part of the budget.

    Raises
    ------
    ValidationError
        There is no such judgement.
    """
    b = _handled(actor, breakdown)
    if judgement not in Judgement.values:
        raise ValidationError(f"There is no judgement {judgement!r}.")
    b.judgement, b.judged_because = judgement, because.strip() if judgement else ""
    if b.acknowledged_at is None:
        b.acknowledged_at = timezone.now()
    _save(b, "judgement", "judged_because", "acknowledged_at")
    if not b.is_silence:
        recalibrate(b.measure, timezone.now())
    return b


@transaction.atomic
def set_budget(actor: User, per_year: float, because: str) -> Budget:
    """State how many false alarms a year can be borne; the watch keeps to it from its next run.

    Raises
    ------
    ValidationError
        The budget cannot be kept, or has no reason.
    """
    require(actor, Verb.DETECTOR_TUNE)
    because = because.strip()
    if not 0 <= per_year <= MOST_PER_YEAR:
        raise ValidationError(
            f"{per_year:g} is no budget: it is 0 to {MOST_PER_YEAR:g} false alarms a year."
        )
    if len(because) < LEAST_REASON:
        raise ValidationError("Say why in a few words: everybody's alarms depend on it.")
    return Budget.objects.create(per_year=per_year, because=because, set_by=actor)


def _handled(actor: User, breakdown: Breakdown) -> Breakdown:
    b = Breakdown.objects.select_for_update().get(pk=breakdown.pk)
    access(actor, b, see=Verb.BREAKDOWN_READ, do=Verb.BREAKDOWN_HANDLE)
    return b


def _save(b: Breakdown, *fields: str) -> None:
    b.save(update_fields=[*fields, "updated_at"])
    publish(TOPIC)
