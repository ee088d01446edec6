"""Topics: what is told and has no name yet. The words themselves stay in the lake."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models


class TopicState(models.TextChoices):
    """What people made of a topic."""

    OPEN = "open", "Open"
    CAUSE = "cause", "Became a cause"
    DISMISSED = "dismissed", "Dismissed"


# What every search finds anew is left out: a person changed nothing.
@pghistory.track(
    exclude=["phrases", "suggested", "suggested_by", "typical", "n", "weeks", "last_found_at"]
)
class Topic(models.Model):
    """A cluster of verbatims that keeps its number from search to search."""

    phrases = models.JSONField(default=list)
    """What its texts say more often than others do, the most telling first."""
    suggested = models.CharField(max_length=80, blank=True)
    """The name that a language model gave it; empty where there is none."""
    suggested_by = models.CharField(max_length=120, blank=True)
    """Which model."""
    typical = models.UUIDField(null=True)
    """The signal whose words lie nearest to its middle."""
    n = models.PositiveIntegerField(default=0)
    weeks = models.JSONField(default=list)
    """How many of its signals occurred in each of the last weeks, the oldest first."""
    first_found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    """Of the newest search that found it; older than the newest of all: it is not there now."""
    state = models.CharField(max_length=10, choices=TopicState.choices, default=TopicState.OPEN)
    because = models.CharField(max_length=300, blank=True)
    """Why it was dismissed."""
    cause = models.CharField(max_length=160, blank=True)
    """The path of the cause that it became."""
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-n", "pk"]

    def __str__(self) -> str:
        return self.suggested or " · ".join(self.phrases) or f"Topic {self.pk}"


class TopicMember(models.Model):
    """That a signal lies in a topic, since the newest search."""

    signal_id = models.UUIDField(primary_key=True)
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="members")
    nearness = models.FloatField()
    """Cosine to the topic's middle: what lies nearest is the most typical."""

    def __str__(self) -> str:
        return f"{self.signal_id.hex} in topic {self.topic_id}"


class TopicSearch(models.Model):
    """One search for topics."""

    made_at = models.DateTimeField()
    seconds = models.FloatField()
    n_texts = models.PositiveIntegerField()
    n_placed = models.PositiveIntegerField()
    """Those that lie in a topic."""
    how = models.CharField(max_length=10)
    """By "meaning" (sentence embeddings), or by "words" where there are none."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.n_texts} texts at {self.made_at:%Y-%m-%d %H:%M}"


class ModelCall(models.Model):
    """One question to the language model: what the budget counts, and the cache."""

    digest = models.CharField(max_length=64)
    """SHA-256 of model and question; the question itself, which holds words of customers, is not
    kept."""
    model = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=80, blank=True)
    """Empty: there was none that could be used."""
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["digest"], name="model_call_digest"),
            models.Index(fields=["asked_at"], name="model_call_at"),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.asked_at:%Y-%m-%d %H:%M}: {self.answer or self.problem}"
