"""Breakdowns, what people judged of them, and the levels that they accepted."""

from collections.abc import Collection
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.contracts import SILENCE, Slice
from amends.web.detect.models.series import Series

OPEN_STATES = ("suspected", "confirmed", "recovering")
SEVERITIES = [(s, s.title()) for s in ("low", "medium", "high", "critical")]


class Judgement(models.TextChoices):
    """What a person made of a breakdown."""

    NONE = "", "Not judged"
    REAL = "real", "Real"
    FALSE = "false", "False alarm"
    KNOWN = "known", "Known event"


@pghistory.track()
class Breakdown(models.Model):
    """One detected service failure, and who handles it."""

    uid = models.CharField(max_length=64, unique=True)
    """`engine.contracts.Breakdown.breakdown_id`."""
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="breakdowns")
    """Where it was measured."""
    title = models.CharField(max_length=200)
    """"Checkout error up 4.6× in channel app"."""
    measure = models.CharField(max_length=40)
    cause = models.CharField(max_length=160, blank=True)
    """The cause that holds at least half of the excess."""
    slices = models.JSONField(default=list)
    """Best explanation first, at most three: {terms: {dim: value}, actual, expected, share}."""
    causes = models.JSONField(default=list)
    """{cause, n, share} by part of the excess."""
    also = models.JSONField(default=list)
    """Other measures in which it shows."""
    stands_for = models.PositiveIntegerField(default=0)
    """Other series that alarmed at once and are told with it: a storm."""
    state = models.CharField(max_length=12)
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    severity_reasons = models.JSONField(default=list)
    onset_at = models.DateTimeField()
    onset_earliest_at = models.DateTimeField()
    onset_latest_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    observed = models.FloatField()
    expected = models.FloatField()
    expected_low = models.FloatField()
    expected_high = models.FloatField()
    ratio = models.FloatField()
    ratio_low = models.FloatField()
    ratio_high = models.FloatField()
    score = models.FloatField()
    false_alarm_every_days = models.FloatField()
    customers = models.PositiveIntegerField(null=True, blank=True)
    value_at_risk = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    judgement = models.CharField(
        max_length=10, choices=Judgement.choices, default=Judgement.NONE, blank=True
    )
    judged_because = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-detected_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it goes on, as far as is known."""
        return self.state != "over"

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to, as access asks for it."""
        return () if self.team_id is None else (self.team_id,)

    @property
    def is_silence(self) -> bool:
        """Whether a source fell silent: there are no signals to look at."""
        return self.measure == SILENCE.name

    @property
    def where(self) -> Slice:
        """Where it lies."""
        return Slice.of(self.slices[0]["terms"]) if self.slices else Slice()


@pghistory.track()
class AcceptedLevel(models.Model):
    """A person's word that what a series shows since some day is its new normal."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="levels")
    breakdown = models.ForeignKey(Breakdown, on_delete=models.CASCADE, related_name="levels")
    """Of which it was said."""
    since = models.DateTimeField()
    """The first day of the level."""
    told_at = models.DateTimeField()
    because = models.TextField()
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.series} since {self.since:%Y-%m-%d}"
