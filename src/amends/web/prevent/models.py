"""Fixes: changes upstream with a hypothesis, a date, a control and a verdict."""

from collections.abc import Collection
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models


class FixState(models.TextChoices):
    """Where a fix is; the last three are verdicts of its verification."""

    PROPOSED = "proposed", "Proposed"
    TOO_EARLY = "too_early", "Too early to tell"
    VERIFIED = "verified", "Verified"
    REFUTED = "refuted", "Refuted"


@pghistory.track()
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
    """`engine.contracts.Verification` as JSON."""
    verified_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name_plural = "fixes"
        ordering: ClassVar[list[str]] = ["-proposed_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to, as access asks for it."""
        return () if self.team_id is None else (self.team_id,)
