from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.signals import fill_lake, signal

from amends.web.intake.charts import volume_chart
from amends.web.intake.course import Course, course_of, days_between, hours_between
from amends.web.intake.lake import lake
from amends.web.ui.parts import Chart


def bars_of(chart: Chart) -> list[dict[str, Any]]:
    option: Any = chart.option
    return list(option["series"][0]["data"])


START = datetime(2026, 3, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

steps = st.dictionaries(st.integers(0, 500), st.integers(1, 30), min_size=1)


def course(counted: dict[int, int]) -> Course:
    hours = np.array(sorted(counted), dtype=np.int64)
    n = np.array([counted[int(hour)] for hour in hours], dtype=np.int64)
    return Course(int(START.timestamp()) + 3600 * hours, n)


@given(steps, st.integers(0, 400), st.integers(1, 60))
def test_a_page_is_found_in_the_stretch_that_holds_it(
    counted: dict[int, int], offset: int, limit: int
) -> None:
    whole = [hour for hour in sorted(counted, reverse=True) for _ in range(counted[hour])]
    stretch = course(counted).page(offset, limit)
    if stretch is None:
        assert offset >= len(whole)
        return
    since, until, inner = stretch
    there = [hour for hour in whole if since <= START + timedelta(hours=hour) < until]
    assert there[inner : inner + limit] == whole[offset : offset + limit]


@given(steps)
def test_days_add_up_to_the_whole(counted: dict[int, int]) -> None:
    found = course(counted)
    days = days_between(START, START + timedelta(hours=501), BERLIN)
    assert sum(found.counts(days)) == found.total == sum(counted.values())


def test_a_day_of_a_zone_begins_at_its_own_midnight_also_when_clocks_change() -> None:
    days = days_between(datetime(2026, 3, 28, 12, tzinfo=UTC), START + timedelta(days=29), BERLIN)
    widths = [later.timestamp() - earlier.timestamp() for earlier, later in pairwise(days)]
    assert [width / 3600 for width in widths] == [24, 23, 24]
    assert all(day.astimezone(BERLIN).hour == 0 for day in days)


def test_weeks_begin_on_mondays_and_hold_both_ends() -> None:
    weeks = days_between(START, START + timedelta(days=8), BERLIN, step=7)
    assert [week.day for week in weeks] == [23, 2, 9, 16]
    assert all(week.weekday() == 0 for week in weeks)


@pytest.mark.parametrize(("days", "unit"), [(1, "hour"), (28, "day"), (90, "day"), (365, "week")])
def test_bars_are_as_wide_as_the_stretch_is_long(days: int, unit: str) -> None:
    found = course({0: 3, 5: 1})
    until = START + timedelta(days=days)
    chart = volume_chart(found, START, until, lambda a, b: f"/{a:%d}/{b:%d}/")
    assert chart.label == f"Signals by {unit}: {chart.label.split(': ')[1]}"
    bars = bars_of(chart)
    assert sum(bar["value"] for bar in bars) == 4
    assert bars[0]["href"].startswith("/01/")


def test_hours_hold_both_ends() -> None:
    edges = hours_between(START + timedelta(minutes=20), START + timedelta(hours=2, minutes=1))
    assert edges == [START + timedelta(hours=hour) for hour in range(4)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_signals_are_counted_where_they_lie(zone: str) -> None:
    there = ZoneInfo(zone)
    at = datetime(2026, 3, 5, 0, 10, tzinfo=there)
    fill_lake([signal(occurred_at=at), signal(occurred_at=at - timedelta(minutes=20))])
    found = course_of(lake().signals(), there)
    days = [datetime(2026, 3, day, tzinfo=there) for day in (4, 5, 6)]
    assert found.counts(days) == [1, 1]
    assert found.newest_at == at


def test_nothing_has_no_course() -> None:
    found = course_of(lake().signals(), UTC)
    assert (found.total, found.newest_at, found.page(0, 50)) == (0, None, None)
