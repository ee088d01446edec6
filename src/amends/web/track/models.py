"""Outcomes: what happened after a case was resolved."""

from typing import ClassVar

from django.db import models

from amends.web.cases.models import Case


class Outcome(models.Model):
    """What is known of a case's aftermath; what nobody said or what is not over yet is null."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="outcome")
    window_days = models.PositiveSmallIntegerField(default=14)
    satisfaction = models.PositiveSmallIntegerField(null=True, blank=True)
    """With the recovery, 1–5."""
    nps = models.PositiveSmallIntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    recontacted_at = models.DateTimeField(null=True, blank=True)
    """The first new contact about the same cause within the window."""
    churned = models.BooleanField(null=True)
    repurchased = models.BooleanField(null=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    """Margin kept less the cost of the action."""
    window_closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["answered_at"], name="outcome_answered_at")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.satisfaction} of 5, NPS {self.nps}"
