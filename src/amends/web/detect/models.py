"""Series under watch with their rollups, and the breakdowns found in them."""

import json
from collections.abc import Collection
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from amends.engine.contracts import SILENCE, SeriesKey, Slice, measure_named

OPEN_STATES = ("suspected", "confirmed", "recovering")
SEVERITIES = [(s, s.title()) for s in ("low", "medium", "high", "critical")]


def slice_text(where: Slice) -> str:
    """Return a slice as it is stored: JSON pairs in canonical order."""
    return json.dumps([list(term) for term in where.terms], separators=(",", ":"))


def slice_of(text: str) -> Slice:
    """Read what `slice_text` wrote."""
    return Slice.of([(dim, value) for dim, value in json.loads(text)])


class Series(models.Model):
    """One measure on one slice, rolled up and watched."""

    measure = models.CharField(max_length=40)
    slice = models.TextField()
    """As `slice_text` writes it."""
    exposure_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
    """The series in whose rollups the exposure lies; null: time itself is the exposure.

    Nobody who orders has a cause yet: all causes of a product share the product's orders."""
    changed_at = models.DateTimeField(null=True, blank=True)
    """When a signal last changed its value."""
    changed_from = models.DateField(null=True, blank=True)
    """The first day that changed since the watch last looked; null: it has seen everything."""

    class Meta:
        verbose_name_plural = "series"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["measure", "slice"], name="one_series_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.measure} on {slice_of(self.slice)}"

    @property
    def key(self) -> SeriesKey:
        """Return the key as the engine knows it."""
        return SeriesKey(self.measure, slice_of(self.slice))


class Rollup(models.Model):
    """Value and exposure of one series in one bucket (a UTC day); `rollups.py` reads and writes.

    A day without a row is 0. A series whose exposure is another's has none of its own here.
    """

    pk = models.CompositePrimaryKey("series_id", "starts_at")
    series = models.ForeignKey(Series, on_delete=models.CASCADE)
    starts_at = models.DateTimeField()
    value = models.FloatField()
    exposure = models.FloatField()

    def __str__(self) -> str:
        return f"{self.series_id} {self.starts_at:%Y-%m-%d}: {self.value:g} per {self.exposure:g}"


class WatchState(models.Model):
    """Where the watch over all series of one measure stands; `states.py` reads and writes."""

    measure = models.CharField(max_length=40, unique=True)
    first_on = models.DateField()
    """The day of bucket 0."""
    stamp = models.UUIDField()
    """Another one whenever it is written: a process knows by it whether its copy is the latest."""
    kept = models.BinaryField()
    """`engine.detect.Monitor.to_bytes`."""
    n_series = models.PositiveIntegerField()
    written_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.measure}: {self.n_series} series"


class WatchRun(models.Model):
    """One run of the watch: how much was judged, and what it found."""

    ran_at = models.DateTimeField()
    n_series = models.PositiveIntegerField()
    n_found = models.PositiveIntegerField()
    seconds = models.FloatField()

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M:%S}: {self.n_found} of {self.n_series} series"


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
    def measure_label(self) -> str:
        """What was measured, in words."""
        return measure_named(self.measure).label

    @property
    def is_silence(self) -> bool:
        """Whether a source fell silent: there are no signals to look at."""
        return self.measure == SILENCE.name

    @property
    def where(self) -> Slice:
        """Where it lies."""
        return Slice.of(self.slices[0]["terms"]) if self.slices else Slice()
