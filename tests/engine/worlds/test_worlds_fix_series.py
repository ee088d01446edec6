"""Series around a fix: the true effect is in them, and in no control."""

import numpy as np
import pytest

from amends.engine.contracts import BadInput
from amends.engine.worlds import read_world


def log_ratio(fixed: np.ndarray, control: np.ndarray, at: int) -> float:
    ratio = np.log(fixed.reshape(-1, 14).sum(axis=1) / control.reshape(-1, 14).sum(axis=1))
    return float(ratio[at // 14 :].mean() - ratio[: at // 14].mean())


@pytest.mark.parametrize("effect", [0.0, -0.15, -0.4])
def test_the_effect_shows_against_the_controls(effect: float) -> None:
    world = read_world("telco")
    found = []
    for seed in range(30):
        series = world.fix_series("new-firmware", seed=seed, effect=effect)
        control = np.sum(list(series.controls.values()), axis=0)
        found.append(log_ratio(series.fixed, control, 126))
    assert np.mean(found) == pytest.approx(np.log1p(effect), abs=0.02)


def test_series_have_the_shape_that_was_asked_for() -> None:
    series = read_world("bank").fix_series("instant-rail", seed=1, days_before=28, days_after=14)
    assert len(series.days) == len(series.fixed) == 42
    assert series.days[28] == series.at
    assert series.cause not in series.controls
    assert len(series.controls) >= 10
    assert series.effect == -0.4
    assert series.fixed.mean() == pytest.approx(200, rel=0.5)


def test_a_fix_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadInput, match="instant-rail"):
        read_world("bank").fix_series("nope")
    with pytest.raises(BadInput):
        read_world("bank").fix_series("instant-rail", days_after=0)
    with pytest.raises(BadInput):
        read_world("bank").fix_series("instant-rail", effect=-2)
