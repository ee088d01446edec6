"""A company moved to another day: what was planted keeps its weekday and its place."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.contracts import BadInput, Kind
from amends.engine.worlds import read_world
from amends.engine.worlds.contacts import CODE

TODAY = date(2027, 3, 10)


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(1, 700), st.integers(0, 60))
def test_a_dated_company_keeps_weekdays_and_nothing_falls_outside(
    last: date, days: int, future: int
) -> None:
    world = read_world("retailer")
    company = world.dated(last, days, future_days=future).company
    assert company.period.last == last + timedelta(days=future)
    assert company.days == days + future
    was = {b.name: b for b in world.company.breakdowns}
    for b in company.breakdowns:
        assert company.period.first <= b.first <= b.last <= company.period.last
        if b.name in was:
            assert b.first.weekday() == was[b.name].first.weekday()
            assert b.last - b.first == was[b.name].last - was[b.name].first
            assert b.last <= last
    for decoy in company.decoys:
        assert company.period.first <= decoy.first <= decoy.last <= last
    assert all(company.period.first <= fix.at <= last for fix in company.fixes)


def test_the_last_day_of_the_file_comes_as_near_as_whole_weeks_can(name: str) -> None:
    world = read_world(name)
    for k in range(7):
        last = TODAY + timedelta(days=k)
        moved = world.dated(last, 365).company
        old = next(f for f in world.company.fixes if f.name == moved.fixes[0].name)
        ends = world.company.period.last + (moved.fixes[0].at - old.at)
        assert 0 <= (last - ends).days <= 6


def test_a_company_of_today_has_a_breakdown_open_and_fixes_of_every_age(name: str) -> None:
    truth = read_world(name).dated(TODAY, future_days=14).truth(3_000)
    open_now = [b for b in truth.breakdowns if b.first <= TODAY <= b.last]
    assert open_now
    assert all(3 <= (TODAY - b.first).days <= 9 and b.cause_ratio > 5 for b in open_now)
    old = [f for f in truth.fixes if (TODAY - f.at).days >= 120]
    assert any(f.effect <= -0.25 for f in old)
    assert any(f.effect == 0 for f in old)
    assert [(TODAY - f.at).days for f in truth.fixes if (TODAY - f.at).days < 30] == [21]
    assert len(truth.breakdowns) >= 6


def test_the_current_breakdown_is_felt_in_its_slice(name: str) -> None:
    play = read_world(name).dated(TODAY).play(40_000, seed=3)
    planted = play.truth().breakdowns[-1]
    assert planted.first == TODAY - timedelta(days=6)
    usual = planted.usual_per_day * 7
    assert planted.complaints > 0.6 * (planted.ratio - 1) * usual


def test_an_undated_company_is_not_in_the_middle_of_anything(name: str) -> None:
    world = read_world(name)
    assert world.company.current is not None
    names = {b.name for b in world.truth(500).breakdowns}
    assert world.company.current.breakdown.name not in names


def test_more_business_changes_nothing_but_what_rates_are_per() -> None:
    usual, busy = (
        read_world("bank").dated(TODAY, 60, business=factor).play(2_000) for factor in (1.0, 12.0)
    )
    signals = [pa.concat_tables([c.signals for c in p.chunks()]) for p in (usual, busy)]
    is_business = [t["kind"].combine_chunks().to_numpy(False) == Kind.TRANSACTION for t in signals]
    said = [t.filter(pa.array(~b)) for t, b in zip(signals, is_business, strict=True)]
    assert said[0].equals(said[1])
    exposure = [float(np.nansum(t["exposure"].to_numpy())) for t in signals]
    assert exposure[1] / exposure[0] == pytest.approx(12, rel=0.05)


def test_a_future_adds_signals_after_today() -> None:
    play = read_world("telco").dated(TODAY, 90, future_days=30).play(4_000)
    day = play.played.heard.at // 86_400
    complaints = play.played.heard.kind == CODE[Kind.COMPLAINT]
    assert 0.15 < (day[complaints] >= 90).mean() < 0.4


@pytest.mark.parametrize(("days", "future", "business"), [(0, 0, 1.0), (10, -1, 1.0), (10, 0, 0.0)])
def test_what_cannot_be_dated_is_refused(days: int, future: int, business: float) -> None:
    with pytest.raises(BadInput):
        read_world("bank").dated(TODAY, days, future_days=future, business=business)
