"""Breakdowns are there as planted, decoys change no rate, fixes do what they are said to do."""

from functools import cache

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.engine.worlds.plays import in_slice

from amends.engine.contracts import Kind
from amends.engine.worlds import Play, Truth, World, read_world
from amends.engine.worlds.company import DecoyKind
from amends.engine.worlds.demand import day_codes
from amends.engine.worlds.intensity import excess_ratio
from amends.engine.worlds.transactions import transactions

DAY = 86_400


def complaint_days(play: Play, terms: dict[str, str]) -> NDArray[np.int64]:
    heard = play.played.heard
    rows = (heard.kind == list(Kind).index(Kind.COMPLAINT)) & in_slice(play, terms)
    return np.bincount(heard.at[rows] // DAY, minlength=play.played.scene.company.days)


def test_breakdowns_are_seen_as_planted(planted_play: Play) -> None:
    company = planted_play.played.scene.company
    for spec, planted in zip(company.breakdowns, planted_play.truth().breakdowns, strict=True):
        window = day_codes(company, spec.first, spec.last)
        usual = planted.usual_per_day * (window.stop - window.start)
        seen = complaint_days(planted_play, spec.slice)[window].sum()
        expected = 1 + excess_ratio(company, spec)[window].mean()
        assert (seen - usual) / np.sqrt(usual) > 6, planted.name
        noise = 3 / np.sqrt(usual)
        # Some complaints come days after the failure: short spikes are seen a little lower.
        assert 0.72 * expected - noise < seen / usual < 1.2 * expected + noise, planted.name


def test_truth_tells_of_every_planted_thing(name: str) -> None:
    company, truth = read_world(name).company, read_world(name).truth(2_000, seed=9)
    assert [b.name for b in truth.breakdowns] == [b.name for b in company.breakdowns]
    assert {b.shape.value for b in truth.breakdowns} == {"step", "ramp", "spike", "slow_leak"}
    assert {len(b.slice) for b in truth.breakdowns} >= {1, 2, 3}
    assert {d.kind for d in truth.decoys} == set(DecoyKind)
    assert any(fix.effect == 0 for fix in truth.fixes)
    assert any(fix.effect <= -0.3 for fix in truth.fixes)
    assert len(company.causes) >= 25
    assert msgspec.json.decode(msgspec.json.encode(truth), type=Truth) == truth


def test_extra_failures_carry_the_name_of_their_breakdown(planted_play: Play) -> None:
    company, events = planted_play.played.scene.company, planted_play.played.events
    paths = list(company.causes)
    for code, spec in enumerate(company.breakdowns):
        mine = events.breakdown == code
        assert set(events.cause[mine].tolist()) == {paths.index(spec.cause)}


@cache
def without_breakdowns(name: str) -> Play:
    company = msgspec.structs.replace(read_world(name).company, breakdowns=(), fixes=())
    return World(company).play(seed=1)


@pytest.fixture
def calm_play(name: str) -> Play:
    return without_breakdowns(name)


def test_decoys_change_no_rate(calm_play: Play) -> None:
    played = calm_play.played
    company = played.scene.company
    business = transactions(company, played.scene.calendar, played.failures, played.scene.seed)
    day = np.asarray(business["occurred_at"].cast("int64")) // 1_000_000 // DAY
    day -= day.min()
    for decoy in company.decoys:
        inside = np.ones(len(day), dtype=bool)
        for dimension, value in decoy.slice.items():
            inside &= np.array(business[dimension].cast("string").to_pylist()) == value
        exposure = np.asarray(business["exposure"])[inside]
        orders = np.bincount(day[inside], weights=exposure, minlength=company.days)
        complaints = complaint_days(calm_play, decoy.slice)
        during = np.zeros(company.days, dtype=bool)
        window = day_codes(company, decoy.first, decoy.last)
        during[window] = True
        around = np.zeros(company.days, dtype=bool)
        around[max(window.start - 45, 0) : window.stop + 45] = True
        around &= ~during
        rates = [complaints[days].sum() / orders[days].sum() for days in (during, around)]
        error = np.sqrt(sum(1 / complaints[days].sum() for days in (during, around)))
        assert abs(rates[0] / rates[1] - 1) < 3.5 * error + 0.05, decoy.name
        if decoy.kind is DecoyKind.VOLUME_SURGE:
            assert orders[during].mean() > 1.4 * orders[around].mean()


def test_a_survey_wave_asks_more_and_scores_the_same(calm_play: Play) -> None:
    heard, company = calm_play.played.heard, calm_play.played.scene.company
    survey = (heard.kind == list(Kind).index(Kind.SURVEY)) & (heard.csat < 0)
    wave = next(d for d in company.decoys if d.kind is DecoyKind.SURVEY_WAVE)
    window = day_codes(company, wave.first, wave.last)
    day = heard.at // DAY
    during = survey & (day >= window.start) & (day < window.stop)
    per_day = during.sum() / (window.stop - window.start)
    assert per_day > 2.5 * (survey & ~during).sum() / company.days
    ordinary = calm_play.played.events.cause[heard.event] < 0
    change = heard.nps[during & ordinary].mean() - heard.nps[survey & ~during & ordinary].mean()
    assert abs(change) < 0.25


def test_fixes_work_as_much_as_they_are_said_to(name: str) -> None:
    company = msgspec.structs.replace(read_world(name).company, breakdowns=())
    with_fixes = World(company).play(100_000, seed=2).played.events
    without = World(msgspec.structs.replace(company, fixes=())).play(100_000, seed=2).played.events
    paths = list(company.causes)
    for fix in company.fixes:
        if fix.slice:
            continue
        since = day_codes(company, fix.at, company.period.last).start
        counts = [
            ((e.cause == paths.index(fix.cause)) & (e.day >= since)).sum() / (e.cause >= 0).sum()
            for e in (with_fixes, without)
        ]
        assert counts[0] / counts[1] - 1 == pytest.approx(fix.effect, abs=0.12)
