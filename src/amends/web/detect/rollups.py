"""Rollups: what every batch of signals adds to the series, and how they are read.

Adding is exact: totals of parts add up to those of the whole, and a batch is added in the same
transaction that marks its landing as done. Whoever writes does so alone (`exclusively`): rows that
all batches touch would have them wait for each other anyway, and so nobody waits in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from numpy.typing import NDArray

from amends.engine.contracts import (
    MEASURES,
    SILENCE,
    UNSURE,
    Bucket,
    Floats,
    Kind,
    SeriesBatch,
    SeriesKey,
)
from amends.engine.signals import Adder, exposed_slices
from amends.web.detect.models import Series, slice_text
from amends.web.intake.bulk import copy_in
from amends.web.intake.sequences import next_ids

Ints = NDArray[np.int64]

LANDING_LOCK = 7_204_001
"""Advisory lock: one at a time writes what follows from signals, or fills new series."""
_DAY = np.timedelta64(1, "D")


@contextmanager
def exclusively() -> Iterator[None]:
    """Hold back whoever else writes rollups until this transaction ends."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LANDING_LOCK])
        yield


def add(signals: pa.Table, now: datetime, *, instead_of: pa.Table | None = None) -> None:
    """Add what signals say to the rollups of all series; take away what they replace.

    To be called within `exclusively`.
    """
    followed = _followed()
    changes = [_cells(followed, signals)]
    if instead_of is not None and len(instead_of):
        changes.append(_cells(followed, instead_of, sign=-1))
    cells = pa.concat_tables(changes)
    _write(cells)
    changed = pc.unique(cells.filter(pc.not_equal(cells["value"], 0.0))["series_id"])
    Series.objects.filter(pk__in=changed.to_pylist()).update(changed_at=now)


@dataclass(frozen=True, slots=True)
class _Followed:
    """All series, prepared for adding."""

    ids: Ints
    adder: Adder


def _followed() -> _Followed:
    """Return all series; they are read again when one was made or removed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), count(*), max(id) FROM detect_series")
        (database, n, last) = cursor.fetchone() or ("", 0, None)
    return _read_series(database, n, last)


@lru_cache(maxsize=1)
def _read_series(_database: str, _n: int, _last: int | None) -> _Followed:
    return _prepare(list(Series.objects.exclude(measure=SILENCE.name).order_by("pk")))


def _prepare(series: Sequence[Series]) -> _Followed:
    ids = np.array([s.pk for s in series], dtype=np.int64)
    return _Followed(
        ids, Adder([s.key for s in series], [s.exposure_of_id == s.pk for s in series])
    )


def make_series(signals: pa.Table, keys: Iterable[SeriesKey], now: datetime) -> list[Series]:
    """Make the series that are not there yet and fill them from `signals`, all there are.

    To be called within `exclusively`. Returns the series of all keys, in their order.
    """
    wanted = list(dict.fromkeys(keys))
    known = {s.key: s for s in Series.objects.filter(measure__in={k.measure for k in wanted})}
    counted = countable(signals)
    owners: dict[SeriesKey, SeriesKey] = {}
    for measure, group in _by_measure(wanted).items():
        if MEASURES[measure].per == "day":
            continue
        lies_in = exposed_slices(counted, measure, [key.slice for key in group])
        for key, where in zip(group, lies_in, strict=True):
            owners[key] = owners[SeriesKey(measure, where)] = SeriesKey(measure, where)
    new = [key for key in dict.fromkeys((*owners, *wanted)) if key not in known]
    made = [
        Series(pk=pk, measure=key.measure, slice=slice_text(key.slice))
        for pk, key in zip(next_ids(Series, len(new)), new, strict=True)
    ]
    known |= dict(zip(new, made, strict=True))
    for key in new:
        known[key].exposure_of_id = known[owners[key]].pk if key in owners else None
    Series.objects.bulk_create(made)
    if made:
        _copy(_cells(_prepare(made), signals))
        Series.objects.filter(pk__in=[s.pk for s in made]).update(changed_at=now)
    return [known[key] for key in wanted]


def countable(signals: pa.Table) -> pa.Table:
    """Return the signals that may tell of a failure, transactions included.

    A ticket that tells of no known failure is a routine contact: more of those are no breakdown.
    """
    is_unsure = pc.fill_null(pc.equal(signals["cause"], UNSURE), False)
    is_routine = pc.and_(pc.equal(signals["kind"], Kind.TICKET.value), is_unsure)
    return signals.filter(pc.invert(is_routine))


def read(series: Sequence[Series], since: datetime, until: datetime) -> list[SeriesBatch]:
    """Return the rollups of some series as one batch per measure.

    Days run from the day of `since` to that of `until`, whose elapsed share is told. Before the
    first row of the measure's exposure nothing is known.
    """
    batches = []
    first = np.datetime64(since.astimezone(UTC).date(), "D")
    last = np.datetime64(until.astimezone(UTC).date(), "D")
    starts = np.arange(first, last + _DAY)
    midnight = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    elapsed = max((until - midnight) / timedelta(days=1), 1e-6)
    for measure, group in groupby(
        sorted(series, key=lambda s: (s.measure, s.pk)), key=lambda s: s.measure
    ):
        members = list(group)
        owners = sorted({m.exposure_of_id for m in members if m.exposure_of_id})
        ids = sorted({m.pk for m in members} | set(owners))
        row_of = {pk: row for row, pk in enumerate(ids)}
        value, exposure = _read(row_of, starts)
        own = [row_of[m.pk] for m in members]
        if MEASURES[measure].per == "day":
            shown, exposed = value[own], np.ones((len(members), len(starts)))
        else:
            exposed = exposure[[row_of[m.exposure_of_id or m.pk] for m in members]]
            shown = np.where(exposed > 0, value[own], np.nan)
        batches.append(
            SeriesBatch(
                keys=tuple(m.key for m in members),
                bucket=Bucket.DAY,
                starts=starts.astype("datetime64[us]"),
                value=shown,
                exposure=exposed,
                elapsed=min(elapsed, 1.0),
            )
        )
    return batches


def first_day() -> datetime | None:
    """Return the first day that any rollup holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(starts_at) FROM detect_rollup")
        row = cursor.fetchone()
    return row[0] if row else None


def _by_measure(keys: Iterable[SeriesKey]) -> Mapping[str, list[SeriesKey]]:
    found: dict[str, list[SeriesKey]] = defaultdict(list)
    for key in keys:
        found[key.measure].append(key)
    return found


def _cells(followed: _Followed, signals: pa.Table, *, sign: int = 1) -> pa.Table:
    """Return what signals add, in the order of series and time."""
    cells = followed.adder.cells(countable(signals))
    return pa.table(
        {
            "series_id": followed.ids[cells.series],
            "starts_at": pa.array(cells.starts).cast(pa.timestamp("s", tz="UTC")),
            "value": sign * cells.value,
            "exposure": sign * cells.exposure,
        }
    )


def _copy(cells: pa.Table) -> None:
    """Write the cells of series that have none yet."""
    with connection.cursor() as cursor:
        copy_in(cursor, cells, "detect_rollup (series_id, starts_at, value, exposure)")


def _write(cells: pa.Table) -> None:
    """Add cells to the rollups."""
    if not len(cells):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS rollup_batch (series_id bigint, starts_at timestamptz,"
            " value float8, exposure float8) ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE rollup_batch")
        copy_in(cursor, cells, "rollup_batch")
        cursor.execute(
            "INSERT INTO detect_rollup AS old (series_id, starts_at, value, exposure)"
            " SELECT series_id, starts_at, sum(value), sum(exposure) FROM rollup_batch"
            " GROUP BY 1, 2 ORDER BY 1, 2"
            " ON CONFLICT (series_id, starts_at) DO UPDATE SET"
            " value = old.value + excluded.value, exposure = old.exposure + excluded.exposure"
        )


def _read(row_of: Mapping[int, int], starts: np.ndarray) -> tuple[Floats, Floats]:
    value = np.zeros((len(row_of), len(starts)))
    exposure = np.zeros_like(value)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT series_id, (starts_at AT TIME ZONE 'UTC')::date - %s::date, value, exposure"
            " FROM detect_rollup WHERE series_id = ANY(%s) AND starts_at >= %s AND starts_at < %s",
            [
                starts[0].astype(datetime),
                list(row_of),
                _instant(starts[0]),
                _instant(starts[-1] + _DAY),
            ],
        )
        found = cursor.fetchall()
    if found:
        ids, days, values, exposures = zip(*found, strict=True)
        rows = np.array([row_of[pk] for pk in ids])
        columns = np.array(days)
        value[rows, columns] = values
        exposure[rows, columns] = exposures
    return value, exposure


def _instant(day: np.datetime64) -> datetime:
    at: datetime = day.astype("datetime64[us]").astype(datetime)
    return at.replace(tzinfo=UTC)
