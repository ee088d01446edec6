import numpy as np
import pytest
from tests.engine.detect.detect_batches import batch_of, day_starts

from amends.engine.contracts import BadInput
from amends.engine.detect import DetectConfig, detect, resolution_pace

HISTORY = 60


def _cases(rng: np.random.Generator, days: int, slow_from: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when cases were opened and resolved; a resolution takes thrice as long in the end."""
    opened = np.sort(rng.integers(0, days, 25 * days))
    resolved = np.full(len(opened), np.iinfo(np.int64).max)
    open_still = np.ones(len(opened), dtype=bool)
    for day in range(days):
        hazard = 0.3 if day < slow_from else 0.1
        done = open_still & (opened <= day) & (rng.random(len(opened)) < hazard)
        resolved[done] = day
        open_still &= ~done
    starts = day_starts(days)
    when = np.where(open_still, np.datetime64("NaT"), starts[np.minimum(resolved, days - 1)])
    return starts[opened], when + np.timedelta64(12, "h")


def test_a_slowdown_is_seen_while_the_slow_cases_are_still_open() -> None:
    opened, resolved = _cases(np.random.default_rng(1), 120, 110)
    starts = day_starts(120)
    rows = np.arange(len(opened)) % 2
    pace = resolution_pace(opened, resolved, rows, 2, starts, HISTORY)
    usual = pace.resolved[:, 20:110].sum(axis=1) / pace.due[:, 20:110].sum(axis=1)
    np.testing.assert_allclose(usual, 1.0, atol=0.07)
    slow = pace.resolved[:, 110:].sum(axis=1) / pace.due[:, 110:].sum(axis=1)
    np.testing.assert_allclose(slow, 1 / 3, atol=0.07)
    batch = batch_of(pace.resolved, pace.due, measure="resolutions")
    found = detect(batch, DetectConfig(false_alarms_per_series_year=0.1))
    assert (np.argmax(found.is_alarm[:, 110:], axis=1) <= 3).all()
    assert found.is_alarm[:, 110:].any(axis=1).all()
    assert not found.is_alarm[:, :110].any()


def test_more_cases_at_the_usual_pace_are_no_slowdown() -> None:
    rng = np.random.default_rng(2)
    opened, resolved = _cases(rng, 120, 120)
    again = opened >= day_starts(120)[100]
    opened = np.concatenate([opened, *[opened[again]] * 3])
    resolved = np.concatenate([resolved, *[resolved[again]] * 3])
    pace = resolution_pace(
        opened, resolved, np.zeros(len(opened), dtype=np.int64), 1, day_starts(120), HISTORY
    )
    batch = batch_of(pace.resolved, pace.due, measure="resolutions")
    assert not detect(batch, DetectConfig(false_alarms_per_series_year=0.1)).is_alarm.any()


def test_what_comes_later_does_not_change_what_was_due() -> None:
    opened, resolved = _cases(np.random.default_rng(3), 120, 120)
    rows = np.zeros(len(opened), dtype=np.int64)
    whole = resolution_pace(opened, resolved, rows, 1, day_starts(120), HISTORY)
    early = resolution_pace(opened, resolved, rows, 1, day_starts(90), HISTORY)
    np.testing.assert_allclose(early.due, whole.due[:, :90])
    np.testing.assert_allclose(early.resolved, whole.resolved[:, :90])


def test_a_case_that_ends_before_it_begins_is_refused() -> None:
    starts = day_starts(10)
    with pytest.raises(BadInput, match="case 1"):
        resolution_pace(starts[[5]], starts[[4]], np.zeros(1, dtype=np.int64), 1, starts, 5)
    nothing = np.array(["NaT"], dtype="datetime64[us]")
    with pytest.raises(BadInput, match="case 1"):
        resolution_pace(nothing, starts[[4]], np.zeros(1, dtype=np.int64), 1, starts, 5)
