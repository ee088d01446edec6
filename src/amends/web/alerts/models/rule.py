"""Rules beside statistics: what people want to be told of, whatever is usual."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.contracts import Family, SeriesKey, Slice, measure_named
from amends.engine.detect import Threshold
from amends.flows.report import words
from amends.web.detect.models import SEVERITIES


class RuleKind(models.TextChoices):
    """What a rule looks at."""

    THRESHOLD = "threshold", "A measure passes a threshold"
    SLA = "sla", "Cases are overdue"
    SURVEYS = "surveys", "Negative surveys in a time"
    SIGNAL = "signal", "A single grave signal"


class Direction(models.TextChoices):
    """On which side of the threshold it fires."""

    ABOVE = "above", "Above"
    BELOW = "below", "Below"


@pghistory.track()
class Rule(models.Model):
    """One rule; every edit is a version of its own in the audit."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=RuleKind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    severity = models.CharField(max_length=10, choices=SEVERITIES, default="high")
    """Of its alerts."""
    measure = models.CharField(max_length=40, blank=True)
    direction = models.CharField(max_length=5, choices=Direction.choices, default=Direction.ABOVE)
    level = models.FloatField(default=0)
    window_days = models.PositiveSmallIntegerField(default=1)
    minimum_count = models.PositiveIntegerField(default=1)
    """Answers, transactions or cases below which nothing is said."""
    n = models.PositiveSmallIntegerField(default=3)
    within_hours = models.PositiveIntegerField(default=48)
    subject = models.CharField(max_length=20, default="customer")
    """Whose signals are counted together: "customer", a dimension, or "" for all."""
    least_severity = models.CharField(max_length=10, choices=SEVERITIES, default="critical")
    """Of a single signal."""
    where = models.JSONField(default=dict, blank=True)
    """Dimension → value: the slice it looks at."""
    cause = models.CharField(max_length=160, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snoozed_because = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    is_on = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    """Grows with every edit: one of an older version is refused."""
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to, as access asks for it."""
        return () if self.team_id is None else (self.team_id,)

    def is_active(self, at: datetime) -> bool:
        """Whether it looks: switched on, neither snoozed nor expired."""
        is_over = self.expires_at is not None and self.expires_at <= at
        is_snoozed = self.snoozed_until is not None and self.snoozed_until > at
        return self.is_on and not is_over and not is_snoozed

    @property
    def within(self) -> timedelta:
        """Return the time in which signals count together."""
        return timedelta(hours=self.within_hours)

    @property
    def within_label(self) -> str:
        """Return that time in words: `14 days`, `36 hours`."""
        days, rest = divmod(self.within_hours, 24)
        return (
            words.count(days, "day")
            if days and not rest
            else words.count(self.within_hours, "hour")
        )

    @property
    def key(self) -> SeriesKey:
        """Return the series that a threshold is held against."""
        terms = dict(self.where)
        if self.cause:
            terms["cause"] = self.cause
        return SeriesKey(self.measure, Slice.of(terms))

    @property
    def threshold(self) -> Threshold:
        """Return the threshold as the engine knows it."""
        if self.kind == RuleKind.SLA:
            return Threshold(self.minimum_count - 0.5)
        measure = measure_named(self.measure)
        is_mean = measure.family is Family.MEAN or measure.per != "day"
        return Threshold(
            self.level,
            is_above=self.direction == Direction.ABOVE,
            window_days=self.window_days,
            minimum_count=self.minimum_count,
            is_mean=is_mean,
        )


class RuleHit(models.Model):
    """A signal that counts for a rule, written as it lands."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="hits")
    signal_id = models.UUIDField()
    subject = models.CharField(max_length=64, blank=True)
    """A keyed digest of the customer, or the dimension's value."""
    at = models.DateTimeField()
    is_spent = models.BooleanField(default=False)
    """Whether it made the rule fire already: it counts once."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["rule", "signal_id"], name="rule_hit_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["rule", "subject", "at"], name="rule_hits_of_subject"),
            models.Index(fields=["signal_id"], name="rule_hit_of_signal"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.signal_id}"
