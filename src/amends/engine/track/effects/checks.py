"""What may speak against an effect: sample ratio, weights, overlap, balance, placebos."""

from typing import Final

import numpy as np
from scipy import stats

from amends.engine.contracts import Floats
from amends.engine.stats.intervals import design_effect

from .config import EffectConfig, Estimand
from .nuisance import Learner
from .scores import Contrast, Scores, aipw_scores, average_effect, effect_on_treated
from .study import Study

_PLACEBO_UNITS: Final = 4000
"""More units than these do not make a placebo assignment more telling."""


def sample_ratio_p_value(scores: Scores) -> float | None:
    """Test that as many units are in each arm as the logged propensities say.

    Chi-square over the arms with the variance that the propensities imply (Fabijan et al. 2019);
    None when the propensities were estimated, and so agree by construction.
    """
    if not scores.is_given:
        return None
    k = scores.study.n_arms
    seen = np.bincount(scores.study.arm, minlength=k)[:-1]
    chance = scores.propensity[:, :-1]
    gap = seen - chance.sum(axis=0)
    covariance = np.diag(chance.sum(axis=0)) - chance.T @ chance
    statistic = float(gap @ np.linalg.pinv(covariance) @ gap)
    return float(stats.chi2.sf(statistic, k - 1))


def contrast_weights(
    scores: Scores, treated: int, control: int, estimand: Estimand
) -> tuple[Floats, Floats]:
    """Return the positive weights of the treated and the control units."""
    mine, theirs = scores.weight[:, treated], scores.weight[:, control]
    if estimand is Estimand.ATT:
        chance = scores.propensity[:, treated]
        mine, theirs = mine * chance, theirs * chance
    return mine[mine > 0], theirs[theirs > 0]


def effective_sample_size(mine: Floats, theirs: Floats) -> float:
    """Return the size of an even, unweighted trial that would be as precise.

    Kish's (Σw)² ÷ Σw² in each arm, joined as 4ab ÷ (a + b): one starved arm starves the contrast.
    """
    a, b = kish(mine), kish(theirs)
    return 4 * a * b / (a + b) if a and b else 0.0


def kish(weight: Floats) -> float:
    """Return how many equally weighted units the weighted ones are worth."""
    squares = float(weight @ weight)
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def overlap_share(scores: Scores, treated: int, control: int) -> float:
    """Return the share of units whose chance of treatment, of the two, lies in [0.05, 0.95]."""
    pair = scores.propensity[:, [treated, control]]
    chance = pair[:, 0] / np.maximum(pair.sum(axis=1), 1e-12)
    return float(((chance >= 0.05) & (chance <= 0.95)).mean())


def largest_imbalance(scores: Scores, treated: int, control: int) -> tuple[str, float] | None:
    """Return the covariate whose weighted means differ most, in standard deviations."""
    covariates = scores.study.covariates
    if not covariates.names:
        return None
    mine, theirs = scores.weight[:, treated], scores.weight[:, control]
    gap = mine @ covariates.matrix / mine.sum() - theirs @ covariates.matrix / theirs.sum()
    worst = int(np.argmax(np.abs(gap)))
    return covariates.names[worst], float(gap[worst])


def balance_p_value(scores: Scores, treated: int, control: int) -> float | None:
    """Test that logged propensities balance what was known before: no action changes the past.

    Each covariate is a placebo outcome, weighted; the smallest p value, Bonferroni-adjusted.
    """
    x = scores.study.covariates.matrix
    if not x.shape[1]:
        return None
    influence = np.zeros_like(x)
    gap = np.zeros(x.shape[1])
    for column, sign in ((treated, 1), (control, -1)):
        weight = scores.weight[:, column] / scores.weight[:, column].mean()
        mean = weight @ x / len(x)
        gap += sign * mean
        influence += sign * weight[:, None] * (x - mean)
    error = np.sqrt((influence**2).sum(axis=0)) / len(x)
    effects = [design_effect(column, scores.study.cluster) for column in influence.T]
    z = np.abs(gap) / np.maximum(error * np.sqrt(effects), 1e-12)
    return float(min(1.0, len(z) * 2 * stats.norm.sf(z.max())))


def placebo_outcome_p_value(
    study: Study, placebo: Floats, treated: int, control: int, config: EffectConfig
) -> float:
    """Estimate the effect on something that was settled before the action; it should be none."""
    before = Study(study.arm, placebo, study.covariates, study.propensity, study.cluster)
    scores = aipw_scores(before, n_folds=config.n_folds, learner=config.learner, seed=config.seed)
    return two_sided(contrast(scores, treated, control, config.estimand))


def placebo_assignment_p_value(
    study: Study, scores: Scores, treated: int, control: int, config: EffectConfig
) -> float | None:
    """Shuffle who was treated among units alike in propensity and estimate again; no effect is due.

    The squared t values of `n_placebos` shuffles are summed up against chi-square: a small p value
    means that the estimator finds effects where there are none. It cannot see unknown confounders.
    """
    pair = np.flatnonzero((study.arm == treated) | (study.arm == control))
    rng = np.random.default_rng(config.seed)
    if len(pair) > _PLACEBO_UNITS:
        pair = rng.choice(pair, _PLACEBO_UNITS, replace=False)
    chance = scores.propensity[pair, treated]
    stratum = np.searchsorted(np.quantile(chance, [0.2, 0.4, 0.6, 0.8]), chance)
    is_treated = (study.arm[pair] == treated).astype(np.int64)
    if min(np.bincount(is_treated, minlength=2)) < 2 * config.n_folds:
        return None
    total = 0.0
    for _ in range(config.n_placebos):
        shuffled = is_treated.copy()
        for value in range(5):
            rows = np.flatnonzero(stratum == value)
            shuffled[rows] = rng.permutation(shuffled[rows])
        again = Study(shuffled, study.outcome[pair], study.take(pair).covariates)
        found = aipw_scores(again, n_folds=config.n_folds, learner=Learner.LINEAR, seed=config.seed)
        t = contrast(found, 1, 0, config.estimand)
        total += (t.estimate / t.standard_error) ** 2 if t.standard_error > 0 else 0.0
    return float(stats.chi2.sf(total, config.n_placebos))


def contrast(scores: Scores, treated: int, control: int, estimand: Estimand) -> Contrast:
    """Return the effect that the estimand asks for."""
    if estimand is Estimand.ATT:
        return effect_on_treated(scores, treated, control)
    return average_effect(scores, treated, control)


def two_sided(found: Contrast) -> float:
    """Return the two-sided p value of no effect."""
    if not found.standard_error > 0:
        return 1.0
    return float(2 * stats.norm.sf(abs(found.estimate) / found.standard_error))
