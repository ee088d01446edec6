from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from amends.engine.contracts import Floats
from amends.engine.track.effects import (
    Covariates,
    EffectConfig,
    Estimand,
    Learner,
    Study,
    cohort_effects,
    encode_covariates,
    estimate_effect,
    two_arms,
)

EFFECT = 0.5
LINEAR = EffectConfig(learner=Learner.LINEAR, n_placebos=4)


def confounded(n: int, seed: int, *, effect: float = EFFECT) -> tuple[Study, Floats]:
    """Return a log in which those who would do badly anyway are treated more, and its chances."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    chance = 1 / (1 + np.exp(-(-0.4 - 1.0 * x[:, 0] + 0.5 * x[:, 1])))
    arm = (rng.random(n) < chance).astype(np.int64)
    outcome = x[:, 0] + 0.5 * x[:, 1] ** 2 + effect * arm + rng.normal(size=n)
    return Study(arm, outcome, Covariates(x, ("need", "tenure", "noise"))), chance


@pytest.mark.parametrize("learner", list(Learner))
def test_the_effect_is_found_where_the_plain_difference_has_the_wrong_sign(
    learner: Learner,
) -> None:
    study, chance = confounded(1500, 1)
    naive = study.outcome[study.arm == 1].mean() - study.outcome[study.arm == 0].mean()
    assert naive < 0
    config = replace(LINEAR, learner=learner)
    for case in (study, replace(study, propensity=two_arms(chance))):
        found = estimate_effect(case, config)
        assert found.effect.estimate == pytest.approx(EFFECT, abs=0.25)
        assert found.effect.interval is not None
        assert found.effect.interval.low < EFFECT < found.effect.interval.high
        assert found.effect.placebo is not None
        assert found.effect.placebo > 0.001


def test_either_model_may_be_wrong() -> None:
    study, chance = confounded(4000, 2)
    blind = Covariates(np.empty((4000, 0)), ())
    right_chance = replace(study, covariates=blind, propensity=two_arms(chance))
    assert estimate_effect(right_chance, LINEAR).effect.estimate == pytest.approx(EFFECT, abs=0.2)
    flat = two_arms(np.full(4000, study.arm.mean()))
    with_square = Covariates(
        np.column_stack([study.covariates.matrix, study.covariates.matrix[:, 1] ** 2]),
        (*study.covariates.names, "tenure squared"),
    )
    right_model = replace(study, covariates=with_square, propensity=flat)
    assert estimate_effect(right_model, LINEAR).effect.estimate == pytest.approx(EFFECT, abs=0.15)
    both_wrong = replace(study, covariates=blind, propensity=flat)
    off = estimate_effect(both_wrong, LINEAR).effect.estimate
    assert off is not None
    assert off < 0


def test_effect_on_the_treated_differs_when_effects_do() -> None:
    study, chance = confounded(6000, 3, effect=0)
    gain = np.where(study.covariates.matrix[:, 0] < 0, 1.0, 0.0)
    study = replace(study, outcome=study.outcome + gain * study.arm, propensity=two_arms(chance))
    for estimand, truth in (
        (Estimand.ATE, gain.mean()),
        (Estimand.ATT, gain[study.arm == 1].mean()),
    ):
        found = estimate_effect(study, replace(LINEAR, estimand=estimand)).effect
        assert found.estimate == pytest.approx(truth, abs=0.12)


def test_nothing_is_found_where_nothing_is() -> None:
    alarms = []
    for seed in range(60):
        study, chance = confounded(400, 100 + seed, effect=0)
        fair = np.clip(chance, 0.05, 0.95)
        arm = (np.random.default_rng(seed).random(400) < fair).astype(np.int64)
        found = estimate_effect(replace(study, arm=arm, propensity=two_arms(fair)), LINEAR)
        assert found.p_value is not None
        alarms.append(found.p_value < 0.05)
    assert np.mean(alarms) <= 0.1


def test_a_placebo_outcome_that_moves_is_reported() -> None:
    study, _ = confounded(2000, 4)
    hidden = Study(study.arm, study.outcome, Covariates(study.covariates.matrix[:, 2:], ("noise",)))
    before = study.covariates.matrix[:, 0]
    effect = estimate_effect(hidden, LINEAR, placebo=before).effect
    assert effect.placebo is not None
    assert effect.placebo < 1e-6
    assert any(w.startswith("Placebo") for w in effect.warnings)
    fair = estimate_effect(study, LINEAR, placebo=np.random.default_rng(0).normal(size=2000))
    assert fair.effect.placebo is not None
    assert fair.effect.placebo > 0.01


def test_rows_missing_from_one_arm_break_the_sample_ratio() -> None:
    study, chance = confounded(3000, 5)
    study = replace(study, propensity=two_arms(chance))
    ratio = estimate_effect(study, LINEAR).sample_ratio_p_value
    assert ratio is not None
    assert ratio > 0.001
    kept = np.flatnonzero((study.arm == 0) | (np.arange(3000) % 4 > 0))
    lost = estimate_effect(study.take(kept), LINEAR)
    assert lost.sample_ratio_p_value is not None
    assert lost.sample_ratio_p_value < 1e-6
    assert any(w.startswith("Sample ratio") for w in lost.effect.warnings)


def test_propensities_of_another_log_fail_the_balance_placebo() -> None:
    study, chance = confounded(3000, 6)
    wrong = replace(study, propensity=two_arms(np.full(3000, study.arm.mean())))
    assert chance.std() > 0.1
    placebo = estimate_effect(wrong, LINEAR).effect.placebo
    assert placebo is not None
    assert placebo < 1e-6


def test_what_the_data_cannot_carry_is_refused_with_the_reason() -> None:
    study, _ = confounded(3000, 7)
    few = study.take(np.r_[np.flatnonzero(study.arm == 1)[:20], np.flatnonzero(study.arm == 0)])
    small = study.take(np.arange(80))
    lone = np.where(study.arm == 1, 0.5, 0.5)
    lone[np.flatnonzero(study.arm == 1)[0]] = 0.001
    heavy = replace(study, propensity=two_arms(lone))
    for case, word in ((few, "30 of each"), (small, "100 are needed"), (heavy, "limit")):
        effect = estimate_effect(case, LINEAR).effect
        assert effect.estimate is None
        assert effect.interval is None
        assert any(w.startswith("Refused") and word in w for w in effect.warnings)
    nobody = replace(study, arm=np.zeros(3000, dtype=np.int64))
    assert estimate_effect(nobody, LINEAR).effect.warnings == (
        "Refused: 0 treated and 3,000 untreated units.",
    )


def test_trimming_drops_the_hopeless_and_says_so() -> None:
    study, chance = confounded(3000, 8)
    hopeless = np.where(np.arange(3000) < 300, 0.001, chance)
    arm = np.where(np.arange(3000) < 300, 0, study.arm)
    study = replace(study, arm=arm, propensity=two_arms(hopeless))
    found = estimate_effect(study, replace(LINEAR, trim=(0.02, 0.98)))
    assert found.n_trimmed >= 300
    assert "units trimmed" in found.effect.warnings[-1]
    assert found.effect.overlap > 0.9


def test_those_who_do_not_answer_are_weighted_for() -> None:
    study, chance = confounded(6000, 9)
    rng = np.random.default_rng(1)
    x, chance = study.covariates.matrix[:, 0], np.clip(chance, 0.1, 0.9)
    arm = (rng.random(6000) < chance).astype(np.int64)
    outcome = study.outcome + EFFECT * (arm - study.arm) + 2.0 * arm * (x > 0)
    answers = rng.random(6000) < np.where(x > 0, 0.3, 0.9)
    told = np.where(answers, outcome, np.nan).astype(np.float64)
    study = replace(study, arm=arm, outcome=told, propensity=two_arms(chance))
    effect = estimate_effect(study, LINEAR).effect
    assert effect.estimate == pytest.approx(EFFECT + 1, abs=0.25)
    assert any("did not answer" in w for w in effect.warnings)


def test_repeated_customers_widen_the_interval() -> None:
    study, chance = confounded(600, 10)
    study = replace(study, propensity=two_arms(chance))
    copies = np.repeat(np.arange(600), 4)
    repeated = replace(study.take(copies), cluster=copies)
    alone = replace(repeated, cluster=None)
    wide, narrow = (estimate_effect(s, LINEAR).effect.standard_error for s in (repeated, alone))
    assert wide is not None
    assert narrow is not None
    assert wide == pytest.approx(2 * narrow, rel=0.15)


def test_effects_per_action_and_cohort_are_corrected_for_their_number() -> None:
    rng = np.random.default_rng(11)
    n = 6000
    x = rng.normal(size=(n, 2))
    cohort = np.array(["new", "old", "rare"])[np.minimum(rng.integers(0, 100, n) // 49, 2)]
    logits = np.column_stack([np.zeros(n), x[:, 0], -x[:, 0]])
    chance = 0.9 * np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) + 0.1 / 3
    arm = (rng.random(n)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    outcome = x[:, 0] + (arm == 1) * (cohort == "new") + rng.normal(size=n)
    study = Study(arm, outcome, Covariates(x, ("a", "b")), chance)
    found = cohort_effects(study, ["none", "credit", "callback"], cohort.tolist(), LINEAR)
    by_key = {(f.action, f.cohort): f for f in found}
    assert len(found) == 6
    hit = by_key["credit", "new"]
    assert hit.effect.estimate == pytest.approx(1, abs=0.2)
    assert hit.p_holm is not None
    assert hit.p_holm < 1e-6
    others = [f for k, f in by_key.items() if k != ("credit", "new") and f.p_holm is not None]
    assert all(f.p_holm is not None and f.p_value is not None for f in others)
    assert all((f.p_holm or 0) >= (f.p_value or 0) for f in others)
    assert by_key["credit", "rare"].effect.estimate is None


def test_covariates_of_any_kind_become_numbers() -> None:
    table = pa.table(
        {
            "age": pa.array([20, None, 40, 30]),
            "tier": pa.array(["gold", "basic", None, "gold"]).dictionary_encode(),
            "is_new": [True, False, True, True],
            "constant": [1.0, 1.0, 1.0, 1.0],
        }
    )
    covariates = encode_covariates(table)
    assert covariates.names == (
        "age", "age is missing", "tier=gold", "tier=(none)", "is_new=true",
    )  # fmt: skip
    assert np.isfinite(covariates.matrix).all()
    assert covariates.matrix.mean(axis=0) == pytest.approx(0, abs=1e-12)


def test_lengths_that_do_not_fit_are_refused() -> None:
    blank = Covariates(np.empty((3, 0)), ())
    with pytest.raises(ValueError, match="one length"):
        Study(np.zeros(2, dtype=np.int64), np.zeros(3), blank)
    with pytest.raises(ValueError, match="sum to 1"):
        Study(np.zeros(3, dtype=np.int64), np.zeros(3), blank, np.full((3, 2), 0.4))
