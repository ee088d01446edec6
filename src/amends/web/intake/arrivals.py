"""The ledger by source and hour, and what a source's own history lets expect of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from amends.engine.contracts import Floats
from amends.engine.detect import Rhythm, Silence, SilenceConfig, judge_silence, learn_rhythm
from amends.web.intake.models import Source, Way

HISTORY: Final = timedelta(weeks=8)
"""From which is learnt what is usual."""
LEAST_HISTORY: Final = timedelta(days=14)
HOUR: Final = timedelta(hours=1)
FALSE_ALARMS_PER_YEAR: Final = 1.0
"""The budget of false silences for all sources together."""
BRIEF: Final = timedelta(minutes=15)
"""Nobody who was seen within this time is silent: their history need not be read."""
LIVING: Final = (Way.API, Way.WEBHOOK, Way.PULL, Way.WORLD)
"""Ways that go on by themselves; files come when somebody brings them."""


@dataclass(frozen=True, slots=True)
class Hours:
    """What one source delivered, hour by hour; all arrays of shape (T,).

    Parameters
    ----------
    first
        Start of the first hour, UTC.
    rows, accepted, duplicates, quarantined
        By hour; the last one runs still.

    """

    first: datetime
    rows: Floats
    accepted: Floats
    duplicates: Floats
    quarantined: Floats
    last_at: datetime

    def rhythm(self, until: datetime) -> Rhythm | None:
        """Return how many rows it usually brings; None as long as it is known for too short."""
        came = np.flatnonzero(self.rows)
        whole = int((until - self.first) / HOUR)
        if not len(came) or whole <= came[0]:
            return None
        begun = self.first + int(came[0]) * HOUR
        if until - begun < LEAST_HISTORY:
            return None
        zone = timezone.get_current_timezone()
        return learn_rhythm(begun, self.rows[came[0] : whole], zone)


def hours_of(now: datetime, names: Collection[str] | None = None) -> dict[str, Hours]:
    """Return the last weeks of every source, or of some, that was seen in them: one query."""
    first = (now - HISTORY).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    n = int((now - first) / HOUR) + 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, floor(extract(epoch FROM received_at - %s) / 3600)::int, sum(rows),"
            " sum(accepted), sum(duplicates), sum(quarantined), max(received_at)"
            " FROM intake_arrival WHERE received_at >= %s AND received_at <= %s AND way <> %s"
            " AND (%s::text[] IS NULL OR source = ANY(%s)) GROUP BY 1, 2",
            [first, first, now, Way.MENDED, *[None if names is None else list(names)] * 2],
        )
        found = cursor.fetchall()
    tables: dict[str, Floats] = {}
    last: dict[str, datetime] = {}
    for name, hour, *counts, last_at in found:
        table = tables.setdefault(name, np.zeros((4, n)))
        table[:, hour] = counts
        last[name] = max(last.get(name, last_at), last_at)
    return {
        name: Hours(first, table[0], table[1], table[2], table[3], last[name])
        for name, table in tables.items()
    }


def silences(now: datetime, sources: Collection[Source]) -> Mapping[str, Silence]:
    """Return the pause that each living source makes now; paused ones and files make none.

    The history is read only of those that were not seen just now: two queries.
    """
    living = {s.name: s for s in sources if s.way in LIVING and not s.is_paused}
    quiet = [
        name
        for name, source in living.items()
        if source.last_seen_at is not None
        and now - source.last_seen_at >= min(BRIEF, _told(source) or BRIEF)
    ]
    config = SilenceConfig(FALSE_ALARMS_PER_YEAR / max(len(living), 1))
    found = {}
    for name, times in _times(now, quiet).items():
        zone = timezone.get_current_timezone()
        pause = judge_silence(times, now, zone, config, silent_after=_told(living[name]))
        if pause is not None:
            found[name] = pause
    return found


def _told(source: Source) -> timedelta | None:
    minutes = source.silent_after_minutes
    return timedelta(minutes=minutes) if minutes else None


def _times(now: datetime, names: Collection[str]) -> dict[str, NDArray[np.datetime64]]:
    """Return when each of some sources delivered, no closer than five minutes, and last."""
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT known.source, array_agg(known.at) FROM (SELECT names.source, (SELECT"
            " max(received_at) FROM intake_arrival AS a WHERE a.source = names.source AND"
            " way <> %s AND received_at <= %s) AS last_at FROM unnest(%s::text[]) AS"
            " names(source)) AS seen, LATERAL (SELECT seen.source, max(received_at) AS at FROM"
            " intake_arrival AS a WHERE a.source = seen.source AND way <> %s AND rows > 0"
            " AND received_at > seen.last_at - %s::interval AND received_at <= seen.last_at"
            " GROUP BY floor(extract(epoch FROM received_at) / 300)) AS known"
            " GROUP BY known.source",
            [Way.MENDED, now, list(names), Way.MENDED, f"{HISTORY.days} days"],
        )
        found = cursor.fetchall()
    return {
        name: np.array(
            [at.astimezone(UTC).replace(tzinfo=None) for at in times], dtype="datetime64[us]"
        )
        for name, times in found
    }
