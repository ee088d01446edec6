"""Times that cannot be are told with their reason; a little skew is in order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.signals.raw_tables import make_signals

from amends.engine.signals import out_of_time

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_only_what_is_beyond_the_tolerance_is_told() -> None:
    times = [NOW, NOW + timedelta(hours=23), NOW + timedelta(hours=25), None, NOW - timedelta(3650)]
    found = out_of_time(make_signals([{"occurred_at": at} for at in times]), NOW)
    assert list(found) == [2]
    field, reason = found[2]
    assert field == "occurred_at"
    assert "2026-03-03 10:00" in reason
    assert "24 hours" in reason


@pytest.mark.parametrize("year", [1900, 1970, 1989])
def test_empty_dates_are_told(year: int) -> None:
    signals = make_signals([{"occurred_at": NOW}, {"occurred_at": NOW.replace(year=year)}])
    [(place, (_, reason))] = out_of_time(signals, NOW).items()
    assert place == 1
    assert f"{year}-03-02" in reason


def test_a_resolution_may_be_planned_but_nothing_begins_in_the_future() -> None:
    ahead = NOW + timedelta(days=9)
    signals = make_signals(
        [{"occurred_at": NOW, "resolved_at": ahead}, {"occurred_at": NOW, "opened_at": ahead}]
    )
    assert {place: field for place, (field, _) in out_of_time(signals, NOW).items()} == {
        1: "opened_at"
    }


@given(st.lists(st.integers(-400, 400), max_size=20), st.integers(0, 200))
def test_it_says_what_one_would_reckon_by_hand(hours: list[int], ahead: int) -> None:
    signals = make_signals([{"occurred_at": NOW + timedelta(hours=h)} for h in hours] or [{}])
    found = out_of_time(signals, NOW, timedelta(hours=ahead))
    assert list(found) == [i for i, h in enumerate(hours) if h > ahead]
