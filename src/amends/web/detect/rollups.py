"""Rollups: what every batch of signals adds to the series, and how they are read.

Adding is exact: totals of parts add up to those of the whole, and a batch is added in the same
transaction that marks its landing as done. Whoever writes does so alone (`exclusively`): rows that
all batches touch would have them wait for each other anyway, and so nobody waits in a circle.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from numpy.typing import NDArray

from amends.engine.contracts import (
    MEASURES,
    SILENCE,
    UNSURE,
    Kind,
    SeriesKey,
)
from amends.engine.detect import LAG
from amends.engine.signals import Adder, exposed_slices
from amends.web.detect.models import Series, slice_text
from amends.web.intake.bulk import copy_in
from amends.web.intake.sequences import next_ids

Ints = NDArray[np.int64]

LANDING_LOCK = 7_204_001
"""Advisory lock: one at a time writes what follows from signals, or fills new series."""
_DAY = np.timedelta64(1, "D")
BEFORE_ALL: Final = date(1970, 1, 1)
"""From when a new series changed."""
SETTLED_AFTER: Final = timedelta(days=LAG)
"""Age from which a late exposure is a correction."""


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
    _mark(cells, now)


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
        Series.objects.filter(pk__in=[s.pk for s in made]).update(
            changed_at=now, changed_from=BEFORE_ALL
        )
    return [known[key] for key in wanted]


def countable(signals: pa.Table) -> pa.Table:
    """Return the signals that may tell of a failure, transactions included.

    A ticket that tells of no known failure is a routine contact: more of those are no breakdown.
    """
    is_unsure = pc.fill_null(pc.equal(signals["cause"], UNSURE), False)
    is_routine = pc.and_(pc.equal(signals["kind"], Kind.TICKET.value), is_unsure)
    return signals.filter(pc.invert(is_routine))


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


def _mark(cells: pa.Table, now: datetime) -> None:
    """Note which series the watch has to look at, and from which day on they changed.

    A new value is looked at at once. An exposure counts when its day is read anyway; only late ones
    are marked.
    """
    settled = pa.scalar(now - SETTLED_AFTER, cells["starts_at"].type)
    is_late = pc.and_(pc.not_equal(cells["exposure"], 0.0), pc.less(cells["starts_at"], settled))
    marked = cells.filter(pc.or_(pc.not_equal(cells["value"], 0.0), is_late))
    if not len(marked):
        return
    firsts = marked.group_by("series_id").aggregate([("starts_at", "min")])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE detect_series AS s SET changed_at = %s,"
            " changed_from = least(s.changed_from, (new.at AT TIME ZONE 'UTC')::date)"
            " FROM (SELECT unnest(%s::bigint[]) AS id, unnest(%s::timestamptz[]) AS at) AS new"
            " WHERE s.id = new.id",
            [now, firsts["series_id"].to_pylist(), firsts["starts_at_min"].to_pylist()],
        )
