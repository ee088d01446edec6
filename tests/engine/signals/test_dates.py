"""Dates: one form per column, read exactly, odd ones told apart."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.signals.date_forms import find_dates
from amends.engine.signals.dates import DATE_FORMS, parse_dates


def read(*values: str) -> tuple[str, list[datetime | None]]:
    column = pa.array(values)
    found = find_dates(column)
    assert found is not None
    return found.form, parse_dates(column, found.form)[0].to_pylist()


@pytest.mark.parametrize(
    ("written", "form", "expected"),
    [
        ("26th November 2017", "d-month-y", "2017-11-26"),
        ("1st of May 2020", "d-month-y", "2020-05-01"),
        ("12-Mar-2020", "d-month-y", "2020-03-12"),
        ("3. Oktober 2021", "d-month-y", "2021-10-03"),
        ("Thu, 5 Mar 2020 13:45:00 +0100", "d-month-y", "2020-03-05T12:45"),
        ("November 3, 2017", "month-d-y", "2017-11-03"),
        ("March 5th, 2020 at 3:15 pm", "month-d-y", "2020-03-05T15:15"),
        ("November 2017", "month-y", "2017-11-01"),
        ("2020/3/18", "ymd", "2020-03-18"),
        ("2015-02-16 23:36:05 -0800", "ymd", "2015-02-17T07:36:05"),
        ("2020-01-02T03:04:05.250Z", "ymd", "2020-01-02T03:04:05.250"),
        ("2020-01-02T03:04:05+05:30", "ymd", "2020-01-01T21:34:05"),
        ("2020-01-02 12:05 AM", "ymd", "2020-01-02T00:05"),
        ("20200131", "ymd-compact", "2020-01-31"),
        ("20200131T235959Z", "ymd-compact", "2020-01-31T23:59:59"),
        ("31.01.2020 13:45", "dmy", "2020-01-31T13:45"),
        ("31/01/20", "dmy", "2020-01-31"),
        ("1/31/2020", "mdy", "2020-01-31"),
        ("1600000000", "epoch-s", "2020-09-13T12:26:40"),
        ("1600000000250", "epoch-ms", "2020-09-13T12:26:40.250"),
        ("44000.5", "excel", "2020-06-18T12:00"),
        ("Mon Feb 16 23:36:05 -0800 2015", "weekday-month-d-y", "2015-02-17T07:36:05"),
    ],
)
def test_a_date_is_read_as_a_person_reads_it(written: str, form: str, expected: str) -> None:
    assert read(written) == (form, [datetime.fromisoformat(expected).replace(tzinfo=UTC)])


@pytest.mark.parametrize(
    ("values", "form", "words"),
    [
        (("3/4/2020", "13/4/2020"), "dmy", "day/month/year"),
        (("3/4/2020", "4/13/2020"), "mdy", "month/day/year"),
        (("3/4/2020", "4/4/2020"), "dmy", "assumed: no value settles"),
        (("3/4/2020 5:30 PM", "4/4/2020 7:00 AM"), "mdy", "AM/PM suggests"),
        (
            ("1/2/2020", "1/9/2020", "2/3/2020", "2/9/2020", "3/1/2020"),
            "mdy",
            "only so are the rows in order",
        ),
        (("3/4/2020", "13/4/2020", "14/4/2020", "1/13/2020"), "dmy", "mixes it with month/day"),
    ],
)
def test_the_whole_column_settles_day_or_month_first(
    values: tuple[str, ...], form: str, words: str
) -> None:
    found = find_dates(pa.array(values))
    assert found is not None
    assert found.form == form
    assert words in found.detail


def test_odd_values_are_told_apart_and_named() -> None:
    values = pa.array(["2024-01-01", "2024-01-02", "3 May 2024", None])
    found = find_dates(values)
    assert found is not None
    assert found.share == pytest.approx(2 / 3)
    assert "33.3% of the values are written otherwise, e.g. '3 May 2024'" in found.detail
    instants, fits = parse_dates(values, found.form)
    assert fits.tolist() == [True, True, False, True]
    assert instants[2].as_py() is None


@pytest.mark.parametrize(
    "value",
    ["", "late", "2020-02-30", "2020-13-01", "31 February 2020", "99", "1700-01-01", "32/01/2020"],
)
def test_what_is_no_date_is_none(value: str) -> None:
    assert find_dates(pa.array([value])) is None


def test_no_values_are_no_dates() -> None:
    assert find_dates(pa.array([None], pa.string())) is None
    assert find_dates(pa.array([], pa.string())) is None


INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - made aware
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@settings(max_examples=40)
@given(st.lists(INSTANTS, min_size=1, max_size=5), ZONES)
def test_iso_with_a_zone_is_exact(instants: list[datetime], zone: timezone) -> None:
    aware = [instant.replace(tzinfo=UTC) for instant in instants]
    form, read_back = read(*(instant.astimezone(zone).isoformat() for instant in aware))
    assert (form, read_back) == ("ymd", aware)


WRITTEN = {
    "ymd": "%Y/%m/%d %H:%M:%S",
    "dmy": "%d.%m.%Y %H:%M:%S",
    "mdy": "%m/%d/%Y %I:%M:%S %p",
    "d-month-y": "%d %B %Y %H:%M:%S",
    "month-d-y": "%B %d, %Y %H:%M:%S",
    "ymd-compact": "%Y%m%d %H%M%S",
    "weekday-month-d-y": "%a %b %d %H:%M:%S +0000 %Y",
}


@settings(max_examples=40)
@given(st.sampled_from(sorted(WRITTEN)), st.lists(INSTANTS, min_size=1, max_size=5))
def test_what_is_written_in_a_form_is_read_back(form: str, instants: list[datetime]) -> None:
    seconds = [instant.replace(microsecond=0, tzinfo=UTC) for instant in instants]
    values = pa.array([instant.strftime(WRITTEN[form]) for instant in seconds])
    read_back, fits = parse_dates(values, form)
    assert fits.all()
    assert read_back.to_pylist() == seconds


@settings(max_examples=40)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=6), st.sampled_from([*DATE_FORMS])
)
def test_any_text_is_read_or_not_but_never_fails(values: list[str | None], form: str) -> None:
    column = pa.array(values, pa.string())
    instants, fits = parse_dates(column, form)
    assert len(instants) == len(fits) == len(values)
    assert all(fits[i] for i, value in enumerate(values) if value is None)
    find_dates(column)
