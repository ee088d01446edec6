"""Handoffs between teams, who was told of stalled ones, and which team is responsible for what."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.web.accounts.models import Team
from amends.web.alerts.models import Notice

from .cases import Case


class Step(models.TextChoices):
    """A step of a recovery that a team answers for."""

    INVESTIGATE = "investigate", "Find out what happened"
    REPAIR = "repair", "Put the service right"
    REMEDY = "remedy", "Give what was promised"
    TELL = "tell", "Tell the customer"


class Part(models.TextChoices):
    """What a team has to do with a step (RACI)."""

    RESPONSIBLE = "responsible", "Responsible"
    ACCOUNTABLE = "accountable", "Accountable"
    CONSULTED = "consulted", "Consulted"
    INFORMED = "informed", "Informed"


@pghistory.track()
class Responsibility(models.Model):
    """One team's part in one step of one type of case."""

    branch = models.CharField(max_length=80, blank=True)
    """First level of the cause; "" is for all others."""
    step = models.CharField(max_length=12, choices=Step.choices)
    part = models.CharField(max_length=12, choices=Part.choices)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "responsibilities"
        ordering: ClassVar[list[str]] = ["branch", "step", "part", "team"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("branch", "step", "part", "team", name="responsibility_once"),
            models.UniqueConstraint(
                "branch",
                "step",
                "part",
                name="one_team_is_responsible_and_one_accountable",
                condition=models.Q(part__in=["responsible", "accountable"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch or 'everything else'}, {self.step}: {self.team} is {self.part}"


class HandoffState(models.TextChoices):
    """Where a handoff is."""

    WAITING = "waiting", "Waits for acceptance"
    ACCEPTED = "accepted", "Accepted"
    RETURNED = "returned", "Returned"
    WITHDRAWN = "withdrawn", "Withdrawn"


@pghistory.track(exclude=["summary", "promises", "next_step", "reason"])
class Handoff(models.Model):
    """One team asks another to go on with a case; the customer never repeats the story."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="handoffs")
    from_team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="handoffs")
    step = models.CharField(max_length=12, choices=Step.choices)
    summary = models.TextField()
    promises = models.TextField()
    """What the customer was promised and does not have yet."""
    next_step = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(
        max_length=10, choices=HandoffState.choices, default=HandoffState.WAITING
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField(blank=True)
    """Why it was returned."""

    class Meta:
        ordering: ClassVar[list[str]] = ["asked_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "case", name="one_handoff_waits", condition=models.Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id} to {self.to_team}"


class Escalation(models.Model):
    """Somebody was told of a handoff that nobody accepts."""

    handoff = models.ForeignKey(Handoff, on_delete=models.CASCADE, related_name="escalations")
    level = models.CharField(max_length=10)
    """lead, manager or executive."""
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    """Null: nobody has this role for the team, so the path went on."""
    notice = models.OneToOneField(
        Notice, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """How it was brought to the person, with its receipts."""
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("handoff", "level", "person", name="escalated_once")
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id}: {self.level}"


class Reminder(models.Model):
    """Somebody was told of a case whose deadline passed and on which nobody works."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reminders")
    due_at = models.DateTimeField()
    """The deadline: after another one the path begins again."""
    level = models.CharField(max_length=10)
    """lead, manager or executive."""
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    """Null: nobody has this role for the team, so the path went on."""
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("case", "due_at", "level", "person", name="reminded_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.level}"
