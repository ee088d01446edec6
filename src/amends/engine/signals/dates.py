"""Dates as exports write them: one form per column, found over the whole column.

A form is named, so that a person can be told which was assumed and name another. Numeric dates
whose order the column does not settle are read day first, unless they carry AM/PM (then month
first) or only one reading puts the rows in order of time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import TIMESTAMP

Micros = NDArray[np.int64]
Good = NDArray[np.bool_]

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar enero janvier",
            "feb february februar febrero février",
            "mar march märz marzo mars",
            "apr april abril avril",
            "may mai mayo",
            "jun june juni junio juin",
            "jul july juli julio juillet",
            "aug august agosto août",
            "sep sept september septiembre septembre",
            "oct october okt oktober octubre octobre",
            "nov november noviembre novembre",
            "dec december dez dezember diciembre décembre",
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK: Final = (
    r"(?:(?:[T,]? ?| at )(?P<H>\d{1,2})[:.h](?P<M>\d{2})"
    r"(?:[:.](?P<S>\d{2}))?(?:[.,:](?P<f>\d{1,9}))? ?(?P<p>[AaPp]\.?[Mm]\.?)?)?"
)
_ZONE: Final = r" ?(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\[[\w/]+\])?"
_NAME: Final = r"(?P<b>[A-Za-zäûé]{3,10})\.?"
_WEEKDAY: Final = r"(?:[A-Za-z]{3,9},? )?"
_EPOCH_EXCEL: Final = 25_569
"""Days from Excel's day 0 (1899-12-30) to 1970-01-01."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_WELL_FORMED: Final = (
    r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$"
)
"""ISO 8601 that Arrow and the pattern of "ymd" read alike."""
INSTANT: Final = "instant"
"""Not the form of a column but of each value: ISO 8601, or seconds since 1970."""
INSTANT_WORDS: Final = "ISO 8601 (UTC where no zone is given) or seconds since 1970"


@dataclass(frozen=True, slots=True)
class DateForm:
    """One way of writing instants: its name, an example, and its pattern with named groups."""

    name: str
    words: str
    pattern: str


DATE_FORMS: Final[dict[str, DateForm]] = {
    form.name: form
    for form in (
        DateForm(
            "ymd",
            "year-month-day",
            rf"(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_CLOCK}{_ZONE}",
        ),
        DateForm(
            "dmy",
            "day/month/year",
            rf"(?P<d>\d{{1,2}})[-/.] ?(?P<m>\d{{1,2}})[-/.] ?(?P<y>\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}",
        ),
        DateForm(
            "mdy",
            "month/day/year",
            rf"(?P<m>\d{{1,2}})[-/.] ?(?P<d>\d{{1,2}})[-/.] ?(?P<y>\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}",
        ),
        DateForm(
            "d-month-y",
            "day month-name year",
            rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]*(?:of |de )?{_NAME}[ ,-]*"
            rf"(?:de )?(?P<y>\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}",
        ),
        DateForm(
            "month-d-y",
            "month-name day, year",
            rf"{_WEEKDAY}{_NAME}[ -](?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? "
            rf"(?P<y>\d{{4}}){_CLOCK}{_ZONE}",
        ),
        DateForm(
            "weekday-month-d-y",
            "weekday month day time zone year",
            rf"[A-Za-z]{{3}} {_NAME} +(?P<d>\d{{1,2}}) (?P<H>\d{{2}}):(?P<M>\d{{2}}):(?P<S>\d{{2}})"
            r" (?P<z>[+-]\d{4}|UTC|GMT) (?P<y>\d{4})",
        ),
        DateForm("month-y", "month-name year (read as its 1st)", rf"{_NAME}[ -/](?P<y>\d{{4}})"),
        DateForm(
            "ymd-compact",
            "yyyymmdd",
            r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})"
            r"(?:[T _-]?(?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})(?P<z>Z)?)?",
        ),
        DateForm("epoch-s", "seconds since 1970", r"(?P<n>\d{9,10}(?:\.\d{1,6})?)"),
        DateForm("epoch-ms", "milliseconds since 1970", r"(?P<n>\d{12,13})"),
        DateForm("excel", "Excel day number", r"(?P<n>[2-7]\d{4}(?:\.\d+)?)"),
    )
}

_NUMBERS: Final = frozenset({"epoch-s", "epoch-ms", "excel", "ymd-compact"})
WRITTEN_FORMS: Final = tuple(form for form in DATE_FORMS if form not in _NUMBERS)
"""The forms that nobody takes for anything but a date."""


def parse_dates(values: pa.Array, form: str) -> tuple[pa.Array, Good]:
    """Read strings of one form.

    Returns
    -------
    instants
        timestamp[us, UTC] of shape (N,); a time without a zone is taken as UTC. Null where the
        value is null or does not fit.
    fits
        bool of shape (N,): the value is null or fits.

    """
    if form == INSTANT:
        return _parse_instants(values)
    if form == "ymd" and (quick := _quick(values)) is not None:
        return quick, np.ones(len(values), dtype=bool)
    pattern = rf"^\s*{DATE_FORMS[form].pattern}\s*$"
    parts = pc.extract_regex(values, pattern)
    read = _from_number if form.startswith(("epoch", "excel")) else _from_calendar
    micros, good = read(parts, form)
    good &= ~_nulls(parts)
    instants = pa.array(micros, mask=~good, type=pa.int64()).cast(TIMESTAMP)
    return instants, good | _nulls(values)


def _parse_instants(values: pa.Array) -> tuple[pa.Array, Good]:
    """Read each value by itself, so that it reads the same whatever stands beside it."""
    is_number = pc.match_substring_regex(values, r"^\s*\d+(?:\.\d+)?\s*$")
    if not pc.any(is_number).as_py():
        return parse_dates(values, "ymd")
    nothing = pa.scalar(None, pa.string())
    dates, dates_good = parse_dates(pc.if_else(is_number, nothing, values), "ymd")
    seconds, seconds_good = parse_dates(pc.if_else(is_number, values, nothing), "epoch-s")
    return pc.coalesce(dates, seconds), dates_good & seconds_good


def _quick(values: pa.Array) -> pa.Array | None:
    """Read well-formed ISO 8601 at once; None when a value is not."""
    if not pc.all(pc.match_substring_regex(values, _WELL_FORMED)).as_py():
        return None
    for kind in (pa.timestamp("us"), TIMESTAMP):
        try:
            found = values.cast(kind)
        except pa.ArrowInvalid:
            continue
        years = pc.min_max(pc.year(found))
        low, high = years["min"].as_py(), years["max"].as_py()
        if low is not None and (low < _FIRST_YEAR or high > _LAST_YEAR):
            return None
        return (
            found.cast(TIMESTAMP) if kind.tz else pc.assume_timezone(found, "UTC").cast(TIMESTAMP)
        )
    return None


def _nulls(values: pa.Array) -> Good:
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False), dtype=bool)


def _group(parts: pa.StructArray, name: str) -> pa.Array | None:
    if parts.type.get_field_index(name) < 0:
        return None
    return parts.field(name)


def _whole(parts: pa.StructArray, name: str, default: int) -> Micros:
    group = _group(parts, name)
    if group is None:
        return np.full(len(parts), default, dtype=np.int64)
    numbers = _filled(group, str(default)).cast(pa.int64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.int64)


def _filled(group: pa.Array, default: str) -> pa.Array:
    """Give a default to rows in which the group, or the whole pattern, was not found."""
    return pc.fill_null(pc.if_else(pc.equal(group, ""), default, group), default)


def _from_number(parts: pa.StructArray, form: str) -> tuple[Micros, Good]:
    text = _filled(parts.field("n"), "0")
    number = np.asarray(text.cast(pa.float64()).to_numpy(zero_copy_only=False))
    scale: Callable[[NDArray[np.float64]], NDArray[np.float64]] = {
        "epoch-s": lambda n: n * 1e6,
        "epoch-ms": lambda n: n * 1e3,
        "excel": lambda n: np.round((n - _EPOCH_EXCEL) * 86_400) * 1e6,
    }[form]
    micros = scale(number).astype(np.int64)
    return micros, micros >= 0


def _from_calendar(parts: pa.StructArray, form: str) -> tuple[Micros, Good]:
    year, day = _whole(parts, "y", 1970), _whole(parts, "d", 1)
    year = np.where(year < 70, year + 2000, np.where(year < 100, year + 1900, year))
    month = _whole(parts, "m", 1) if _group(parts, "b") is None else _month(parts.field("b"))
    good = (month >= 1) & (month <= 12) & (day >= 1)
    good &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    first = (np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1
    start = first.astype("datetime64[M]").astype("datetime64[D]")
    length = ((first + 1).astype("datetime64[M]").astype("datetime64[D]") - start).astype(np.int64)
    good &= day <= length
    days = start.astype(np.int64) + np.where(good, day, 1) - 1
    clock, clock_good = _clock(parts)
    del form
    return days * 86_400_000_000 + clock, good & clock_good


def _month(names: pa.Array) -> Micros:
    lower = pc.utf8_lower(pc.fill_null(names, ""))
    known = pc.index_in(lower, value_set=pa.array(list(_MONTHS)))
    numbers: Micros = np.array([*_MONTHS.values(), 0], dtype=np.int64)
    places = np.asarray(pc.fill_null(known, len(_MONTHS)).to_numpy(zero_copy_only=False))
    return np.take(numbers, places)


def _clock(parts: pa.StructArray) -> tuple[Micros, Good]:
    hour, minute, second = (_whole(parts, name, 0) for name in "HMS")
    good = (hour <= 24) & (minute < 60) & (second <= 60)
    half = _group(parts, "p")
    if half is not None:
        half = pc.utf8_lower(pc.fill_null(half, ""))
        is_pm = np.asarray(pc.starts_with(half, "p").to_numpy(zero_copy_only=False), dtype=bool)
        is_am = np.asarray(pc.starts_with(half, "a").to_numpy(zero_copy_only=False), dtype=bool)
        good &= ~(is_am | is_pm) | ((hour >= 1) & (hour <= 12))
        hour = np.where(is_am | is_pm, hour % 12 + 12 * is_pm, hour)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + _fraction(parts)
    return micros - _offset(parts), good


def _fraction(parts: pa.StructArray) -> Micros:
    digits = _group(parts, "f")
    if digits is None:
        return np.zeros(len(parts), dtype=np.int64)
    padded = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(digits, ""), 6, "0"), 0, 6)
    return np.asarray(padded.cast(pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)


def _offset(parts: pa.StructArray) -> Micros:
    zone = _group(parts, "z")
    if zone is None:
        return np.zeros(len(parts), dtype=np.int64)
    found = pc.extract_regex(pc.fill_null(zone, ""), r"^(?P<s>[+-])(?P<h>\d{2}):?(?P<m>\d{2})?$")
    minutes = _whole(found, "h", 0) * 60 + _whole(found, "m", 0)
    sign = np.asarray(pc.fill_null(pc.equal(found.field("s"), "-"), False).to_numpy(False))
    return np.where(sign, -minutes, minutes) * 60_000_000
