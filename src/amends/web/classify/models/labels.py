"""Classifiers and what people say of their labels."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models


class ClassifierVersion(models.Model):
    """One trained classifier, with its parameters."""

    version = models.CharField(max_length=120, unique=True)
    taxonomy = models.CharField(max_length=120)
    trained_at = models.DateTimeField()
    n_labelled = models.PositiveIntegerField()
    report = models.JSONField()
    """`ClassifierReport`, as JSON."""
    parameters = models.BinaryField()
    """The classifier itself, as `flows.learning` writes it; empty once many newer ones came."""
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="one_current_classifier",
            )
        ]

    def __str__(self) -> str:
        return self.version


class ClassifierChange(models.Model):
    """That a classifier took another's place, and why: never changed, only added."""

    version = models.ForeignKey(ClassifierVersion, models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """None: it learnt by itself."""
    because = models.CharField(max_length=300)

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.version} since {self.at:%Y-%m-%d %H:%M}: {self.because}"


class Verdict(models.TextChoices):
    """What a person made of a label."""

    ACCEPTED = "accepted", "Accepted"
    OTHER = "other", "Another cause"
    NOTHING = "nothing", "No failure"
    NEW = "new", "No cause fits"


@pghistory.track()
class Review(models.Model):
    """What one person says a signal tells of."""

    signal_id = models.UUIDField()
    suggested = models.CharField(max_length=160, blank=True)
    """The cause that was likeliest, as the person saw it; empty: none was shown."""
    confidence = models.FloatField(null=True)
    model_version = models.CharField(max_length=120, blank=True)
    was_unsure = models.BooleanField(default=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    cause = models.CharField(max_length=160, blank=True)
    """The right one; empty where no failure is told or no cause fits."""
    also = models.JSONField(default=list)
    """Further causes that the same text tells."""
    note = models.CharField(max_length=200, blank=True)
    """What a new cause would be called."""
    is_second = models.BooleanField(default=False)
    """A second opinion, given without knowing the first: it tells how far people agree."""
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()
    learnt_by = models.CharField(max_length=120, blank=True)
    """The version of the classifier that learnt from it; empty: none yet."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["signal_id"], name="review_signal"),
            models.Index(fields=["reviewed_at"], name="review_at"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["signal_id", "reviewer"], name="one_review_per_person_and_signal"
            )
        ]

    def __str__(self) -> str:
        return f"{self.signal_id.hex}: {self.cause or self.get_verdict_display()}"


class ConfirmedCause(models.Model):
    """The cause that a person gave to a signal: it holds whatever a classifier says."""

    signal_id = models.UUIDField(primary_key=True)
    cause = models.CharField(max_length=160, blank=True)
    """Empty: it tells of no failure."""
    confirmed_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    """When lake and rollups were told; null: not yet."""
    is_withdrawn = models.BooleanField(default=False)
    """It was taken back: the classifier is to label the signal again, then this row goes."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["signal_id"],
                name="confirmed_to_apply",
                condition=models.Q(applied_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.signal_id.hex}: {self.cause or 'no failure'}"
