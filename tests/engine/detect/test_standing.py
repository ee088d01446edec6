"""The standing watch: a look at a few series says what their whole course says."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.detect.detect_batches import batch_of

from amends.engine.contracts import NewLevel, SeriesBatch, Slice
from amends.engine.detect import (
    LAG,
    DetectConfig,
    Judged,
    Monitor,
    catch_up,
    look,
    put,
    reaches,
    replay,
    with_above,
    with_places,
)

CONFIG = DetectConfig(false_alarms_per_series_year=0.5)
SLICES = [Slice(), Slice.of({"a": "1"}), Slice.of({"a": "2"}), Slice.of({"a": "1", "cause": "c"})]
MEASURES = ("complaints", "complaint_rate", "csat_harm")
DAYS = 120


def _batch(measure: str, seed: int) -> SeriesBatch:
    """Return four series, the second with a breakdown at the end."""
    rng = np.random.default_rng(seed)
    exposure = rng.integers(30, 60, (4, DAYS)).astype(float)
    rate = np.full((4, DAYS), 0.2)
    rate[1, -6:] *= 3
    values = rng.binomial(exposure.astype(int), rate).astype(float)
    if measure == "complaints":
        exposure = np.ones_like(exposure)
    return batch_of(values, exposure, measure=measure, slices=SLICES)


def _part(batch: SeriesBatch, rows: list[int]) -> SeriesBatch:
    return SeriesBatch(
        tuple(batch.keys[row] for row in rows),
        batch.bucket,
        batch.starts,
        batch.value[rows],
        batch.exposure[rows],
    )


def _stood(batch: SeriesBatch, stops: list[int], levels: list[NewLevel] | None = None) -> Monitor:
    """Let the watch be caught up now and then, as days pass."""
    monitor = Monitor(batch.keys, batch.bucket, batch.starts[0], CONFIG)
    for until in stops:
        catch_up(
            monitor, lambda a, b: (batch.value[:, a:b], batch.exposure[:, a:b]), until, levels or []
        )
    return monitor


@pytest.mark.parametrize("measure", MEASURES)
@given(seed=st.integers(0, 1000), stops=st.lists(st.integers(1, DAYS - LAG - 1), max_size=4))
@settings(max_examples=5, deadline=None)
def test_a_look_at_touched_series_says_what_their_course_says(
    measure: str, seed: int, stops: list[int]
) -> None:
    batch = _batch(measure, seed)
    settled = DAYS - 1 - LAG
    monitor = _stood(batch, [*sorted(stops), settled])
    assert reaches(monitor, DAYS - 1)
    rows = with_places(monitor, np.array([3]))
    said = look(monitor, rows, batch.value[rows, settled:], batch.exposure[rows, settled:], 1.0)
    keys = with_above(batch.keys, [batch.keys[3]])
    part = _part(batch, [batch.keys.index(key) for key in keys])
    course, _ = replay(part, CONFIG, settled)
    for field in fields(Judged):
        mine = getattr(said, field.name)[list(rows).index(3)]
        np.testing.assert_allclose(mine, getattr(course, field.name)[0, settled:], rtol=1e-9)


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_a_corrected_series_stands_as_if_it_had_always_been_so(seed: int) -> None:
    before = _batch("complaints", seed)
    after = _batch("complaints", seed)
    after.value[3, 60] += 9
    settled = DAYS - 1 - LAG
    wrong, right = (_stood(batch, [settled]) for batch in (before, after))
    keys = with_above(after.keys, [after.keys[3]])
    rows = np.array([after.keys.index(key) for key in keys])
    _, monitor = replay(_part(after, list(rows)), CONFIG, settled)
    mended = put(wrong.state, rows, monitor.state)
    for name in ("sums", "window", "recent", "run", "coef", "eta", "dispersion", "n_known"):
        np.testing.assert_allclose(getattr(mended, name), getattr(right.state, name), rtol=1e-9)


def test_new_series_are_added_behind_the_others() -> None:
    batch = _batch("complaint_rate", 5)
    settled = DAYS - 1 - LAG
    few = _stood(_part(batch, [0, 1]), [settled])
    _, monitor = replay(_part(batch, [0, 1, 2, 3]), CONFIG, settled)
    grown = put(few.state, np.array([0, 1, 2, 3]), monitor.state)
    whole = _stood(batch, [settled]).state
    np.testing.assert_allclose(grown.sums, whole.sums, rtol=1e-9)
    np.testing.assert_allclose(grown.eta, whole.eta, rtol=1e-9)


@pytest.mark.parametrize("since", [60, 80])
@given(seed=st.integers(0, 1000))
@settings(max_examples=4, deadline=None)
def test_a_level_that_a_person_accepts_ends_the_breakdown_and_is_expected_at_once(
    since: int, seed: int
) -> None:
    batch = _batch("complaint_rate", seed)
    batch.value[1, since:114] *= 2.5
    level = NewLevel(batch.keys[1], batch.starts[since], batch.starts[103])
    accepted, monitor = replay(batch, CONFIG, DAYS - 1 - LAG, [level])
    true = 2.5 * 0.2 * batch.exposure[1, 100:113].sum()
    assert 0.75 < accepted.expected[1, 100:113].sum() / true < 1.25
    assert [1, since] in monitor.state.levels[:, :2].tolist()


def test_a_level_is_taken_up_by_what_is_replayed_without_its_series() -> None:
    batch = _batch("complaint_rate", 7)
    batch.value[1, 60:114] *= 2.5
    plain, _ = replay(batch, CONFIG, DAYS - 1 - LAG)
    assert plain.event[1, 75:].all()
    level = NewLevel(batch.keys[1], batch.starts[60], batch.starts[103])
    accepted, monitor = replay(batch, CONFIG, DAYS - 1 - LAG, [level])
    assert not accepted.event[1, 100:113].any()
    others = _part(batch, [0, 2])
    apart, _ = replay(others, CONFIG, DAYS - 1 - LAG, [level])
    np.testing.assert_allclose(apart.score[1], accepted.score[2], rtol=1e-6, equal_nan=True)
    assert monitor.state.levels.tolist() == [[1, 60, 1]]


def test_what_stands_elsewhere_is_not_put_in() -> None:
    batch = _batch("complaints", 1)
    with pytest.raises(ValueError, match="cannot be put"):
        put(_stood(batch, [90]).state, np.array([0]), _stood(batch, [91]).state)
