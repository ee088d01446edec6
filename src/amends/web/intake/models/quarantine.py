"""Rows that could not be read, and how they are sent again."""

import json
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .inbox import Arrival


class QuarantineState(models.TextChoices):
    """What became of a row in quarantine."""

    OPEN = "open", "In quarantine"
    MENDED = "mended", "Mended and sent again"
    DISCARDED = "discarded", "Discarded"


@pghistory.track(exclude=["raw", "edited"])
class QuarantinedRow(models.Model):
    """A row that could not be read, with its reason and itself."""

    source = models.CharField(max_length=120)
    """As in its `Arrival`."""
    arrival = models.ForeignKey(
        Arrival, models.PROTECT, null=True, blank=True, related_name="in_quarantine"
    )
    received_at = models.DateTimeField()
    row = models.PositiveIntegerField()
    """1-based data row of the file or request."""
    field = models.CharField(max_length=60, blank=True)
    reason = models.TextField()
    raw = models.TextField()
    """What was given: a JSON object of its columns, or the line that is none. Redacted."""
    edited = models.TextField(blank=True)
    """The JSON object that somebody made of it; empty: nobody did. What was given stays."""
    state = models.CharField(
        max_length=10, choices=QuarantineState.choices, default=QuarantineState.OPEN
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    closed_because = models.CharField(max_length=200, blank=True)
    became = models.ForeignKey(
        Arrival, models.PROTECT, null=True, blank=True, related_name="mended_rows"
    )
    """The line of the ledger with which it came in, once it was mended."""
    signal_id = models.UUIDField(null=True, blank=True)
    """The signal that it is since."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["received_at"], name="quarantined_received_at"),
            models.Index(fields=["state", "source"], name="quarantined_state"),
        ]

    def __str__(self) -> str:
        return f"{self.source} row {self.row}: {self.reason}"

    @property
    def record(self) -> dict[str, str] | None:
        """Its columns as they are now, as text; None: it is a line that nobody made columns of."""
        try:
            found = json.loads(self.edited or self.raw)
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        return {
            str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in found.items()
            if value is not None
        }


@pghistory.track(
    exclude=["after_row", "done", "accepted", "duplicates", "superseded", "still_bad", "reasons"]
)
class Redrive(models.Model):
    """Many rows of the quarantine that are sent again together: what was asked, what became."""

    asked_at = models.DateTimeField(db_default=Now())
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    chosen = models.JSONField(default=dict)
    """Which rows: {source, field, reason}, as the quarantine page's address has them."""
    change = models.JSONField(default=dict, blank=True)
    """{column, before, after}: what is changed in each; empty: they are sent as they are."""
    last_row = models.BigIntegerField()
    """Rows that came into quarantine later are not meant."""
    after_row = models.BigIntegerField(default=0)
    """Up to this one all are done: a worker that takes over goes on behind it."""
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    still_bad = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict, blank=True)
    """Why those that are still bad are: reason without its value → rows."""
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.total} rows of {self.chosen.get('source') or 'all sources'}"
