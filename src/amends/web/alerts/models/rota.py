"""Rotas: who is on call when, and whom an alert climbs to while nobody answers."""

from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

import pghistory
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from amends.engine.detect import Override, QuietHours, WeeklyRota


def check_zone(name: str) -> None:
    """Refuse what is no time zone."""
    if name not in available_timezones():
        raise ValidationError(f"{name!r} is no time zone. Write a name such as Europe/Berlin.")


@pghistory.track()
class Rota(models.Model):
    """A weekly rota with its steps; of one team, or of everything that has none."""

    name = models.CharField(max_length=80, unique=True)
    team = models.OneToOneField(
        "accounts.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="rota"
    )
    time_zone = models.CharField(max_length=60, validators=[check_zone])
    starts_on = models.DateField()
    """The first handover."""
    handover_at = models.TimeField()
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    """Between them only what is critical is sent; null: at any time."""
    rounds = models.PositiveSmallIntegerField(default=2)
    """How often all steps are gone through."""

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(team=None), name="rota_of_the_rest_once"
            ),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~models.Q(quiet_from=models.F("quiet_until")),
                name="rota_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone whose wall clock holds."""
        return ZoneInfo(self.time_zone)

    @property
    def quiet(self) -> QuietHours | None:
        """Return the hours in which nobody is disturbed."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return QuietHours(self.quiet_from, self.quiet_until, self.zone)

    def as_known(self) -> tuple[WeeklyRota, list[Override]]:
        """Return whose turn it is as the engine knows it; people who may not log in have none."""
        people = self.people.filter(person__is_active=True)
        overrides = self.overrides.filter(person__is_active=True)
        return (
            WeeklyRota(
                tuple(p.person_id for p in people), self.starts_on, self.handover_at, self.zone
            ),
            [Override(o.person_id, o.starts_at, o.ends_at) for o in overrides],
        )


@pghistory.track()
class RotaPerson(models.Model):
    """Somebody's place in a rota."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="people")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="rota_places"
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rota", "person"], name="rota_person_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.rota}"


@pghistory.track()
class RotaOverride(models.Model):
    """Somebody who stands in for a while."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="overrides")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    because = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="rota_override_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} for {self.rota}"


class StepKind(models.TextChoices):
    """Whom a step tells."""

    OWNER = "owner", "The owner"
    ON_CALL = "on_call", "Who is on call"
    NEXT = "next", "Who is on call next"
    LEADS = "leads", "The team's leads"
    PERSON = "person", "A person"


@pghistory.track()
class Step(models.Model):
    """One step of the escalation, and how long it is given."""

    rota = models.ForeignKey(Rota, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=StepKind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    wait_minutes = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rota", "position"], name="step_once_a_place"),
            models.CheckConstraint(
                condition=models.Q(kind=StepKind.PERSON) ^ models.Q(person__isnull=True),
                name="step_names_a_person_when_it_tells_one",
            ),
            models.CheckConstraint(
                condition=models.Q(wait_minutes__gte=1), name="step_waits_a_minute_at_least"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person or self.get_kind_display())
