"""Fixes: changes upstream with a hypothesis, a date, a control and a verdict."""

from collections.abc import Collection
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.contracts import Slice


class FixState(models.TextChoices):
    """Where a fix is; the last three are verdicts of its verification."""

    PROPOSED = "proposed", "Proposed"
    TOO_EARLY = "too_early", "Too early to tell"
    VERIFIED = "verified", "Verified"
    REFUTED = "refuted", "Refuted"


# What judging fills every night is left out: a person changed nothing.
@pghistory.track(exclude=["verification", "course", "prevented", "verified_at"])
class Fix(models.Model):
    """An upstream change meant to prevent a cause."""

    name = models.CharField(max_length=160)
    cause = models.CharField(max_length=160)
    slice = models.JSONField(default=dict, blank=True)
    """Where it works: {dim: value}; empty: everywhere."""
    hypothesis = models.TextField()
    measure = models.CharField(max_length=40, default="complaint_rate")
    proposed_at = models.DateTimeField()
    fixed_at = models.DateTimeField(null=True, blank=True)
    """When it took effect; null: not yet."""
    state = models.CharField(max_length=10, choices=FixState.choices, default=FixState.PROPOSED)
    verification = models.JSONField(null=True, blank=True)
    """`engine.contracts.Verification` as JSON, also before there is a verdict; null: not judged."""
    course = models.JSONField(null=True, blank=True)
    """`verifying.Shown` as JSON: the series around the fix; null: nothing to show."""
    prevented = models.JSONField(null=True, blank=True)
    """`costing.Prevented` as JSON; null: nothing is verified."""
    verified_at = models.DateTimeField(null=True, blank=True)
    """When it was last judged."""
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_state = models.CharField(max_length=10, choices=FixState.choices, blank=True)
    """The verdict that was confirmed: a later one is another."""
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name_plural = "fixes"
        ordering: ClassVar[list[str]] = ["-proposed_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to, as access asks for it."""
        return () if self.team_id is None else (self.team_id,)

    @property
    def where(self) -> Slice:
        """Where it works."""
        return Slice.of(self.slice)

    @property
    def is_confirmed(self) -> bool:
        """Whether a person stands by the verdict that it has now."""
        return self.confirmed_at is not None and self.confirmed_state == self.state


class CausePrices(models.Model):
    """What each cause cost over a period: the newest row is the one that is shown."""

    computed_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    prices = models.JSONField()
    """`engine.prevent.CostOfFailure` as JSON."""

    class Meta:
        verbose_name_plural = "cause prices"
        ordering: ClassVar[list[str]] = ["-computed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.days} days up to {self.computed_at:%Y-%m-%d %H:%M}"
