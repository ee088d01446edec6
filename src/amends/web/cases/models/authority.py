"""Who may give how much beyond what policy says, who stands in for whom, links that decide."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.recommend.facts import ROLES

from .cases import Action


@pghistory.track()
class Limit(models.Model):
    """The most goodwill that somebody gives alone; of all rows that fit, the lowest counts.

    Empty means any. A row never raises what the policy tables allow, and what is owed is not
    counted.
    """

    role = models.CharField(max_length=12, blank=True, choices=[(r, r) for r in ROLES])
    """Role in policy."""
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    branch = models.CharField(max_length=160, blank=True)
    """A cause, or the first level of causes."""
    tier = models.CharField(max_length=60, blank=True)
    region = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    per_case = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    per_period = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    days = models.PositiveSmallIntegerField(default=30)
    """Length of the rolling period."""
    reason = models.TextField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["role", "person", "branch", "tier", "region", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(per_case__gte=0) | models.Q(per_period__gte=0),
                name="limit_limits_something",
            ),
            models.CheckConstraint(
                condition=models.Q(days__gte=1, days__lte=366), name="limit_has_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person or self.role or 'everybody'}: {self.per_case} / {self.per_period}"


@pghistory.track()
class StandIn(models.Model):
    """Somebody approves with another person's authority while that person is away."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stand_ins"
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stands_in_for"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-ends_at", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="stand_in_has_an_end"
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("delegate")), name="stand_in_is_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.person}"


class ApprovalLink(models.Model):
    """A link in a mail by which one person decides one action once, without logging in."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="links")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)
    """Null: it was sent, or is no longer needed."""
    n_tries = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=300, blank=True)
    """What the mail server said."""

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("action", "person", name="approval_link_once")
        ]

    def __str__(self) -> str:
        return f"{self.action_id} for {self.person_id}"
