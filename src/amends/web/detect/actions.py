"""What people do about a breakdown, one verb each: permission, rule and change in one transaction.

The audit entry is written by triggers in the same transaction, with the actor from the request.
"""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import BreakdownState
from amends.flows.watch import overlaps
from amends.web.accounts.access import access, require
from amends.web.accounts.models import Membership, User
from amends.web.accounts.permissions import Verb
from amends.web.detect.in_force import config_in_force
from amends.web.detect.models import (
    AcceptedLevel,
    Breakdown,
    Budget,
    Judgement,
    PlannedEvent,
    Series,
    slice_text,
)
from amends.web.detect.queries import handlers
from amends.web.detect.recalibrating import recalibrate
from amends.web.detect.states import going_on, put_aside
from amends.web.detect.watching import TOPIC
from amends.web.ui.live import publish

__all__ = [
    "LEAST_REASON",
    "TOPIC",
    "accept_level",
    "acknowledge",
    "assign",
    "judge",
    "note_event",
    "set_budget",
]

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
def accept_level(actor: User, breakdown: Breakdown, because: str) -> Breakdown:
    """Take what a breakdown shows since its onset for the new normal: it is over, and expected.

    Series in which the same rise goes on take the new level, too. The state of their measures is
    learnt again at the next run of the watch.

    Raises
    ------
    ValidationError
        It is over already, it is a silence, or there is no reason.
    """
    b = _handled(actor, breakdown)
    because = because.strip()
    if not b.is_open or b.is_silence:
        raise ValidationError("Only the level of a breakdown that goes on can be accepted.")
    if len(because) < LEAST_REASON:
        raise ValidationError("Say why this is normal from now on: nobody will be called for it.")
    now = timezone.now()
    for series in _rising_with(b):
        AcceptedLevel.objects.create(
            series=series,
            breakdown=b,
            since=b.onset_at,
            told_at=now,
            because=because,
            told_by=actor,
        )
        put_aside(series.measure)
    b.state, b.ended_at = BreakdownState.OVER.value, None
    if b.acknowledged_at is None:
        b.acknowledged_at = now
    _save(b, "state", "ended_at", "acknowledged_at")
    return b


@transaction.atomic
def note_event(actor: User, event: PlannedEvent) -> PlannedEvent:
    """Note down something that was done on purpose, so that breakdowns show it beside them."""
    require(actor, Verb.BREAKDOWN_HANDLE)
    event.told_by = actor
    event.save()
    return event


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


def _rising_with(b: Breakdown) -> list[Series]:
    """Return its own series, and those of its measures that overlap it and are open, too."""
    found = {b.series.pk: b.series}
    for measure in dict.fromkeys((b.measure, *b.also)):
        keys = going_on(measure, config_in_force(measure))
        slices = [slice_text(k.slice) for k in keys if overlaps(b.where.terms, k.slice.terms)]
        for series in Series.objects.filter(measure=measure, slice__in=slices):
            found[series.pk] = series
    return list(found.values())


def _handled(actor: User, breakdown: Breakdown) -> Breakdown:
    b = Breakdown.objects.select_for_update().get(pk=breakdown.pk)
    access(actor, b, see=Verb.BREAKDOWN_READ, do=Verb.BREAKDOWN_HANDLE)
    return b


def _save(b: Breakdown, *fields: str) -> None:
    b.save(update_fields=[*fields, "updated_at"])
    publish(TOPIC)
