"""Files that are taken in."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ImportState(models.TextChoices):
    """Where the import of a file is."""

    UPLOADED = "uploaded", "Waits for you"
    REHEARSING = "rehearsing", "Dry run"
    WAITING = "waiting", "Waits its turn"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_IMPORTS = (ImportState.REHEARSING, ImportState.WAITING, ImportState.RUNNING)
"""States in which something is being done."""


# What each batch counts on is left out: a person changed nothing.
@pghistory.track(
    exclude=[
        "reached", "share", "rows", "accepted", "superseding", "duplicates", "superseded",
        "quarantined", "arrivals", "rehearsal", "is_held", "attempts", "touched_at",
    ]
)  # fmt: skip
class Import(models.Model):
    """A file that is taken in: how it is read, how far it has come, what became of its rows."""

    source = models.CharField(max_length=120, blank=True)
    """The name of its `Source`; empty until somebody has chosen it."""
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    upload = models.CharField(max_length=40, blank=True)
    """Its name in the folder of uploads; empty when it is gone, or lies with who started this."""
    preset = models.CharField(max_length=60, default="auto")
    mapping = models.JSONField(default=dict, blank=True)
    """As in `Source`."""
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    reached = models.BigIntegerField(default=0)
    """Number of the last row that is committed: where to go on after a halt."""
    share = models.FloatField(default=0)
    """How much of the file has been read, 0 to 1."""
    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    superseding = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    arrivals = models.JSONField(default=list, blank=True)
    """Its lines in the ledger, one a batch."""
    rehearsal = models.JSONField(null=True, blank=True)
    """What the dry run found, `rehearsing.Rehearsal` as JSON; null: there was none."""
    is_held = models.BooleanField(default=False)
    """It waits for room in the inbox."""
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(db_default=Now())
    """When something was last done about it."""
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sha256", "source"], name="import_of_file"),
            models.Index(
                fields=["touched_at"],
                name="import_open",
                condition=models.Q(state__in=[state.value for state in OPEN_IMPORTS]),
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(
                    rows=models.F("accepted")
                    + models.F("duplicates")
                    + models.F("superseded")
                    + models.F("quarantined")
                ),
                name="import_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Whether something is being done about it."""
        return self.state in OPEN_IMPORTS
