import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.detect.detect_batches import batch_of, negative_binomial

from amends.engine.contracts import BadInput, Slice
from amends.engine.detect import DetectConfig, detect

CONFIG = DetectConfig(false_alarms_per_series_year=0.5)


@given(level=st.sampled_from([0, 1, 5, 300]), exposure=st.sampled_from([1.0, 1e-3, 1e6]))
@settings(max_examples=8, deadline=None)
def test_a_constant_never_alarms(level: int, exposure: float) -> None:
    values = np.full((2, 200), float(level))
    found = detect(batch_of(values, np.full(values.shape, exposure)), CONFIG)
    assert not found.is_alarm.any()
    assert not found.event.any()


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_the_order_of_series_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slices = [Slice(), Slice.of({"a": "1"}), Slice.of({"a": "2"}), Slice.of({"a": "1", "b": "1"})]
    values = rng.poisson([[20.0], [9.0], [11.0], [4.0]], (4, 150))
    order = rng.permutation(4)
    straight = detect(batch_of(values, slices=slices), CONFIG)
    mixed = detect(batch_of(values[order], slices=[slices[i] for i in order]), CONFIG)
    np.testing.assert_allclose(mixed.score, straight.score[order], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(mixed.is_alarm, straight.is_alarm[order])


@given(unit=st.sampled_from([1e-4, 0.5, 1000.0]), seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_the_unit_of_exposure_changes_nothing(unit: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    exposure = rng.uniform(50, 150, (3, 150))
    values = rng.poisson(exposure * 0.1)
    one = detect(batch_of(values, exposure), CONFIG)
    other = detect(batch_of(values, exposure * unit), CONFIG)
    np.testing.assert_allclose(other.score, one.score, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other.expected, one.expected, rtol=1e-6)


@given(cut=st.integers(60, 199), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_future_does_not_reach_the_past(cut: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.poisson(8, (3, 200))
    values[0, 120:140] *= 3
    whole = detect(batch_of(values), CONFIG)
    early = detect(batch_of(values[:, :cut]), CONFIG)
    np.testing.assert_allclose(early.score, whole.score[:, :cut], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(early.event, whole.event[:, :cut])


@pytest.mark.parametrize("dispersion", [1.0, 2.5])
@pytest.mark.parametrize("mean", [0.4, 4.0, 40.0])
def test_false_alarms_keep_the_budget(mean: float, dispersion: float) -> None:
    rng = np.random.default_rng(20)
    values = negative_binomial(rng, np.full((120, 400), mean), dispersion)
    config = DetectConfig(false_alarms_per_series_year=2.0)
    found = detect(batch_of(values), config)
    opened = (found.event[:, 1:] > found.event[:, :-1]).sum()
    series_years = (~np.isnan(found.score)).sum() / 365.25
    assert opened <= 2.0 * series_years + 2 * np.sqrt(2.0 * series_years)


@pytest.mark.parametrize(("mean", "within"), [(3.0, 12), (10.0, 5), (50.0, 2)])
def test_twice_the_usual_is_found_within_a_few_buckets(mean: float, within: int) -> None:
    rng = np.random.default_rng(3)
    rate = np.full((40, 240), mean)
    rate[:, 200:] *= 2
    found = detect(batch_of(rng.poisson(rate)), CONFIG)
    delay = np.argmax(found.is_alarm[:, 200:], axis=1)
    assert found.is_alarm[:, 200:].any(axis=1).mean() >= 0.95
    assert np.median(delay) <= within


def test_a_volume_surge_at_constant_rate_is_no_breakdown() -> None:
    rng = np.random.default_rng(4)
    exposure = np.full((20, 240), 200.0)
    exposure[:, 180:] *= 4
    found = detect(batch_of(rng.poisson(exposure * 0.05), exposure), CONFIG)
    assert not found.is_alarm.any()


def test_the_missing_part_of_the_last_bucket_is_no_change() -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(30, (30, 200))
    values[:, -1] = rng.poisson(30 * 0.3, 30)
    found = detect(batch_of(values, measure="complaints", elapsed=0.3), CONFIG)
    np.testing.assert_allclose(found.expected[:, -1], 9, rtol=0.3)
    assert not found.is_alarm[:, -1].any()


def test_a_breakdown_in_the_incomplete_bucket_is_seen() -> None:
    rng = np.random.default_rng(5)
    values = rng.poisson(30, (30, 200))
    values[:, -1] = rng.poisson(30 * 0.5 * 5, 30)
    found = detect(batch_of(values, measure="complaints", elapsed=0.5), CONFIG)
    assert found.is_alarm[:, -1].mean() > 0.9


def test_a_short_history_says_so_and_does_not_alarm() -> None:
    values = np.full((2, 100), 5.0)
    values[1, :80] = np.nan
    values[1, 90] = 400
    found = detect(batch_of(values), CONFIG)
    (key,) = found.not_watched
    assert key.slice == Slice.of({"product": "p001"})
    assert "20 known day buckets" in found.not_watched[key]
    assert np.isnan(found.score[1]).all()
    assert not found.is_alarm.any()


def test_a_series_is_not_judged_by_what_came_before_its_history_sufficed() -> None:
    rng = np.random.default_rng(11)
    values = rng.binomial(2, 0.8, (8, 160)).astype(float)
    values[:4, ::3] = np.nan
    values[4:, :70] = np.nan
    answers = np.full(values.shape, 2.0)
    found = detect(batch_of(values, answers, measure="csat_harm"), CONFIG)
    assert not found.is_alarm.any()
    assert np.nanmax(found.score) < 6


def test_the_time_before_a_launch_is_no_history_but_silence_about_a_cause_is() -> None:
    rng = np.random.default_rng(12)
    values = rng.poisson(6, (4, 200))
    values[:3, :150] = 0
    terms = [{"product": "new"}, {"cause": "a", "product": "new"}, {"cause": "a"}, {}]
    slices = [Slice.of(t) for t in terms]
    found = detect(batch_of(values, measure="complaints", slices=slices), CONFIG)
    assert not found.is_alarm[:2].any()
    assert np.isnan(found.score[:2, :190]).all()
    assert np.flatnonzero(found.is_alarm[2])[0] - 150 <= 1


def test_gaps_are_neither_zeros_nor_alarms() -> None:
    rng = np.random.default_rng(6)
    values = rng.poisson(12, (4, 300)).astype(float)
    values[:, 100:130] = np.nan
    values[:, ::7] = np.nan
    found = detect(batch_of(values), CONFIG)
    assert np.isnan(found.score[np.isnan(values)]).all()
    assert not found.is_alarm.any()
    assert np.nanmedian(found.expected) == pytest.approx(12, rel=0.1)


def test_a_single_complaint_after_silence_calls_nobody() -> None:
    values = np.zeros((1, 300))
    values[0, 250] = 1
    assert not detect(batch_of(values), CONFIG).is_alarm.any()


def test_days_of_rest_are_expected() -> None:
    rng = np.random.default_rng(7)
    closed = np.zeros(400)
    closed[::25] = 1.0
    rate = np.where(closed > 0, 40.0, 10.0) * np.ones((10, 1))
    values = rng.poisson(rate)
    strict = DetectConfig(false_alarms_per_series_year=0.01)
    assert not detect(batch_of(values, closed=closed), strict).is_alarm[:, 150:].any()
    assert detect(batch_of(values), strict).is_alarm[:, 150:].any()


def test_a_rise_of_bad_answers_is_found_and_more_answers_are_not() -> None:
    rng = np.random.default_rng(8)
    answers = np.full((20, 240), 30)
    answers[:10, 200:] = 120
    share = np.full(answers.shape, 0.2)
    share[10:, 200:] = 0.4
    values = rng.binomial(answers, share)
    strict = DetectConfig(false_alarms_per_series_year=0.02)
    found = detect(batch_of(values, answers.astype(float), measure="csat_harm"), strict)
    assert not found.is_alarm[:10].any()
    assert found.is_alarm[10:, 200:212].any(axis=1).mean() >= 0.95
    assert not found.is_alarm[10:, :200].any()


def test_a_new_level_is_accepted_in_the_end() -> None:
    rng = np.random.default_rng(9)
    rate = np.full((5, 420), 15.0)
    rate[:, 150:] = 30.0
    found = detect(batch_of(rng.poisson(rate)), CONFIG)
    assert found.accepted
    np.testing.assert_allclose(np.nanmean(found.expected[:, 380:], axis=1), 30, rtol=0.2)
    assert not found.is_alarm[:, 300:].any()


def _with(values: object, **kwargs: object) -> None:
    detect(batch_of(np.asarray(values, dtype=float), **kwargs))  # type: ignore[arg-type]


def test_what_cannot_be_judged_is_refused_with_its_place() -> None:
    good = np.full((1, 60), 3.0)
    bad = good.copy()
    bad[0, 7] = -1
    with pytest.raises(BadInput, match="product=p000, bucket 2023-01-09") as refusal:
        _with(bad)
    assert "value is -1.0" in refusal.value.what
    bad[0, 7] = np.inf
    with pytest.raises(BadInput, match="value is inf"):
        _with(bad)
    for wrong in (0.0, -2.0, np.nan, np.inf):
        exposure = np.ones((1, 60))
        exposure[0, 3] = wrong
        with pytest.raises(BadInput, match="exposure is"):
            _with(good, exposure=exposure)
    with pytest.raises(BadInput, match="at most the exposure"):
        _with(good, measure="csat_harm")
    with pytest.raises(BadInput, match="budget of 0"):
        DetectConfig(false_alarms_per_series_year=0)


def test_nothing_to_watch_is_no_error() -> None:
    assert detect(batch_of(np.zeros((0, 50)))).keys == ()
    assert detect(batch_of(np.zeros((1, 0)))).score.shape == (1, 0)
    assert len(detect(batch_of(np.full((2, 60), np.nan))).not_watched) == 2
