"""Errands: what another system of the company is told, under one key for ever, until it answers."""

import uuid
from typing import ClassVar

from django.db import models


class Counterpart(models.Model):
    """A system of the company that amends tells something; there is at most one of a kind."""

    address = models.URLField(max_length=300)
    secret = models.BinaryField()
    """With which requests are signed (Standard Webhooks), sealed."""
    is_on = models.BooleanField(default=True)
    """Off: what was made waits, and nothing new is made for it."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.address


class ErrandState(models.TextChoices):
    """Where an errand is."""

    WAITING = "waiting", "Waits to be sent"
    SENDING = "sending", "On its way"
    RECEIVED = "received", "Received"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Errand(models.Model):
    """One thing to be told; the other side counts a key once, however often it is sent."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=ErrandState.choices, default=ErrandState.WAITING
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    """How the other side calls it: the receipt."""
    answer = models.CharField(max_length=300, blank=True)
    """What it said last."""

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["pk"]

    @property
    def is_open(self) -> bool:
        """Whether it still has to go out, or to be answered."""
        return self.state in {ErrandState.WAITING, ErrandState.SENDING}


class ErrandTry(models.Model):
    """One try to send an errand; it is written down before anything is sent."""

    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    """Null: its worker ended, and nobody knows whether it arrived."""
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status of the answer; null: there was none."""
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"try {self.number}: {self.status or 'no answer'}"
