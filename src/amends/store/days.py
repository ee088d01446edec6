"""Which local day a moment lies in, in operations that every engine has."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import ibis

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2060
"""Outside of these years the offset of the nearer end holds."""


Offsets = tuple[tuple[datetime, timedelta], ...]
"""Since when which offset from UTC holds, in order; the first holds before, too."""


def local_day(signals: ibis.Table, column: str, offsets: Offsets) -> ibis.Table:
    """Return day (date) and n, by day, of the rows with a time in this column.

    Rows are first counted by UTC hour (or minute, where the zone is off by part of an hour), so
    that the zone's offsets are looked up for hours and not for rows.
    """
    dated = signals.filter(signals[column].notnull())
    first, *changes = offsets
    if not changes and not first[1]:
        by_day = dated.group_by(day=dated[column].date()).agg(n=dated.count())
        return by_day.order_by("day")
    is_whole = all(offset % timedelta(hours=1) == timedelta(0) for _, offset in offsets)
    steps = dated.group_by(step=dated[column].truncate("h" if is_whole else "m"))
    counted = steps.agg(n=dated.count())
    step = counted["step"]
    local = step + ibis.interval(seconds=int(first[1].total_seconds()))
    if changes:
        latest_first = [
            (step >= ibis.literal(at), step + ibis.interval(seconds=int(offset.total_seconds())))
            for at, offset in reversed(changes)
        ]
        local = ibis.cases(*latest_first, else_=local)
    days = counted.select(day=local.date(), n="n")
    return days.group_by("day").agg(n=days["n"].sum()).order_by("day")


def offsets_between(zone: ZoneInfo, since: datetime | None, until: datetime | None) -> Offsets:
    """Return the offsets that hold somewhere in since ≤ t < until; None: without a bound."""
    everything = _offsets(zone)
    begun = 0 if since is None else sum(at <= since for at, _ in everything[1:])
    later = everything[begun + 1 :]
    return everything[begun], *(entry for entry in later if until is None or entry[0] < until)


@lru_cache(maxsize=64)
def _offsets(zone: ZoneInfo) -> Offsets:
    day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    found = [(day, _offset(zone, day))]
    while day.year <= LAST_YEAR:
        tomorrow = day + timedelta(days=1)
        if _offset(zone, tomorrow) != found[-1][1]:
            found.append(_change(zone, day, tomorrow))
        day = tomorrow
    return tuple(found)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> tuple[datetime, timedelta]:
    """Return the minute in which a new offset begins, between two moments of different ones."""
    old = _offset(zone, before)
    while after - before > timedelta(minutes=1):
        half = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        before, after = (half, after) if _offset(zone, half) == old else (before, half)
    return after, _offset(zone, after)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)
