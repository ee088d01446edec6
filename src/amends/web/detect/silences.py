"""A source that falls silent is a breakdown itself: opened once, brought up to date, ended.

Its signals stay away, so no rollup tells of it: the ledger of what arrives does.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import SILENCE, BreakdownState, Severity, Slice
from amends.engine.detect import Rhythm, Silence
from amends.engine.stats.intervals import poisson_rate
from amends.flows.report import words
from amends.web.detect.keeping import STALE
from amends.web.detect.models import Breakdown, Series, slice_text
from amends.web.detect.watching import TOPIC, WATCH_LOCK
from amends.web.intake.arrivals import FALSE_ALARMS_PER_YEAR, HOUR, LIVING, hours_of, silences
from amends.web.intake.models import Arrival, Source, Way
from amends.web.intake.source_charts import source_chart
from amends.web.ui.live import publish
from amends.web.ui.parts import Chart

OVER: Final = BreakdownState.OVER.value
SHARES: Final = ((0.5, Severity.CRITICAL), (0.2, Severity.HIGH), (0.05, Severity.MEDIUM))
"""Part of all rows that a source normally brings, from which its silence is so severe."""
ONSET_WITHIN: Final = timedelta(minutes=5)
DAYS_A_YEAR: Final = 365.25


@transaction.atomic
def watch_sources(now: datetime) -> list[Breakdown]:
    """Open a breakdown for every source that fell silent, end those of sources that came back.

    Returns
    -------
    new
        One for each silence, however often it is looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WATCH_LOCK])
    sources = {source.name: source for source in Source.objects.all()}
    pauses = silences(now, list(sources.values()))
    silent = {name: pause for name, pause in pauses.items() if pause.is_silent}
    known = Breakdown.objects.filter(measure=SILENCE.name).exclude(state=OVER)
    going_on = set()
    changed = False
    for breakdown in known:
        name = breakdown.where.as_dict()["source"]
        pause = silent.get(name)
        if pause is not None and abs(pause.since - breakdown.onset_at) < ONSET_WITHIN:
            going_on.add(name)
            changed |= _update(breakdown, sources[name], pause, now)
        else:
            changed |= _end(breakdown, name, now)
    new = [
        _open(sources[name], pause, now, n_living=_n_living(sources))
        for name, pause in sorted(silent.items())
        if name not in going_on
    ]
    if new or changed:
        publish(TOPIC)
    return new


def silence_chart(breakdown: Breakdown) -> Chart | None:
    """Return what its source delivered around it."""
    name, until = breakdown.where.as_dict()["source"], breakdown.ended_at or timezone.now()
    hours = hours_of(until + timedelta(hours=1), [name]).get(name)
    return source_chart(hours, until) if hours else None


def _n_living(sources: Mapping[str, Source]) -> int:
    return sum(s.way in LIVING and not s.is_paused for s in sources.values())


def _open(source: Source, pause: Silence, now: datetime, *, n_living: int) -> Breakdown:
    where = Slice.of({"source": source.name})
    series, _ = Series.objects.get_or_create(measure=SILENCE.name, slice=slice_text(where))
    told = f"{SILENCE.name} {source.name} {pause.since.isoformat()}"
    severity, reasons = _severity(source.name, now)
    breakdown, _ = Breakdown.objects.update_or_create(
        uid=hashlib.sha256(told.encode()).hexdigest()[:32],
        defaults={
            "state": BreakdownState.CONFIRMED.value,
            "ended_at": None,
            **_evidence(source, pause, now),
        },
        create_defaults={
            "series": series,
            "title": _title(source, pause, now),
            "measure": SILENCE.name,
            "state": BreakdownState.CONFIRMED.value,
            "severity": severity.value,
            "severity_reasons": reasons,
            "onset_at": pause.since,
            "onset_earliest_at": pause.since,
            "onset_latest_at": pause.since,
            "detected_at": now,
            "false_alarm_every_days": DAYS_A_YEAR * n_living / FALSE_ALARMS_PER_YEAR,
            **_evidence(source, pause, now),
        },
    )
    return breakdown


def _update(breakdown: Breakdown, source: Source, pause: Silence, now: datetime) -> bool:
    if now - breakdown.updated_at < STALE:
        return False
    fields = _evidence(source, pause, now)
    for name, value in fields.items():
        setattr(breakdown, name, value)
    breakdown.save(update_fields=[*fields, "updated_at"])
    return True


def _end(breakdown: Breakdown, name: str, now: datetime) -> bool:
    """End it when the source came back; paused or forgotten, it ends now."""
    again = Arrival.objects.filter(source=name, rows__gt=0, received_at__lte=now)
    later = again.filter(received_at__gt=breakdown.onset_at).exclude(way=Way.MENDED)
    first = later.order_by("received_at").values_list("received_at", flat=True).first()
    breakdown.state, breakdown.ended_at = OVER, first or now
    breakdown.save(update_fields=["state", "ended_at", "updated_at"])
    return True


def _rhythm(name: str, until: datetime) -> Rhythm | None:
    known = hours_of(until, [name]).get(name)
    return known.rhythm(until) if known else None


def _title(source: Source, pause: Silence, now: datetime) -> str:
    """Return `Nothing from Zendesk since 14:05; 12 [8, 17] signals an hour are usual`."""
    local = timezone.localtime(pause.since)
    is_today = local.date() == timezone.localtime(now).date()
    since = f"{local:%H:%M}" if is_today else f"{words.day(local)}, {local:%H:%M}"
    nothing = f"Nothing from {source.title} since {since}"
    rhythm = _rhythm(source.name, pause.since)
    if rhythm is None:
        allowed = words.duration(source.silent_after_minutes)
        return f"{nothing}; {allowed} without a signal are allowed"[:200]
    per_hour = rhythm.expected(pause.since, now) / max(pause.pause / HOUR, 1.0)
    around = rhythm.range_of(per_hour)
    usual, low, high = (words.number(n, 0) for n in (per_hour, around.low, around.high))
    return f"{nothing}; {usual} [{low}, {high}] signals an hour are usual"[:200]


def _evidence(source: Source, pause: Silence, now: datetime) -> dict[str, Any]:
    rhythm = _rhythm(source.name, pause.since)
    expected = rhythm.expected(pause.since, now) if rhythm else 0.0
    around = rhythm.range_of(expected) if rhythm else None
    spread = rhythm.dispersion if rhythm else 1.0
    above = poisson_rate(0, expected, design_effect=spread).high if expected > 0 else 1.0
    return {
        "slices": [
            {"terms": {"source": source.name}, "actual": 0.0, "expected": expected, "share": 1.0}
        ],
        "observed": 0.0,
        "expected": expected,
        "expected_low": around.low if around else 0.0,
        "expected_high": around.high if around else 0.0,
        "ratio": 0.0,
        "ratio_low": 0.0,
        "ratio_high": min(above, 1.0),
        "score": pause.score,
    }


def _severity(name: str, now: datetime) -> tuple[Severity, list[str]]:
    """Return how severe its silence is: by its part of all that comes in normally."""
    brought = {one: float(hours.rows.sum()) for one, hours in hours_of(now).items()}
    share = brought.get(name, 0.0) / max(sum(brought.values()), 1.0)
    severity = next((severity for least, severity in SHARES if share >= least), Severity.LOW)
    return severity, [f"it normally brings {words.percent(share, 0)} of all signals"]
