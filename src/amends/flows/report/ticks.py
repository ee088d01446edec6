"""Where a time axis carries labels, and which."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from amends.flows.report.words import MONTHS, NBSP

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_HOURS = (1, 3, 6, 12)
_DAYS = (1, 2, 4, 7, 14, 28)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


def time_ticks(first: datetime, last: datetime, most: int) -> tuple[tuple[datetime, str], ...]:
    """Return at most `most` evenly spaced instants in [first, last] with their labels.

    Days are written `14 Nov`, months `Nov` with the year at each turn of it, hours `06:00`.
    """
    span = last - first
    for hours in _HOURS:
        if span <= 2 * _DAY and span / (hours * _HOUR) < most:
            return tuple(_hours(first, last, hours))
    for days in _DAYS:
        if span / (days * _DAY) < most:
            return tuple(_days(first, last, days))
    for months in _MONTHS:
        ticks = tuple(_months(first, last, months))
        if len(ticks) <= most:
            return ticks
    return ((first, str(first.year)), (last, str(last.year)))


def _hours(first: datetime, last: datetime, step: int) -> Iterator[tuple[datetime, str]]:
    at = first.replace(hour=0, minute=0, second=0, microsecond=0)
    while at <= last:
        if at >= first:
            yield at, f"{at:%H:%M}" if at.hour else _day(at)
        at += step * _HOUR


def _days(first: datetime, last: datetime, step: int) -> Iterator[tuple[datetime, str]]:
    at = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if at < first:
        at += _DAY
    if step % 7 == 0:
        at += -at.weekday() % 7 * _DAY
    while at <= last:
        yield at, _day(at)
        at += step * _DAY


def _months(first: datetime, last: datetime, step: int) -> Iterator[tuple[datetime, str]]:
    index = first.year * 12 + first.month - 1
    index += -index % step
    shown_year = None
    while True:
        at = first.replace(
            year=index // 12, month=index % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
        )
        if at > last:
            return
        if at >= first:
            month = MONTHS[at.month - 1]
            yield at, month if at.year == shown_year else f"{month}{NBSP}{at.year}"
            shown_year = at.year
        index += step


def _day(at: datetime) -> str:
    return f"{at.day}{NBSP}{MONTHS[at.month - 1]}"
