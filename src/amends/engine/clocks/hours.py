"""Business hours: when people work, and how long that is between two moments.

Hours follow the clock on the wall of one time zone: an hour that it shows twice when it is put back
is worked twice, an hour that it skips when it is put forward is not worked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import numpy as np
from numpy.typing import NDArray

Micros = NDArray[np.int64]
"""Moments as microseconds since 1970 in UTC, or lengths in microseconds."""
Span = tuple[int, int]
"""Minutes after local midnight, from and to."""

MINUTE: Final = 60_000_000
DAY_MINUTES: Final = 1440
DAY: Final = DAY_MINUTES * MINUTE
ALL_DAY: Final[tuple[Span, ...]] = ((0, DAY_MINUTES),)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FARTHEST_YEARS: Final = 40
"""A deadline farther off than this is a mistake in a calendar."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work.

    Parameters
    ----------
    timezone
        IANA name, e.g. "Europe/Dublin".
    week
        Seven days, Monday first, each with its spans in order: a split shift has two.
    holidays
        A country, or country and subdivision, by ISO code: "IE", "GB-SCT"; "" for none.
    closed_on
        Further days on which nobody works.

    """

    timezone: str = "UTC"
    week: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    holidays: str = ""
    closed_on: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        zone_of(self.timezone)
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("A week has seven days, and somebody works on one of them.")
        for spans in self.week:
            edges = [minute for span in spans for minute in span]
            is_rising = all(a < b for a, b in spans) and edges == sorted(edges)
            if not is_rising or (edges and not 0 <= edges[0] <= edges[-1] <= DAY_MINUTES):
                raise ValueError(f"The spans {spans} of a day are not one after the other.")
        if self.holidays:
            days_off(self.holidays, 2026)

    @property
    def is_always(self) -> bool:
        """Whether somebody works at all times."""
        return not (self.holidays or self.closed_on) and all(day == ALL_DAY for day in self.week)

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at a moment."""
        local = at.astimezone(ZoneInfo(self.timezone))
        day, minute = local.date(), local.hour * 60 + local.minute
        if day in self.closed_on or (self.holidays and day in days_off(self.holidays, day.year)):
            return False
        return any(a <= minute < b for a, b in self.week[day.weekday()])


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone.

    Raises
    ------
    ValueError
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone {name!r}: it is like 'Europe/Dublin'.") from None


@lru_cache(maxsize=512)
def days_off(place: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country or subdivision in a year.

    Raises
    ------
    ValueError
    """
    country, _, part = place.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=year)
    except NotImplementedError:
        raise ValueError(
            f"No holidays are known of {place!r}: it is a country and perhaps a part of it by "
            "their ISO codes, like 'IE' or 'GB-SCT'."
        ) from None
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Openings:
    """The spans of a calendar over some years; arrays of shape (n,), in order."""

    starts: Micros
    ends: Micros
    before: Micros
    """What was worked before each span; (n + 1,)."""

    def worked(self, at: Micros) -> Micros:
        """Return what was worked until each moment, since a fixed one."""
        i = np.searchsorted(self.starts, at, side="right") - 1
        inside = np.minimum(at, self.ends[i]) - self.starts[i]
        return np.asarray(np.where(i < 0, 0, self.before[i] + inside), dtype=np.int64)

    def earliest(self, worked: Micros) -> Micros:
        """Return the earliest moments at which so much was worked; it lies within the spans."""
        i = np.searchsorted(self.before[1:], worked, side="left")
        return np.asarray(self.starts[i] + worked - self.before[i], dtype=np.int64)

    @property
    def most(self) -> int:
        """What is worked in all the years."""
        return int(self.before[-1])


def openings(calendar: Calendar, first: int, last: int, longest: int) -> Openings:
    """Return the spans of a calendar from a moment until `longest` was worked after another one.

    Parameters
    ----------
    calendar
        When people work.
    first, last
        The moments between which anything begins, in microseconds.
    longest
        How much is worked after `last` at most, in microseconds.

    Raises
    ------
    ValueError
        So much is not worked in 40 years.

    """
    since, until = _year(first), _year(last) + 2
    while until <= _year(last) + FARTHEST_YEARS:
        found = _openings(calendar, since, until)
        if found.most - int(found.worked(np.array([last]))[0]) >= longest:
            return found
        until += 8
    raise ValueError(f"{longest / DAY:.0f} days are not worked in {FARTHEST_YEARS} years.")


def _year(at: int) -> int:
    return (EPOCH + timedelta(microseconds=at)).year


def local_days(timezone: str, at: Micros) -> Micros:
    """Return on which day by the clock on the wall each moment lies, as days since 1970."""
    if not len(at):
        return at
    stretches = _offsets(timezone, _year(int(at.min())), _year(int(at.max())))
    starts, _, offsets = (
        np.array(column, dtype=np.int64) for column in zip(*stretches, strict=True)
    )
    return np.asarray((at + offsets[np.searchsorted(starts, at, side="right") - 1]) // DAY)


@lru_cache(maxsize=128)
def _openings(calendar: Calendar, first_year: int, last_year: int) -> Openings:
    days = np.arange(f"{first_year - 1}-12-31", f"{last_year + 1}-01-02", dtype="datetime64[D]")
    closed = [*calendar.closed_on]
    if calendar.holidays:
        for year in range(first_year - 1, last_year + 2):
            closed += days_off(calendar.holidays, year)
    days = days[~np.isin(days, np.array(closed, dtype="datetime64[D]"))]
    local = _local_spans(calendar.week, days.astype(np.int64))
    parts = [
        np.clip(local - offset, since, until)
        for since, until, offset in _offsets(calendar.timezone, first_year, last_year)
    ]
    spans = np.concatenate(parts)
    spans = spans[spans[:, 0] < spans[:, 1]]
    spans = spans[np.argsort(spans[:, 0])]
    before = np.concatenate([[0], np.cumsum(spans[:, 1] - spans[:, 0])])
    return Openings(spans[:, 0].copy(), spans[:, 1].copy(), before.astype(np.int64))


def _local_spans(week: Sequence[Sequence[Span]], days: Micros) -> Micros:
    """Return the spans of days (since 1970) by the clock on the wall, shape (n, 2)."""
    weekday = (days + 3) % 7
    found = [
        days[weekday == number, None] * DAY + np.array(span, dtype=np.int64) * MINUTE
        for number, spans in enumerate(week)
        for span in spans
    ]
    return np.concatenate(found)


@lru_cache(maxsize=128)
def _offsets(name: str, first_year: int, last_year: int) -> tuple[tuple[int, int, int], ...]:
    """Return the stretches of a time zone with one offset from UTC: from, to, offset."""
    zone = ZoneInfo(name)
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    found, since, offset = [], at, _offset(zone, at)
    while at < end:
        following = min(at + timedelta(days=1), end)
        if _offset(zone, following) != offset:
            change = _change(zone, at, following)
            found.append((_micros(since), _micros(change), offset))
            since, offset = change, _offset(zone, change)
        at = following
    return (*found, (_micros(since), _micros(end), offset))


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second with another offset than `low` has."""
    offset = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, at: datetime) -> int:
    found = at.astimezone(zone).utcoffset() or timedelta(0)
    return found // timedelta(microseconds=1)


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
