"""How sources fare: seen when, rate against the usual, lag, errors, and in a word how they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from amends.engine.contracts import Interval
from amends.engine.detect import Silence
from amends.engine.stats.intervals import wilson
from amends.store import reads
from amends.web.intake.arrivals import HOUR, Hours, hours_of, silences
from amends.web.intake.lake import lake
from amends.web.intake.models import Arrival, QuarantinedRow, Source, Way
from amends.web.intake.quarantine import with_reason
from amends.web.ui.kept import Kept
from amends.web.ui.parts import Tone

DAYS: Final = 14
"""Of the sparkline and the chart."""
LATELY: Final = timedelta(hours=24)
ERRORS_OVER: Final = timedelta(days=7)
TOO_MANY_ERRORS: Final = 0.05
"""Share of rows that cannot be read from which a source fails, when that is sure."""
LATE_FROM: Final = 0.01
"""A pause as long as one in a hundred."""
LATEST: Final = 20
STATES: Final[Mapping[str, tuple[str, Tone]]] = {
    "well": ("Well", "good"),
    "late": ("Late", "medium"),
    "silent": ("Silent", "critical"),
    "failing": ("Failing", "high"),
    "paused": ("Paused", ""),
    "new": ("Not known yet", ""),
    "at_rest": ("By hand", ""),
}


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds, and of how many."""

    median: float
    p95: float
    n: int


@dataclass(frozen=True, slots=True)
class Share:
    """A part of all rows, with its interval."""

    part: int
    n: int
    interval: Interval

    @property
    def value(self) -> float:
        """Return the share itself."""
        return self.part / self.n


@dataclass(frozen=True, slots=True)
class Usual:
    """What the hour just over brought, and what its own history lets expect."""

    rows: float
    expected: float
    around: Interval


@dataclass(frozen=True, slots=True)
class Health:
    """One source."""

    source: Source
    """Not saved where its name stands in the ledger only."""
    state: str
    last_at: datetime | None
    usual: Usual | None
    """None while too little is known."""
    silence: Silence | None
    errors: Share | None
    """Of the last seven days."""
    duplicates: Share | None
    visible: Lag | None
    """From received to visible, of the last 24 hours."""
    received: Lag | None
    """From occurred to received, of the last seven days."""
    by_day: tuple[float, ...]
    hours: Hours | None

    @property
    def label(self) -> str:
        """Return its state in a word."""
        return STATES[self.state][0]

    @property
    def tone(self) -> Tone:
        """Return the tone of its state."""
        return STATES[self.state][1]


received_lags: Final = Kept[dict[str, Lag]](young_seconds=120, old_seconds=3600)


def health(now: datetime) -> list[Health]:
    """Return how every source fares, those in trouble first: a fixed number of queries."""
    sources = {source.name: source for source in Source.objects.all()}
    hours = hours_of(now)
    for name in hours.keys() - sources.keys():
        sources[name] = Source(name=name, title=name, way=_way_of(name))
    told = _told(now, sources, hours)
    order = ["silent", "failing", "late", "well", "new", "paused", "at_rest"]
    return sorted(told, key=lambda h: (order.index(h.state), h.source.title.lower()))


def health_of(name: str, now: datetime) -> Health | None:
    """Return how one source fares; None when nobody ever heard of it."""
    source = Source.objects.filter(name=name).first()
    hours = hours_of(now, [name])
    if source is None:
        if not Arrival.objects.filter(source=name).exists():
            return None
        source = Source(name=name, title=name, way=_way_of(name))
    return _told(now, {name: source}, hours)[0]


def arrivals_of(name: str) -> QuerySet[Arrival]:
    """Return the latest lines of the ledger of a source."""
    return Arrival.objects.filter(source=name).order_by("-received_at", "-pk")[:LATEST]


def reasons_of(name: str, now: datetime) -> list[tuple[str, str, int]]:
    """Return (field, reason, rows) of what could not be read in seven days, most first."""
    bad = QuarantinedRow.objects.filter(source=name, received_at__gte=now - ERRORS_OVER)
    counted = with_reason(bad).values_list("field", "bare_reason").annotate(n=Count("pk"))
    return list(counted.order_by("-n", "field")[:10])


def _way_of(name: str) -> str:
    lines = Arrival.objects.filter(source=name).exclude(way=Way.MENDED).order_by("-received_at")
    return lines.values_list("way", flat=True).first() or Way.MENDED


def _told(now: datetime, sources: Mapping[str, Source], hours: Mapping[str, Hours]) -> list[Health]:
    pauses = silences(now, list(sources.values()))
    fresh = _last_hour(now)
    visible = _visible_lags(now)
    received = received_lags.get(lake().address, lambda: _received_lags(now)) or {}
    found = []
    for name, source in sources.items():
        known = hours.get(name)
        rhythm = known.rhythm(now) if known else None
        usual = None
        if rhythm is not None:
            expected = rhythm.expected(now - HOUR, now)
            usual = Usual(fresh.get(name, 0.0), expected, rhythm.range_of(expected))
        lately = slice(-int(ERRORS_OVER / HOUR), None)
        errors = _share(known.quarantined[lately], known.rows[lately]) if known else None
        state = _state(source, pauses.get(name), known, known is not None and rhythm is not None)
        found.append(
            Health(
                source=source,
                state=state,
                last_at=known.last_at if known else source.last_seen_at,
                usual=usual,
                silence=pauses.get(name),
                errors=errors,
                duplicates=_share(known.duplicates[lately], known.rows[lately]) if known else None,
                visible=visible.get(name),
                received=received.get(name),
                by_day=_by_day(known, now),
                hours=known,
            )
        )
    return found


def _state(source: Source, pause: Silence | None, hours: Hours | None, is_known: bool) -> str:
    if source.is_paused:
        return "paused"
    if pause is not None and pause.is_silent:
        return "silent"
    if hours is not None:
        day = slice(-int(LATELY / HOUR), None)
        errors = _share(hours.quarantined[day], hours.rows[day])
        if errors is not None and errors.interval.low >= TOO_MANY_ERRORS:
            return "failing"
    if source.way in {Way.FILE, Way.MENDED} or source.pk is None:
        return "at_rest"
    if pause is not None and pause.chance < LATE_FROM:
        return "late"
    return "well" if is_known else "new"


def _share(part: np.ndarray, rows: np.ndarray) -> Share | None:
    n, some = int(rows.sum()), int(part.sum())
    return Share(some, n, wilson(some, n)) if n else None


def _by_day(hours: Hours | None, now: datetime) -> tuple[float, ...]:
    """Return the rows of the last days of 24 hours each, the last one up to now."""
    if hours is None:
        return (0.0,) * DAYS
    end = int((now - hours.first) / HOUR) + 1
    return tuple(
        float(hours.rows[max(end - 24 * (day + 1), 0) : end - 24 * day].sum())
        for day in reversed(range(DAYS))
    )


def _last_hour(now: datetime) -> dict[str, float]:
    lines = Arrival.objects.filter(received_at__gt=now - HOUR, received_at__lte=now)
    counted = lines.filter(~Q(way=Way.MENDED)).values_list("source").annotate(n=Sum("rows"))
    return {name: float(n) for name, n in counted}


def _visible_lags(now: datetime) -> dict[str, Lag]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY"
            " extract(epoch FROM done_at - received_at)), count(*) FROM intake_delivery"
            " WHERE received_at > %s AND done_at IS NOT NULL GROUP BY source",
            [now - LATELY],
        )
        return {name: Lag(float(q[0]), float(q[1]), n) for name, q, n in cursor.fetchall()}


def _received_lags(now: datetime) -> dict[str, Lag]:
    since = timezone.localtime(now) - ERRORS_OVER
    found = lake().fetch(reads.lags(reads.within(lake().signals(), since, None))).to_pylist()
    return {row["source"]: Lag(row["median"], row["p95"], row["n"]) for row in found}
