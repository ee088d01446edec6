import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.track.effects import (
    Covariates,
    Learner,
    PolicyLog,
    Study,
    policy_values,
    qini,
    qini_interval,
    root_pehe,
    unit_effects,
)

REWARDS = np.array([0.1, 0.3, 0.6])


def log_of(n: int, seed: int, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    action = rng.choice(3, n, p=chance)
    return action, (rng.random(n) < REWARDS[action]).astype(float)


def test_the_value_of_another_policy_is_recovered() -> None:
    chance, target = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.7])
    action, reward = log_of(8000, 1, chance)
    truth = float(target @ REWARDS)
    predicted = np.full(8000, float(target @ REWARDS))
    log = PolicyLog(reward, chance[action], target[action], REWARDS[action], predicted)
    values = {v.method: v for v in policy_values(log)}
    for value in values.values():
        assert value.estimate == pytest.approx(truth, abs=0.05)
        assert value.interval is not None
        assert value.interval.low < truth < value.interval.high
    assert (values["dr"].standard_error or 1) < (values["ips"].standard_error or 0)


def test_a_log_that_hardly_ever_did_it_is_refused() -> None:
    chance = np.array([0.5, 0.4999, 0.0001])
    action, reward = log_of(10_000, 2, chance)
    target = np.array([0.0, 0.0, 1.0])
    log = PolicyLog(reward, chance[action], target[action])
    for value in policy_values(log):
        assert value.estimate is None
        assert value.effective_sample_size < 10
        assert value.warnings[0].startswith("Refused")


@pytest.mark.parametrize("chance", [0.0, 1.5])
def test_impossible_propensities_are_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        PolicyLog(np.ones(1), np.array([chance]), np.ones(1))


def uplift_study(n: int) -> tuple[Study, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(n, 2))
    true = np.where(x[:, 0] > 0, 1.0, -0.5)
    arm = rng.integers(0, 2, n)
    outcome = true * arm + rng.normal(size=n)
    return Study(arm, outcome, Covariates(x, ("a", "b"))), true


def test_qini_tells_a_score_that_knows_from_one_that_does_not() -> None:
    study, true = uplift_study(4000)
    treated = study.arm == 1
    learned = unit_effects(study, learner=Learner.STACK)
    knows = qini(learned, treated, study.outcome).coefficient
    random = qini(np.random.default_rng(0).normal(size=4000), treated, study.outcome).coefficient
    perfect = qini(true, treated, study.outcome).coefficient
    assert knows > 0.6 * perfect > 0
    assert abs(random) < 0.3 * perfect
    assert root_pehe(learned, true) < 0.5
    rng = np.random.default_rng(1)
    span = qini_interval(learned, treated, study.outcome, rng, draws=50)
    assert 0 < span.low < knows < span.high


@given(st.integers(0, 50))
def test_qini_does_not_depend_on_row_order_and_a_constant_score_knows_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score, y = rng.integers(0, 5, 60).astype(float), rng.normal(size=60)
    treated = np.arange(60) % 2 == 0
    order = rng.permutation(60)
    first = qini(score, treated, y).coefficient
    again = qini(score[order], treated[order], y[order]).coefficient
    assert first == pytest.approx(again)
    assert qini(np.zeros(60), treated, y).coefficient == pytest.approx(0)


def test_qini_needs_both_arms() -> None:
    with pytest.raises(ValueError, match="untreated"):
        qini(np.ones(3), np.ones(3, dtype=bool), np.ones(3))
