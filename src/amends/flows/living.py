"""Cut a play at an instant: what has been told by then, and what is still to come, bit by bit.

A world counts its business by day and slice. What is still to come is chopped into small rows at
instants of their own, by the world's seed and the day only, so that it does not matter in which
steps time goes on, nor how often the play is cut again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import SIGNAL_SCHEMA, TIMESTAMP, BadInput, Floats, Kind, signal_id
from amends.engine.worlds import Play
from amends.engine.worlds.demand import second_of_day
from amends.engine.worlds.randomness import stream

_Micros = NDArray[np.int64]
_SECOND: Final = 1_000_000
_HOUR: Final = 3_600 * _SECOND
_DAY: Final = 24 * _HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BY_NOW: Final = ("resolved_at", "resolution_code")
"""What is not known of a ticket before it is closed."""


@dataclass(frozen=True, slots=True)
class Future:
    """What a play has still to tell, after `now`. All tables have `SIGNAL_SCHEMA`.

    Parameters
    ----------
    now
        The instant of the cut, aware.
    said
        Signals that are no transactions, by `occurred_at`. Their tickets are open.
    closings
        The second versions of tickets, closed, by `received_at`, which is when they are told.
    business
        Whole days of transactions as the world counts them, from the day of `now` on.
    seed
        Of the instants of transactions.
    rows_per_second
        At most so many rows of transactions in the mean; a row counts several when there are more.
    by_hours
        Whether transactions follow business hours or come evenly.

    """

    now: datetime
    said: pa.Table
    closings: pa.Table
    business: pa.Table
    seed: int
    rows_per_second: float
    by_hours: bool

    @property
    def ends_at(self) -> datetime:
        """When the last day of business ends: nothing comes after it; `now` without a future."""
        if not len(self.business):
            return self.now
        last: datetime = pc.max(self.business["occurred_at"]).as_py()
        return last.astimezone(UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """P pieces of transactions: their row of the business table, number in it, units, instant."""

    row: NDArray[np.int64]
    number: NDArray[np.int64]
    units: Floats
    at: _Micros


def split(
    play: Play,
    now: datetime,
    *,
    rows_per_second: float = 3.0,
    by_hours: bool = False,
    closings: bool = False,
) -> tuple[list[pa.Table], Future]:
    """Return what a play has told by `now`, a table a month in time order, and what is to come.

    Transactions of days before that of `now` are rows of a whole day; of the day of `now` there is
    a row an hour. A ticket that is closed later is open, in both.

    Parameters
    ----------
    play
        A play whose period ends after `now`, to have a future.
    now
        Aware.
    rows_per_second
        At most so many rows of transactions a second in the mean of a day.
    by_hours
        Transactions follow business hours, as complaints do; otherwise they come evenly all day,
        so that there is something to see at night, and rates of an unfinished day are too low.
    closings
        Whether the future tells of tickets again, as version 2, when they are closed.

    Raises
    ------
    BadInput
        `now` has no time zone, or `rows_per_second` is not above 0.

    """
    if rows_per_second <= 0:
        raise BadInput("At least some rows come in a second.", where="rows_per_second")
    cut = _micros(now, "now")
    whole = _sorted([chunk.signals for chunk in play.chunks()])
    at = _times(whole)
    is_business = np.asarray(pc.equal(whole["kind"], Kind.TRANSACTION.value))
    later = np.where(is_business, at // _DAY >= cut // _DAY, at > cut)
    closed = pc.fill_null(pc.greater(whole["resolved_at"].cast("int64"), cut), False)
    updates = whole.filter(closed) if closings else whole.slice(0, 0)
    whole = _opened(whole, closed)
    future = Future(
        now=now,
        said=_told_at_once(whole.filter(pa.array(later & ~is_business))),
        closings=_closed(updates),
        business=whole.filter(pa.array(later & is_business)),
        seed=play.played.scene.seed,
        rows_per_second=rows_per_second,
        by_hours=by_hours,
    )
    today = _of_today(future, cut)
    known = _sorted([whole.filter(pa.array(~later)), today])
    received = np.minimum(_times(known, "received_at"), cut)
    return _by_month(_with(known, received_at=pa.array(received).cast(TIMESTAMP))), future


def next_signals(future: Future, since: datetime, until: datetime) -> pa.Table:
    """Return everything that happens after `since`, up to and with `until`, in time order.

    However time is cut into intervals, every signal comes once: what lies before the cut of the
    play never comes again. `received_at` is when it is told.

    Raises
    ------
    BadInput
        An instant has no time zone.

    """
    low = max(_micros(since, "since"), _micros(future.now, "now"))
    high = _micros(until, "until")
    said = _between(future.said, "occurred_at", low, high)
    updates = _between(future.closings, "received_at", low, high)
    parts = [said, updates]
    for number, rows in _days(future.business, low, high):
        pieces = _pieces(future, number, rows)
        inside = (pieces.at > low) & (pieces.at <= high)
        if inside.any():
            parts.append(_rows(rows, pieces, np.flatnonzero(inside)))
    return _sorted(parts, "received_at")


def add_signals(future: Future, signals: pa.Table) -> tuple[pa.Table, Future]:
    """Return those of further signals that have been told by the cut, and a future with the rest.

    `signals` have `SIGNAL_SCHEMA`, e.g. what customers tell after their cases.
    """
    cut = _micros(future.now, "now")
    later = pa.array(_times(signals) > cut)
    said = _sorted([future.said, signals.filter(later)])
    return signals.filter(pc.invert(later)), replace(future, said=said)


def _days(business: pa.Table, low: int, high: int) -> Iterator[tuple[int, pa.Table]]:
    day = _times(business) // _DAY
    for number in np.unique(day[(day >= low // _DAY) & (day <= high // _DAY)]).tolist():
        first, last = np.searchsorted(day, [number, number + 1])
        yield number, business.slice(int(first), int(last - first))


def _pieces(future: Future, day: int, rows: pa.Table) -> _Pieces:
    """Chop the transactions of a day, by seed and day only."""
    units = np.asarray(rows["exposure"], dtype=np.float64)
    size = max(1.0, float(np.ceil(units.sum() / (86_400 * future.rows_per_second))))
    count = np.ceil(units / size).astype(np.int64)
    row = np.repeat(np.arange(len(rows)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    rng = stream(future.seed, "living", str(day))
    even = rng.integers(0, 86_400, len(row))
    second = second_of_day(rng, len(row)) if future.by_hours else even
    at = day * _DAY + second * _SECOND + rng.integers(0, _SECOND, len(row))
    return _Pieces(row, number, np.minimum(size, units[row] - number * size), at)


def _rows(rows: pa.Table, pieces: _Pieces, chosen: NDArray[np.int64]) -> pa.Table:
    """Write pieces as signals of their own."""
    numbers = pieces.number[chosen].tolist()
    return _named(
        rows.take(pa.array(pieces.row[chosen])),
        [f"{number:05d}" for number in numbers],
        pieces.at[chosen],
        pieces.units[chosen],
    )


def _of_today(future: Future, cut: int) -> pa.Table:
    """Return the transactions of the day of the cut that lie before it, one row an hour."""
    for number, rows in _days(future.business, cut, cut):
        pieces = _pieces(future, number, rows)
        done = np.flatnonzero(pieces.at <= cut)
        hour = (pieces.at[done] - number * _DAY) // _HOUR
        group, place = np.unique(pieces.row[done] * 24 + hour, return_inverse=True)
        last = np.zeros(len(group), dtype=np.int64)
        np.maximum.at(last, place, pieces.at[done])
        units = np.bincount(place, weights=pieces.units[done], minlength=len(group))
        names = [f"H{hour:02d}" for hour in (group % 24).tolist()]
        return _named(rows.take(pa.array(group // 24)), names, last, units.astype(np.float64))
    return future.business.slice(0, 0)


def _named(rows: pa.Table, parts: list[str], at: _Micros, units: Floats) -> pa.Table:
    names = [f"{n}-{p}" for n, p in zip(rows["external_id"].to_pylist(), parts, strict=True)]
    sources = rows["source"].to_pylist()
    ids = [signal_id(source, name) for source, name in zip(sources, names, strict=True)]
    instants = pa.array(at).cast(TIMESTAMP)
    return _with(
        rows,
        signal_id=pa.array(ids, pa.string()),
        external_id=pa.array(names, pa.string()),
        occurred_at=instants,
        received_at=instants,
        exposure=pa.array(units, pa.float64()),
    )


def _opened(whole: pa.Table, closed: pa.ChunkedArray) -> pa.Table:
    """Return tickets that are closed after the cut as they are known before."""
    return _with(
        whole,
        **{
            name: pc.if_else(closed, pa.scalar(None, whole[name].type), whole[name])
            for name in _BY_NOW
        },
    )


def _closed(updates: pa.Table) -> pa.Table:
    second = pa.array(np.full(len(updates), 2, dtype=np.int32))
    told = _with(updates, version=second, received_at=updates["resolved_at"])
    return _sorted([told], "received_at")


def _told_at_once(said: pa.Table) -> pa.Table:
    return _with(said, received_at=said["occurred_at"])


def _between(table: pa.Table, column: str, low: int, high: int) -> pa.Table:
    """Return the rows in (low, high] of a table that is in the order of the column."""
    first, last = np.searchsorted(_times(table, column), [low, max(low, high)], side="right")
    return table.slice(int(first), int(last - first))


def _by_month(known: pa.Table) -> list[pa.Table]:
    months = _times(known).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    edges = [*np.unique(months, return_index=True)[1].tolist(), len(known)]
    return [known.slice(a, b - a) for a, b in pairwise(edges)]


def _sorted(tables: list[pa.Table], column: str = "occurred_at") -> pa.Table:
    held = [table for table in tables if len(table)] or [SIGNAL_SCHEMA.empty_table()]
    whole = pa.concat_tables(held).unify_dictionaries().combine_chunks()
    return whole.take(pa.array(np.argsort(_times(whole, column), kind="stable")))


def _with(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, column in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    return table


def _times(table: pa.Table, column: str = "occurred_at") -> _Micros:
    return np.asarray(table[column].cast("int64"), dtype=np.int64)


def _micros(instant: datetime, where: str) -> int:
    if instant.tzinfo is None:
        raise BadInput("An instant has no time zone.", where=where, remedy="Give it one.")
    return (instant - _EPOCH) // timedelta(microseconds=1)
