"""Falls, storms, levels that people accept, planned events, and input that is not fit to judge."""

import numpy as np
import pytest
from tests.engine.detect.detect_batches import batch_of, day_starts

from amends.engine.contracts import BadInput, NewLevel, SeriesKey, Severity, Slice
from amends.engine.detect import (
    DetectConfig,
    break_storms,
    detect,
    find_breakdowns,
    group_overlapping,
    severity_of,
)

CONFIG = DetectConfig(false_alarms_per_series_year=0.1)


def test_a_source_that_falls_silent_is_a_breakdown_and_one_that_grows_is_none() -> None:
    rng = np.random.default_rng(1)
    rate = np.full((3, 200), 12.0)
    rate[0, 180:] = 0.0
    rate[1, 180:] = 40.0
    batch = batch_of(rng.poisson(rate), measure="signals_received")
    (finding,) = find_breakdowns(detect(batch, CONFIG), batch)
    assert finding.row == 0
    assert 180 <= finding.detected <= 182
    assert finding.onset_earliest <= 180 <= finding.onset_latest
    assert finding.is_sure
    assert finding.excess == pytest.approx(240, rel=0.15)
    level, reasons = severity_of(finding, bucket_days=1)
    assert level is not Severity.LOW
    assert any("fewer than expected" in reason for reason in reasons)


def test_a_source_that_hardly_ever_speaks_is_not_missed() -> None:
    values = np.zeros((1, 300))
    values[0, :200:20] = 1
    assert not detect(batch_of(values, measure="signals_received"), CONFIG).event.any()


def test_what_alarms_at_once_everywhere_is_told_once_and_says_so() -> None:
    rng = np.random.default_rng(2)
    values = rng.poisson(12, (30, 150))
    values[:, 140] *= 6
    batch = batch_of(values)
    detection = detect(batch, CONFIG)
    found = group_overlapping(find_breakdowns(detection, batch), batch, detection)
    assert len([f for f in found if f.part_of is None]) == 30
    told = break_storms(found, 30)
    (lead,) = [f for f in told if f.part_of is None]
    assert lead.stands_for == 29
    assert {f.part_of for f in told if f is not lead} == {lead.breakdown_id}
    assert [f.key for f in told] == [f.key for f in found]


def test_a_few_at_once_are_no_storm() -> None:
    rng = np.random.default_rng(3)
    values = rng.poisson(12, (30, 150))
    values[:5, 140] *= 6
    batch = batch_of(values)
    found = find_breakdowns(detect(batch, CONFIG), batch)
    assert break_storms(found, 30) == found


def test_a_level_that_a_person_accepts_is_the_new_normal_from_then_on() -> None:
    rng = np.random.default_rng(4)
    rate = np.full((2, 220), 15.0)
    rate[:, 150:] = 30.0
    batch = batch_of(rng.poisson(rate))
    starts = day_starts(220)
    word = NewLevel(batch.keys[0], since=starts[150], told_at=starts[170])
    without, told = detect(batch, CONFIG), detect(batch, CONFIG, [word])
    np.testing.assert_array_equal(told.event[:, :170], without.event[:, :170])
    assert without.event[:, 175:].all()
    assert not told.event[0, 170:].any()
    assert told.event[1, 175:].all()
    assert (0, 1) in told.accepted
    np.testing.assert_allclose(told.expected[0, 180:].mean(), 30, rtol=0.15)


def test_a_planned_event_widens_the_range_and_its_kind_is_learnt() -> None:
    rng = np.random.default_rng(5)
    planned = np.zeros((1, 300))
    for begin in (100, 200, 280):
        planned[0, begin : begin + 5] = 1
    rate = np.where(planned > 0, 24.0, 12.0) * np.ones((20, 1))
    values = rng.poisson(rate)
    known = detect(batch_of(values, planned=planned), CONFIG)
    assert not known.is_alarm[:, planned[0] > 0].any()
    assert detect(batch_of(values), CONFIG).is_alarm[:, 100:105].any(axis=1).mean() > 0.9
    first, third = (known.high[:, t] - known.low[:, t] for t in (101, 282))
    assert first.mean() > 1.5 * third.mean()
    np.testing.assert_allclose(known.expected[:, 281:285].mean(), 24, rtol=0.15)


def test_an_ill_past_does_not_lift_what_is_expected() -> None:
    rng = np.random.default_rng(6)
    values = rng.poisson(10, (40, 300))
    values[:20, [110, 111, 160, 161, 210, 211]] += 12
    found = detect(batch_of(values), CONFIG)
    late = found.expected[:, 280:].mean(axis=1)
    assert late[:20].mean() == pytest.approx(late[20:].mean(), rel=0.03)


@pytest.mark.parametrize(
    ("starts", "says"),
    [
        (day_starts(60)[::-1], "ascending"),
        (np.repeat(day_starts(30), 2), "ascending"),
        (np.concatenate([day_starts(30), day_starts(61)[31:]]), "equally spaced"),
    ],
    ids=["unsorted or a clock that jumped back", "a time twice", "a time that is missing"],
)
def test_times_that_do_not_run_are_refused(starts: np.ndarray, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        detect(batch_of(np.ones((1, 60)), starts=starts))


def test_one_observation_is_not_judged_and_says_why() -> None:
    values = np.full((1, 60), np.nan)
    values[0, 59] = 1e6
    found = detect(batch_of(values), CONFIG)
    assert not found.is_alarm.any()
    assert "1 known day buckets" in found.not_watched[SeriesKey("complaint_rate", _slice())]


def test_a_lone_enormous_value_alarms_once_and_does_not_poison_the_baseline() -> None:
    rng = np.random.default_rng(8)
    values = rng.poisson(5, (1, 200)).astype(float)
    values[0, 120] = 1e9
    found = detect(batch_of(values), CONFIG)
    assert found.is_alarm[0, 120]
    assert found.event.max() == 1
    assert found.expected[0, 160:].mean() == pytest.approx(5, rel=0.3)


def _slice() -> Slice:
    return Slice.of({"product": "p000"})
