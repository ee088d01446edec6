"""The chain of audit entries. PostgreSQL writes it (`sql.py`); nothing here is saved by Django.

An entry itself is a row of a history table, made by the triggers of django-pghistory. A link says
which entry, who, when, and the SHA-256 of its content; it bears the hash of the link before.
"""

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.fields.json import KeyTransform


class Operation(models.TextChoices):
    """What happened to a row of a history table."""

    BASELINE = "BASELINE", "stood there before the chain began"
    INSERT = "INSERT", "was written"
    UPDATE = "UPDATE", "was overwritten"
    DELETE = "DELETE", "was taken out"


REWRITING: Final = (Operation.UPDATE, Operation.DELETE)
"""Operations that only an erasure is allowed."""


class Chained(models.Model):
    """What a link says of an entry."""

    relation = models.CharField(max_length=63)
    """Name of the history table."""
    entry = models.BigIntegerField()
    """`pgh_id` there."""
    operation = models.CharField(max_length=8, choices=Operation.choices)
    object = models.TextField()
    """Primary key of what was changed."""
    verb = models.TextField()
    """insert, update or delete: what became of that object."""
    at = models.DateTimeField()
    context = models.JSONField(null=True)
    """Who (`user`) and where (`url`, `source`), as it was when the entry was written."""
    columns = ArrayField(models.TextField())
    """Names of the columns that the digest covers: later ones are not part of it."""
    digest = models.CharField(max_length=64)
    """SHA-256 (hex) of the entry as jsonb text."""

    class Meta:
        abstract = True


class Loose(Chained):
    """An entry that was committed and is not in the chain yet."""

    id = models.BigAutoField(primary_key=True)

    class Meta:
        verbose_name_plural = "loose"
        ordering: ClassVar[list[str]] = ["id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("relation", "entry", name="loose_by_entry")
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.entry}"


class Link(Chained):
    """One link of the chain."""

    number = models.BigIntegerField(primary_key=True)
    """1, 2, 3 … without gaps."""
    previous = models.CharField(max_length=64)
    """Hash of the link before; 64 zeros in the first."""
    hash = models.CharField(max_length=64)
    """SHA-256 (hex) over all the other fields; see `sql.HASH`."""

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("relation", "entry", "number", name="link_by_entry"),
            models.Index("relation", "object", "number", name="link_by_object"),
            models.Index("at", name="link_by_time"),
            models.Index(KeyTransform("user", "context"), "number", name="link_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"
