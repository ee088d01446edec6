"""Ledgers of sources, written down in a line each."""

from datetime import datetime, timedelta

import numpy as np

from amends.web.intake.models import Arrival, Source, Way


def arrived(
    source: str, at: datetime, *, rows: int = 1, way: Way = Way.API, **counts: int
) -> Arrival:
    """Write down one line of the ledger: all rows accepted, but those of `counts`."""
    told = {"duplicates": 0, "superseded": 0, "quarantined": 0, "superseding": 0, **counts}
    accepted = rows - told["duplicates"] - told["superseded"] - told["quarantined"]
    line = Arrival.objects.create(
        source=source, way=way, received_at=at, rows=rows, accepted=accepted, **told
    )
    Source.objects.filter(name=source).update(last_seen_at=at)
    return line


def usual_weeks(
    source: str,
    until: datetime,
    *,
    per_hour: float,
    days: int = 21,
    since: datetime | None = None,
    opens: int = 0,
    closes: int = 24,
    rows: int = 1,
    seed: int = 1,
) -> None:
    """Let a source deliver in its rhythm: on working days only, where it closes at all."""
    rng = np.random.default_rng(seed)
    start = (since or until - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    lines = []
    for hour in range(int((until - start) / timedelta(hours=1)) + 1):
        at = start + timedelta(hours=hour)
        is_open = opens <= at.hour < closes and (closes - opens == 24 or at.weekday() < 5)
        minutes = rng.uniform(0, 60, rng.poisson(per_hour) if is_open else 0)
        lines += [at + timedelta(minutes=float(minute)) for minute in minutes]
    came = sorted(at for at in lines if (since or start) < at <= until)
    Arrival.objects.bulk_create(
        Arrival(
            source=source, way=Way.API, received_at=at, rows=rows, accepted=rows, superseding=0,
            duplicates=0, superseded=0, quarantined=0,
        )
        for at in came
    )  # fmt: skip
    if came:
        Source.objects.filter(name=source).update(last_seen_at=came[-1])
