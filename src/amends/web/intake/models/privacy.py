"""How long data are kept, and the proof of what was erased."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from amends.engine.contracts import Kind


class KeptKind(models.TextChoices):
    """What has a retention of its own: every kind of signal, and rows in quarantine."""

    COMPLAINT = Kind.COMPLAINT.value, "Complaints"
    SURVEY = Kind.SURVEY.value, "Survey answers"
    TICKET = Kind.TICKET.value, "Tickets"
    NOTE = Kind.NOTE.value, "Agent notes"
    ESCALATION = Kind.ESCALATION.value, "Escalations"
    QA_AUDIT = Kind.QA_AUDIT.value, "QA audits"
    SOCIAL = Kind.SOCIAL.value, "Social mentions"
    TRANSACTION = Kind.TRANSACTION.value, "Transactions"
    QUARANTINE = "quarantine", "Rows in quarantine"


@pghistory.track()
class Retention(models.Model):
    """How long one kind of data is kept; without a row it is kept for good."""

    kind = models.CharField(max_length=20, unique=True, choices=KeptKind.choices)
    keep_days = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering: ClassVar[list[str]] = ["kind"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.keep_days} days"


class ErasureState(models.TextChoices):
    """How far an erasure is."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Not finished"


@pghistory.track()
class Erasure(models.Model):
    """Data removed for good: who asked, what was removed, and what a search found afterwards."""

    kind = models.CharField(max_length=20, blank=True, choices=KeptKind.choices)
    """What ran out of its retention; empty when a customer was erased."""
    customer_digest = models.CharField(max_length=64, blank=True)
    """Keyed SHA-256 of the customer's id: whoever knows the id can find the entry, nobody else."""
    until = models.DateTimeField(null=True, blank=True)
    """Of a retention: what is older was removed."""
    because = models.CharField(max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Null: the command line, or the clock."""
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=ErasureState.choices, default=ErasureState.RUNNING
    )
    removed = models.JSONField(default=dict)
    """Where → how many were removed."""
    left = models.JSONField(default=dict)
    """Where it was looked afterwards → how many were found."""
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-began_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.because} ({self.began_at:%Y-%m-%d})"

    @property
    def is_proven(self) -> bool:
        """Whether it is done and a search found nothing."""
        return self.state == ErasureState.DONE and not any(self.left.values())
