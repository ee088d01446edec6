"""Series under watch: their rollups, where the watch stands, and how it ran."""

import json
from typing import ClassVar

from django.db import models

from amends.engine.contracts import SeriesKey, Slice


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
    planned = models.CharField(max_length=16, blank=True)
    """Mark of the planned events that it rests on."""
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
