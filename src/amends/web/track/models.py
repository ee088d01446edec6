"""Outcomes: what happened after a case was resolved; and what the actions effected."""

from typing import ClassVar, Final

from django.core.validators import MaxValueValidator
from django.db import models

from amends.web.cases.models import CLOSED, Case

WINDOW_DAYS: Final = 14
LONGEST_WINDOW_DAYS: Final = 90


class Outcome(models.Model):
    """What is known of a case's aftermath; what nobody said or what is not over yet is null."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="outcome")
    window_days = models.PositiveSmallIntegerField(
        default=WINDOW_DAYS, validators=[MaxValueValidator(LONGEST_WINDOW_DAYS)]
    )
    satisfaction = models.PositiveSmallIntegerField(null=True, blank=True)
    """With the recovery, 1–5."""
    nps = models.PositiveSmallIntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_signal_id = models.UUIDField(null=True, blank=True)
    """The survey that says so: the first one answered."""
    recontacted_at = models.DateTimeField(null=True, blank=True)
    """The first new contact about the same family of causes within the window."""
    recontact_signal_id = models.UUIDField(null=True, blank=True)
    churned = models.BooleanField(null=True)
    repurchased = models.BooleanField(null=True)
    value = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    """Margin kept less the cost of the action."""
    window_closed_at = models.DateTimeField(null=True, blank=True)
    window_signal_id = models.UUIDField(null=True, blank=True)
    """What says whether the customer stayed: the latest one."""
    settled_as = models.CharField(
        max_length=20, blank=True, choices=[(s.value, s.label) for s in CLOSED]
    )
    """The end that amends itself gave the case; empty when it gave none."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["answered_at"], name="outcome_answered_at")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.satisfaction} of 5, NPS {self.nps}"


class Scope(models.TextChoices):
    """Whose effect is estimated."""

    ALL = "all", "All cases"
    TIER_SEVERITY = "tier_severity", "Tier and severity"
    SEGMENT = "segment", "Segment"


class EffectEstimate(models.Model):
    """What recommending one action did against another, in one cohort, on one outcome."""

    scope = models.CharField(max_length=20, choices=Scope.choices)
    cohort = models.CharField(max_length=160, blank=True)
    action = models.CharField(max_length=20)
    reference = models.CharField(max_length=20)
    result = models.CharField(max_length=20)
    """The outcome that is compared: a name of `track.effects.RESULTS`."""
    estimate = models.JSONField()
    """`track.effects.Told` as JSON: the effect, its checks and why it is refused."""
    computed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["scope", "cohort", "action", "result"], name="one_estimate_per_question"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} against {self.reference} on {self.result}, {self.cohort or 'all'}"
