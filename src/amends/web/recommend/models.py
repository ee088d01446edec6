"""What the recommender has learnt, versions of policy tables, daily budgets of goodwill."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone


class Learned(models.Model):
    """A state of learning; the newest one is in force."""

    state = models.BinaryField()
    """As `engine.recommend.dump_state` writes it."""
    version = models.CharField(max_length=120)
    n = models.PositiveIntegerField()
    """Cases learnt from."""
    learnt_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "learned"
        get_latest_by = "id"
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.version} ({self.n} cases)"


@pghistory.track()
class PolicyVersion(models.Model):
    """A version of one policy table: drafted by one person, reviewed and published by another."""

    table = models.CharField(max_length=80)
    text = models.TextField()
    """YAML, as `engine.recommend.parse_table` reads it."""
    reason = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    published_at = models.DateTimeField(null=True, blank=True)
    """Null: a draft. What is published is never changed."""

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "table", name="one_draft_of_a_table", condition=models.Q(published_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} by {self.author}"


@pghistory.track()
class GoodwillBudget(models.Model):
    """How much goodwill is planned for a day in one currency; what is owed is not part of it."""

    currency = models.CharField(max_length=3, unique=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.TextField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    since = models.DateField()
    """The first day that is paced."""

    class Meta:
        ordering: ClassVar[list[str]] = ["currency"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="budget_is_positive")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} a day"


class PacedDay(models.Model):
    """A day that is over: what was spent of its budget, and the shadow price at its end."""

    budget = models.ForeignKey(GoodwillBudget, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    """The budget of that day."""
    spent = models.DecimalField(max_digits=12, decimal_places=2)
    price = models.FloatField()

    class Meta:
        ordering: ClassVar[list[str]] = ["day"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("budget", "day", name="paced_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.spent} of {self.amount}"
