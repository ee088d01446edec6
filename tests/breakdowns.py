"""Breakdowns with their series and rollups, written down in a line each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from amends.engine.contracts import Slice
from amends.web.detect.models import Breakdown, Rollup, Series, slice_text

USUAL_PER_DAY = 10
BROKEN_PER_DAY = 40


def make_series(
    where: dict[str, str] | None = None, *, days: int = 150, broken_days: int = 0
) -> Series:
    """Write down a series of complaints: the usual number a day, more on the last days."""
    series, _ = Series.objects.get_or_create(
        measure="complaints", slice=slice_text(Slice.of(where or {}))
    )
    today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    Rollup.objects.bulk_create(
        Rollup(
            series=series,
            starts_at=today - timedelta(days=ago),
            value=(BROKEN_PER_DAY if ago < broken_days else USUAL_PER_DAY) + ago % 3,
            exposure=1,
        )
        for ago in range(days)
    )
    return series


def make_breakdown(where: dict[str, str] | None = None, **changes: Any) -> Breakdown:
    """Write down a breakdown that began five days ago and goes on."""
    now: datetime = timezone.now()
    terms = {"region": "north"} if where is None else where
    series, _ = Series.objects.get_or_create(
        measure="complaints", slice=slice_text(Slice.of(terms))
    )
    given: dict[str, Any] = {
        "uid": uuid4().hex,
        "series": series,
        "title": "“Late parcel” complaints 4.0 times the usual",
        "measure": "complaints",
        "cause": "delivery/late",
        "slices": [{"terms": terms, "actual": 200.0, "expected": 50.0, "share": 0.92}],
        "causes": [{"cause": "delivery/late", "n": 180, "share": 0.8}],
        "state": "confirmed",
        "severity": "high",
        "severity_reasons": ["many customers"],
        "onset_at": now - timedelta(days=5),
        "onset_earliest_at": now - timedelta(days=7),
        "onset_latest_at": now - timedelta(days=4),
        "detected_at": now - timedelta(days=3),
        "observed": 200.0,
        "expected": 50.0,
        "expected_low": 41.0,
        "expected_high": 60.0,
        "ratio": 4.0,
        "ratio_low": 3.2,
        "ratio_high": 4.9,
        "score": 12.0,
        "false_alarm_every_days": 3650.0,
        "customers": 150,
        "value_at_risk": "1200.00",
        "currency": "EUR",
    }
    return Breakdown.objects.create(**(given | changes))
