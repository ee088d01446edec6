"""How many false alarms are borne, what that costs, and what judgements changed."""

import pghistory
from django.conf import settings
from django.db import models


@pghistory.track()
class Budget(models.Model):
    """How many false alarms people are willing to bear; the latest is in force."""

    per_year = models.FloatField()
    """False alarms a year that all series together may raise; 0: statistics call nobody."""
    because = models.TextField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    set_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.per_year:g} false alarms a year since {self.set_at:%Y-%m-%d}"


class BudgetStudy(models.Model):
    """What each of a ladder of budgets would have meant for these series; the latest counts."""

    made_at = models.DateTimeField()
    seconds = models.FloatField()
    n_series = models.PositiveIntegerField()
    """Series that were watched again."""
    n_watched = models.PositiveIntegerField()
    """Series that share the budget."""
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    points = models.JSONField(default=list)
    """`flows.budget_study.Point` by budget, as `studying.py` writes it."""

    def __str__(self) -> str:
        return f"{self.n_series} series on {self.made_at:%Y-%m-%d}"


class Recalibration(models.Model):
    """A measure's part of the budget, changed because of what people judged; the latest counts."""

    measure = models.CharField(max_length=40)
    at = models.DateTimeField(auto_now_add=True)
    factor = models.FloatField()
    """Times its equal part of the budget."""
    was = models.FloatField()
    n_judged = models.PositiveIntegerField()
    n_false = models.PositiveIntegerField()
    granted = models.FloatField()
    """False alarms that the budget granted the alarms that were judged."""

    def __str__(self) -> str:
        return f"{self.measure}: {self.was:g} → {self.factor:g}"
