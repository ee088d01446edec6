"""What people do about rotas: who is on call, who stands in, whom an alert climbs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts import soon
from amends.web.alerts.models import WAITING, Alert, Rota, RotaOverride, RotaPerson, Step, StepKind
from amends.web.alerts.queries import handlers
from amends.web.alerts.raising import TOPIC
from amends.web.ui.live import publish


@dataclass(frozen=True, slots=True)
class Rung:
    """A step as somebody enters it."""

    kind: str
    wait_minutes: int
    person: User | None = None


@transaction.atomic
def save_rota(
    actor: User,
    rota: Rota | None,
    fields: Mapping[str, Any],
    people: Sequence[User],
    steps: Sequence[Rung],
) -> Rota:
    """Make or change a rota with its people and steps, in their order.

    Raises
    ------
    ValidationError
        Nobody is in it, somebody is twice or may not be told, or it has no step.
    """
    require(actor, Verb.ROTA_EDIT)
    mine = (
        Rota()
        if rota is None
        else Rota.objects.select_for_update(no_key=True, of=("self",)).get(pk=rota.pk)
    )
    for name, value in fields.items():
        setattr(mine, name, value)
    _check(mine, people, steps)
    mine.full_clean()
    mine.save()
    if [p.person_id for p in mine.people.all()] != [p.pk for p in people]:
        mine.people.all().delete()
        RotaPerson.objects.bulk_create(
            RotaPerson(rota=mine, person=person, position=n) for n, person in enumerate(people)
        )
    told = [(s.kind, s.wait_minutes, s.person_id) for s in mine.steps.all()]
    if told != [(s.kind, s.wait_minutes, s.person.pk if s.person else None) for s in steps]:
        mine.steps.all().delete()
        Step.objects.bulk_create(
            Step(rota=mine, position=n, kind=s.kind, person=s.person, wait_minutes=s.wait_minutes)
            for n, s in enumerate(steps)
        )
    waiting = Alert.objects.filter(state__in=WAITING, part_of=None)
    waiting.update(next_at=timezone.now())  # there may be somebody to tell now
    soon.deliver()
    publish(TOPIC)
    return mine


@transaction.atomic
def stand_in(
    actor: User, rota: Rota, person: User, starts_at: datetime, ends_at: datetime, because: str
) -> RotaOverride:
    """Have somebody stand in for a while; of several that overlap the last one counts.

    Raises
    ------
    ValidationError
        The time ends before it begins, or is over.
    """
    require(actor, Verb.ROTA_EDIT)
    if ends_at <= starts_at:
        raise ValidationError("It ends before it begins.")
    if ends_at <= timezone.now():
        raise ValidationError("That time is over.")
    _may_be_told([person])
    made = RotaOverride.objects.create(
        rota=rota, person=person, starts_at=starts_at, ends_at=ends_at, because=because.strip()
    )
    publish(TOPIC)
    return made


@transaction.atomic
def end_override(actor: User, override: RotaOverride) -> None:
    """Take an override back; the rota holds again."""
    require(actor, Verb.ROTA_EDIT)
    override.delete()
    publish(TOPIC)


def _check(rota: Rota, people: Sequence[User], steps: Sequence[Rung]) -> None:
    if not people:
        raise ValidationError({"people": "Somebody has to be on call."})
    if len({p.pk for p in people}) < len(people):
        raise ValidationError({"people": "Somebody is in it twice."})
    _may_be_told([*people, *(s.person for s in steps if s.person)])
    if not steps:
        raise ValidationError({"steps": "Without a step nobody is told."})
    if any((s.kind == StepKind.PERSON) != (s.person is not None) for s in steps):
        raise ValidationError({"steps": "Choose a person where a step tells one, and only there."})
    if (rota.quiet_from is None) != (rota.quiet_until is None):
        raise ValidationError(
            {"quiet_from": "Quiet hours have a beginning and an end, or neither."}
        )
    if rota.quiet_from is not None and rota.quiet_from == rota.quiet_until:
        raise ValidationError({"quiet_from": "They would last all day: nothing would be sent."})
    others = Rota.objects.filter(team=None).exclude(pk=rota.pk)
    if rota.team_id is None and others.exists():
        raise ValidationError(
            {"team": f"{others[0].name} is the rota of everything without a team already."}
        )


def _may_be_told(people: Sequence[User]) -> None:
    known = set(handlers().values_list("pk", flat=True))
    if strangers := [str(p) for p in people if p.pk not in known]:
        raise ValidationError(f"{strangers[0]} may not handle alerts. Choose somebody else.")
