"""One conformance suite that every family, and so every arm, runs through."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.detect.detect_batches import batch_of

from amends.engine.contracts import BadInput, Floats, SeriesBatch, Slice
from amends.engine.detect import DetectConfig, Judged, Monitor, Past, detect

CONFIG = DetectConfig(false_alarms_per_series_year=0.5)
SLICES = [Slice(), Slice.of({"a": "1"}), Slice.of({"a": "2"}), Slice.of({"a": "1", "cause": "c"})]
MEASURES = ("complaints", "complaint_rate", "csat_harm", "signals_received", "resolutions")


def _batch(measure: str, seed: int, n: int = 130) -> SeriesBatch:
    """Return four series, the second with a breakdown in it, with gaps."""
    rng = np.random.default_rng(seed)
    exposure = rng.integers(30, 60, (4, n)).astype(float)
    rate = np.full((4, n), 0.2)
    rate[1, 90:100] *= 0.05 if measure in ("signals_received", "resolutions") else 3
    values = rng.binomial(exposure.astype(int), rate).astype(float)
    values[3, : int(rng.integers(0, 30))] = 0
    values[rng.random(values.shape) < 0.05] = np.nan
    if measure in ("complaints", "signals_received"):
        exposure = np.ones_like(exposure)
    return batch_of(values, exposure, measure=measure, slices=SLICES)


def _monitor(batch: SeriesBatch) -> Monitor:
    return Monitor(batch.keys, batch.bucket, batch.starts[0], CONFIG)


def _run(monitor: Monitor, batch: SeriesBatch, until: int) -> list[Judged]:
    """Let the buckets up to `until` come in one by one."""
    said = []
    for t in range(monitor.state.at, until):
        if monitor.is_due:
            seen = slice(t - monitor.look_back, t)
            monitor.fit(Past(batch.value[:, seen], batch.exposure[:, seen]))
        said.append(monitor.update(batch.value[:, t : t + 1], batch.exposure[:, t : t + 1]))
    return said


def _column(said: list[Judged], name: str) -> Floats:
    return np.concatenate([getattr(part, name) for part in said], axis=1)


@pytest.mark.parametrize("measure", MEASURES)
@given(seed=st.integers(0, 1000), stop=st.integers(1, 129))
@settings(max_examples=4, deadline=None)
def test_a_watch_that_was_stopped_goes_on_as_if_it_had_not_been(
    measure: str, seed: int, stop: int
) -> None:
    batch = _batch(measure, seed)
    straight = _monitor(batch)
    whole = _run(straight, batch, 130)
    stopped = _monitor(batch)
    said = _run(stopped, batch, stop)
    again = Monitor.from_bytes(stopped.to_bytes(), batch.bucket, batch.starts[0], CONFIG)
    said += _run(again, batch, 130)
    for field in fields(Judged):
        np.testing.assert_array_equal(_column(said, field.name), _column(whole, field.name))
    assert again.to_bytes() == straight.to_bytes()


@pytest.mark.parametrize("measure", MEASURES)
@given(seed=st.integers(0, 1000))
@settings(max_examples=3, deadline=None)
def test_a_bucket_at_a_time_says_what_the_whole_batch_says(measure: str, seed: int) -> None:
    batch = _batch(measure, seed)
    whole = detect(batch, CONFIG)
    said = _run(_monitor(batch), batch, 130)
    for name in ("score", "expected", "low", "high", "calm"):
        np.testing.assert_allclose(_column(said, name), getattr(whole, name), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(_column(said, "event"), whole.event)
    assert whole.event[1, 90:100].any()


@pytest.mark.parametrize("measure", MEASURES)
def test_the_shared_properties_hold_for_every_family(measure: str) -> None:
    batch = _batch(measure, 5)
    whole = detect(batch, CONFIG)
    order = np.array([2, 0, 3, 1])
    mixed = batch_of(
        batch.value[order],
        batch.exposure[order],
        measure=measure,
        slices=[SLICES[i] for i in order],
    )
    np.testing.assert_array_equal(detect(mixed, CONFIG).event, whole.event[order])
    early = batch_of(batch.value[:, :95], batch.exposure[:, :95], measure=measure, slices=SLICES)
    np.testing.assert_array_equal(detect(early, CONFIG).event, whole.event[:, :95])
    constant = np.full((4, 130), 12.0)
    calm = batch_of(constant, np.full((4, 130), 60.0), measure=measure, slices=SLICES)
    assert not detect(calm, CONFIG).event.any()


def test_to_peek_changes_nothing_and_sees_what_an_update_would() -> None:
    batch = _batch("complaints", 7)
    monitor = _monitor(batch)
    _run(monitor, batch, 95)
    kept = monitor.to_bytes()
    column = batch.value[:, 95:96], batch.exposure[:, 95:96]
    early = monitor.peek(column[0] * 0.5, column[1], 0.5)
    seen = monitor.peek(*column)
    assert monitor.to_bytes() == kept
    np.testing.assert_allclose(early.expected, seen.expected * 0.5)
    np.testing.assert_array_equal(monitor.update(*column).score, seen.score)


def test_a_state_of_other_settings_or_no_state_is_refused() -> None:
    batch = _batch("complaints", 8)
    kept = _monitor(batch).to_bytes()
    other = DetectConfig(false_alarms_per_series_year=0.6)
    with pytest.raises(BadInput, match="other settings"):
        Monitor.from_bytes(kept, batch.bucket, batch.starts[0], other)
    for broken in (b"", b"nonsense", kept[: len(kept) // 2]):
        with pytest.raises(BadInput, match="no state"):
            Monitor.from_bytes(broken, batch.bucket, batch.starts[0], CONFIG)


def test_a_bucket_without_a_baseline_is_refused() -> None:
    batch = _batch("complaints", 9)
    with pytest.raises(ValueError, match="is to be fitted"):
        _monitor(batch).update(batch.value, batch.exposure)
