"""What was planned: releases, campaigns, survey waves, staffing."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.contracts import Slice
from amends.web.detect.models.series import slice_of


class EventKind(models.TextChoices):
    """What sort of change was planned."""

    CAMPAIGN = "campaign", "Campaign"
    WAVE = "wave", "Survey wave"
    RELEASE = "release", "Release"
    STAFFING = "staffing", "Staffing"


@pghistory.track()
class PlannedEvent(models.Model):
    """Something that was done on purpose and may show: known ahead, or noted down afterwards."""

    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    """Null: it has no end, as a release."""
    slice = models.TextField(default="[]")
    """Where it happens, as `slice_text` writes it; no terms: everywhere."""
    source = models.CharField(max_length=80, blank=True)
    """The source whose token told of it; empty: a person did."""
    external_id = models.CharField(max_length=200, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    told_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-starts_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=~models.Q(external_id=""),
                name="one_event_per_external_id",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def where(self) -> Slice:
        """Where it happens."""
        return slice_of(self.slice)
