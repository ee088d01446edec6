"""Versions of the taxonomy, and how far the history follows the one in force."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models


class TaxonomyState(models.TextChoices):
    """How far a version is."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    DISCARDED = "discarded", "Discarded"


# A preview is worked out, not decided; examples in a document may be words of customers, who can be
# erased.
@pghistory.track(exclude=["document", "preview", "previewed_at", "parameters"])
class TaxonomyVersion(models.Model):
    """A taxonomy as people changed it, and where the causes of the version before went."""

    name = models.CharField(max_length=120)
    """The name of the taxonomy: that of the starter it came from."""
    version = models.CharField(max_length=40)
    base = models.CharField(max_length=40)
    """The version that it was made of."""
    document = models.TextField()
    """The taxonomy as a file has it (YAML)."""
    went = models.JSONField(default=dict)
    """Leaves of the version before → leaves of this one."""
    changes = models.JSONField(default=list)
    """What was done, in words, the first first."""
    learns = models.BooleanField(default=False)
    """It has causes or words that the classifier has to learn; else causes only move."""
    state = models.CharField(
        max_length=10, choices=TaxonomyState.choices, default=TaxonomyState.DRAFT
    )
    is_current = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    published_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=300, blank=True)
    preview = models.JSONField(null=True)
    """What would move (`previewing.py`); null: not worked out for the draft as it is."""
    previewed_at = models.DateTimeField(null=True)
    parameters = models.BinaryField(default=bytes)
    """The classifier that learnt the draft, for its preview and its publication; else empty."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="one_current_taxonomy",
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="draft"),
                name="one_draft_of_the_taxonomy",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class HistoryRun(models.Model):
    """How far the history follows a version, from the oldest signal to the newest."""

    taxonomy = models.OneToOneField(TaxonomyVersion, models.PROTECT, related_name="run")
    total = models.PositiveBigIntegerField(default=0)
    """Signals with a cause when it began."""
    done = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    reached_at = models.DateTimeField(null=True)
    reached = models.CharField(max_length=32, blank=True)
    """Time and id of the last signal that was looked at: where to go on after a halt."""
    waiting = models.JSONField(default=list)
    """Signals that lay in an open landing: to be looked at once more in the end."""
    began_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"history of {self.taxonomy_id}: {self.done} of {self.total}"
