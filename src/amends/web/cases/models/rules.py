"""Which signals open a case, which are out of scope, what is the same matter: as people say."""

from decimal import Decimal
from typing import ClassVar

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from amends.engine.contracts import Kind
from amends.web.detect.models import SEVERITIES


class Effect(models.TextChoices):
    """What a rule does with the signals it picks."""

    OPENS = "opens", "Opens a case"
    EXCLUDES = "excludes", "Out of scope"


class Ground(models.TextChoices):
    """Why something is not ours to make right."""

    FORCE_MAJEURE = "force_majeure", "Force majeure"
    MISUSE = "misuse", "Misuse"
    NOT_OURS = "not_ours", "Not our service"
    OTHER = "other", "Another ground"


class Score(models.TextChoices):
    """What a survey asked for."""

    NPS = "nps", "NPS (0–10)"
    CSAT = "csat", "CSAT (1–5)"
    CES = "ces", "CES (1–7)"


KINDS = [
    (kind.value, kind.value.replace("_", " ").capitalize())
    for kind in Kind
    if kind is not Kind.TRANSACTION
]
"""What a rule may look at. A transaction is no contact: it never opens a case."""


@pghistory.track()
class CaseRule(models.Model):
    """One rule: it picks a signal of which everything holds that is set; the first one counts."""

    name = models.CharField(max_length=120, unique=True)
    """What a case says of why it opened."""
    effect = models.CharField(max_length=10, choices=Effect.choices, default=Effect.OPENS)
    ground = models.CharField(max_length=20, choices=Ground.choices, blank=True)
    reason = models.CharField(max_length=400, blank=True)
    """Of an exclusion: written into every case that it keeps out."""
    position = models.PositiveSmallIntegerField(default=100)
    """Of several that hold the lowest names the case."""
    kinds = models.JSONField(default=list, blank=True)
    """Of `KINDS`; empty: any."""
    is_failure = models.BooleanField(default=True)
    """Whether a signal must tell of a failure (`flows.enriching`): no routine contact counts."""
    is_escalated = models.BooleanField(default=False)
    least_severity = models.CharField(max_length=10, choices=SEVERITIES, blank=True)
    sentiment_at_most = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-1), MaxValueValidator(1)]
    )
    score = models.CharField(max_length=4, choices=Score.choices, blank=True)
    score_at_most = models.PositiveSmallIntegerField(null=True, blank=True)
    least_loss = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    """In the signal's own currency."""
    late_after_hours = models.PositiveIntegerField(null=True, blank=True)
    """The contact took longer, or is still open after so long: a deadline elsewhere was broken."""
    least_reach = models.PositiveIntegerField(null=True, blank=True)
    """People who may have read it (`rules.REACH`)."""
    in_breakdown = models.BooleanField(default=False)
    """Whether the signal lies in the slice and time of a breakdown."""
    where = models.JSONField(default=dict, blank=True)
    """Dimension → value."""
    cause = models.CharField(max_length=160, blank=True)
    """A path: itself and everything below it."""
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    """Signals of that time only: a storm, a strike."""
    is_on = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    """Grows with every edit: one of an older version is refused."""
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def excludes(self) -> bool:
        """Whether what it picks is out of scope."""
        return self.effect == Effect.EXCLUDES


@pghistory.track()
class Merging(models.Model):
    """The one row that says when two signals of a customer are the same matter."""

    same_matter_days = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    """A signal of the same customer and cause joins a case that opened less long ago."""
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(models.Value(1), name="one_merging")
        ]

    def __str__(self) -> str:
        return f"the same matter within {self.same_matter_days} days"
