"""Saved views of the queue, and what a person did to many cases at once."""

from datetime import timedelta
from typing import ClassVar, Final

import pghistory
from django.conf import settings
from django.db import models

UNDO_FOR: Final = timedelta(minutes=10)
"""How long what was done to many cases can be taken back."""


@pghistory.track()
class SavedView(models.Model):
    """Conditions on cases under a name: of one person, or shared with everybody."""

    name = models.CharField(max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="case_views"
    )
    is_shared = models.BooleanField(default=False)
    """Whether everybody can choose it; whoever does sees only the cases within reach."""
    groups = models.JSONField(default=list)
    """Lists of {field, op, value}: a case fits that fulfils all of at least one list."""

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("owner", "name", name="case_view_name")
        ]

    def __str__(self) -> str:
        return self.name


class Bulk(models.TextChoices):
    """What can be done to many cases at once."""

    ASSIGN = "assign", "assigned"
    ACKNOWLEDGE = "acknowledge", "acknowledged"
    NOTE = "note", "noted"


class Batch(models.Model):
    """What a person did to many cases at once, with what is needed to take it back."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    did = models.CharField(max_length=12, choices=Bulk.choices)
    title = models.CharField(max_length=200)
    """`3 cases acknowledged`."""
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "-at"], name="batch_of_person")
        ]

    def __str__(self) -> str:
        return self.title


class BatchItem(models.Model):
    """One case of a batch as it was before, and the entry that the batch wrote."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    entry = models.OneToOneField("cases.Entry", on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    """Of the case after it was done: a case that changed since stays as it is."""
    owner_before = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    was_acknowledged = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.batch}: {self.entry}"
