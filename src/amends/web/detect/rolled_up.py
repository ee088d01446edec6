"""How rollups are read: some series over consecutive days, as what the watch judges."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from amends.engine.contracts import MEASURES, Bucket, Floats, SeriesBatch
from amends.web.detect.models import Series

Ints = NDArray[np.int64]

_DAY = np.timedelta64(1, "D")
_COPIED: Final = np.dtype(
    [
        ("fields", ">i2"),
        *((f"{name}{part}", kind) for name, kinds in (
            ("id", (">i4", ">i8")), ("day", (">i4", ">i4")),
            ("value", (">i4", ">f8")), ("exposure", (">i4", ">f8")),
        ) for part, kind in zip(("_length", ""), kinds, strict=True)),
    ]
)  # fmt: skip
"""A row of PostgreSQL's binary COPY format: each field behind its length."""
_HEAD, _TAIL = 19, 2
"""Bytes before the first row and after the last."""


def read(series: Sequence[Series], since: datetime, until: datetime) -> list[SeriesBatch]:
    """Return the rollups of some series as one batch per measure.

    Days run from the day of `since` to that of `until`, whose elapsed share is told. Before the
    first row of the measure's exposure nothing is known.
    """
    batches = []
    first = np.datetime64(since.astimezone(UTC).date(), "D")
    last = np.datetime64(until.astimezone(UTC).date(), "D")
    starts = np.arange(first, last + _DAY)
    for measure, group in groupby(
        sorted(series, key=lambda s: (s.measure, s.pk)), key=lambda s: s.measure
    ):
        members = list(group)
        ids = np.array([m.pk for m in members], dtype=np.int64)
        owners = np.array([m.exposure_of_id or 0 for m in members], dtype=np.int64)
        value, exposure = read_days(measure, ids, owners, starts)
        batches.append(
            SeriesBatch(
                keys=tuple(m.key for m in members),
                bucket=Bucket.DAY,
                starts=starts.astype("datetime64[us]"),
                value=value,
                exposure=exposure,
                elapsed=elapsed_of(until),
            )
        )
    return batches


def elapsed_of(now: datetime) -> float:
    """Return the share of its UTC day that has passed, in (0, 1]."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(max((now - midnight) / timedelta(days=1), 1e-6), 1.0)


def read_days(
    measure: str, ids: Ints, owners: Ints, starts: NDArray[np.datetime64]
) -> tuple[Floats, Floats]:
    """Return value and exposure of series of one measure on consecutive days, each (N, T).

    `owners` are the series that hold their exposure, 0 for themselves.
    """
    rows = np.unique(np.concatenate([ids, owners[owners > 0]]))
    value, exposure = _read(rows, starts)
    own = value[np.searchsorted(rows, ids)]
    if MEASURES[measure].per == "day":
        return own, np.ones_like(own)
    exposed = exposure[np.searchsorted(rows, np.where(owners > 0, owners, ids))]
    return np.where(exposed > 0, own, np.nan), exposed


def first_day() -> datetime | None:
    """Return the first day that any rollup holds; those of everything hold the first."""
    with connection.cursor() as cursor:
        for slices in (["[]"], None):
            cursor.execute(
                "SELECT min(first.at) FROM detect_series s CROSS JOIN LATERAL (SELECT starts_at AS"
                " at FROM detect_rollup WHERE series_id = s.id ORDER BY starts_at LIMIT 1) AS first"
                " WHERE %(slices)s::text[] IS NULL OR s.slice = ANY(%(slices)s)",
                {"slices": slices},
            )
            row = cursor.fetchone()
            if row and row[0] is not None:
                first: datetime = row[0]
                return first
    return None


def _read(ids: Ints, starts: NDArray[np.datetime64]) -> tuple[Floats, Floats]:
    """Return the cells of series (ascending ids); what has no row is 0."""
    value = np.zeros((len(ids), len(starts)))
    exposure = np.zeros_like(value)
    if not len(ids) or not len(starts):
        return value, exposure
    first = starts[0].astype("datetime64[D]").astype(datetime)
    wanted = "{" + ",".join(map(str, ids.tolist())) + "}"
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY (SELECT series_id, (starts_at AT TIME ZONE 'UTC')::date - %s::date, value,"
            " exposure FROM detect_rollup WHERE series_id = ANY(%s::bigint[])"
            " AND starts_at >= %s AND starts_at < %s) TO STDOUT (FORMAT binary)",
            [first, wanted, _instant(starts[0]), _instant(starts[-1] + _DAY)],
        ) as copied,
    ):
        found = b"".join(copied)
    cells = np.frombuffer(found[_HEAD:-_TAIL], dtype=_COPIED)
    rows, days = np.searchsorted(ids, cells["id"]), cells["day"]
    value[rows, days] = cells["value"]
    exposure[rows, days] = cells["exposure"]
    return value, exposure


def _instant(day: np.datetime64) -> datetime:
    at: datetime = day.astype("datetime64[us]").astype(datetime)
    return at.replace(tzinfo=UTC)
