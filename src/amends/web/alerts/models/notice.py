"""Notices: one message to one reader; attempts: every try to bring it, with its receipt."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class NoticeKind(models.TextChoices):
    """Why somebody is written to."""

    ALERT = "alert", "Alert"
    DIGEST = "digest", "Digest"
    DRILL = "drill", "Drill"
    TEST = "test", "Test"
    WORD = "word", "Word"


class NoticeState(models.TextChoices):
    """What became of it."""

    WAITING = "waiting", "On its way"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Not delivered"
    HELD = "held", "Held for the digest"
    WITHDRAWN = "withdrawn", "No longer needed"


class Notice(models.Model):
    """One message to one reader."""

    kind = models.CharField(max_length=10, choices=NoticeKind.choices)
    alert = models.ForeignKey(
        "alerts.Alert", null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    run = models.PositiveSmallIntegerField(default=1)
    step = models.PositiveSmallIntegerField(default=0)
    """Which step of the escalation it belongs to, from 0."""
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
    )
    """Null: whoever reads the channel."""
    channel = models.ForeignKey(
        "alerts.Channel", null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    """The only one to be tried, of tests and drills; null: the reader's own, in order."""
    title = models.CharField(max_length=200, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    href = models.CharField(max_length=200, blank=True)
    """What a word says and where it leads within this installation; empty of all others."""
    state = models.CharField(
        max_length=10, choices=NoticeState.choices, default=NoticeState.WAITING
    )
    round = models.PositiveSmallIntegerField(default=1)
    """How often the list of channels has been begun."""
    gathered_in = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="gathered"
    )
    """The digest that told of it."""
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    """When the reader of a drill said that it arrived."""

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["alert", "run", "step", "person"], name="notice_once_a_step"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "created_at"], name="notice_of_reader"),
            models.Index(
                fields=["state"],
                name="notice_unsettled",
                condition=models.Q(state__in=["waiting", "held"]),
            ),
        ]

    def __str__(self) -> str:
        of = self.alert or self.channel or self.title
        return f"{self.get_kind_display()} {of} to {self.person}"


class AttemptState(models.TextChoices):
    """How a try went."""

    DUE = "due", "Waits"
    SENDING = "sending", "On its way"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    PASSED = "passed", "Passed over"


class Attempt(models.Model):
    """One try to bring a notice through one channel: the receipt."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="attempts")
    channel = models.ForeignKey("alerts.Channel", on_delete=models.CASCADE, related_name="attempts")
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=AttemptState.choices, default=AttemptState.DUE)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    """What the other side said, or why there is no answer."""

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["notice", "channel", "round"], name="attempt_once_a_round"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["channel", "due_at"],
                name="attempt_open",
                condition=models.Q(state__in=["due", "sending"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_state_display()}"
