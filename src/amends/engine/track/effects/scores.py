"""Doubly robust scores: right when either the outcome model or the propensities are right.

Robins, Rotnitzky & Zhao 1994; weights normalised (Hájek); cross-fitting after Chernozhukov 2018.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats
from amends.engine.stats.intervals import design_effect

from .nuisance import Learner, choose_learner, make_folds, predict_arms, predict_outcomes
from .study import Study

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """AIPW scores of n units in K arms with what they were made of; arrays of shape (n, K)."""

    study: Study
    score: Floats
    """The mean of a column estimates the mean outcome had all been in that arm."""
    predicted: Floats
    propensity: Floats
    weight: Floats
    """1 ÷ P(arm) in the arm that was done (÷ P(answered), too), 0 in the others."""
    is_given: bool
    """The propensities were logged, not estimated."""


def aipw_scores(
    study: Study, *, n_folds: int = 5, learner: Learner | None = None, seed: int = 0
) -> Scores:
    """Return the cross-fitted AIPW scores of each unit in each arm."""
    learner = learner or choose_learner(len(study.arm))
    folds = make_folds(study.arm, n_folds, np.random.default_rng(seed))
    x, k = study.covariates.matrix, study.n_arms
    predicted = predict_outcomes(x, study.arm, study.outcome, k, folds, learner)
    propensity = study.propensity
    if propensity is None:
        propensity = predict_arms(x, study.arm, k, folds, learner)
    done = study.arm[:, None] == np.arange(k)
    answered = ~np.isnan(study.outcome)
    weight = done * answered[:, None] / propensity
    if not answered.all():
        weight /= _answering(study, answered, folds)[:, None]
    residual = np.where(answered[:, None], study.outcome[:, None] - predicted, 0.0)
    mean_weight = weight.mean(axis=0)
    steadied = weight / np.where(mean_weight > 0, mean_weight, 1.0)
    left = (steadied * residual).mean(axis=0)
    score = predicted + left + steadied * (residual - left)
    return Scores(study, score, predicted, propensity, weight, study.propensity is not None)


def _answering(study: Study, answered: NDArray[np.bool_], folds: Codes) -> Floats:
    """Return the probability that a unit answered, given covariates and arm."""
    arms = (study.arm[:, None] == np.arange(1, study.n_arms)).astype(np.float64)
    x = np.column_stack([study.covariates.matrix, arms])
    told = answered.astype(np.int64)
    chance: Floats = predict_arms(x, told, 2, folds, Learner.LINEAR)
    return chance[:, 1]


@dataclass(frozen=True, slots=True)
class Contrast:
    """An average with its standard error and the n influence values behind it."""

    estimate: float
    standard_error: float
    influence: Floats


def average_effect(scores: Scores, treated: int, control: int) -> Contrast:
    """Return the average treatment effect over all units (ATE)."""
    return _contrast(scores.score[:, treated] - scores.score[:, control], scores.study.cluster)


def effect_on_treated(scores: Scores, treated: int, control: int) -> Contrast:
    """Return the average effect on those who were treated (ATT)."""
    predicted = scores.predicted[:, control]
    answered = ~np.isnan(scores.study.outcome)
    residual = np.where(answered, scores.study.outcome - predicted, 0.0)
    mine = _steadied(scores.weight[:, treated] * scores.propensity[:, treated])
    theirs = _steadied(scores.weight[:, control] * scores.propensity[:, treated])
    with_it, without = float((mine * residual).mean()), float((theirs * residual).mean())
    influence = mine * (residual - with_it) - theirs * (residual - without)
    return _contrast(influence, scores.study.cluster, with_it - without)


def _steadied(weight: Floats) -> Floats:
    mean = weight.mean()
    return weight / mean if mean > 0 else weight


def _contrast(values: Floats, cluster: Codes | None, estimate: float | None = None) -> Contrast:
    n = len(values)
    centre = float(values.mean()) if estimate is None else estimate
    influence = values - values.mean()
    spread = float(values.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    error = spread * np.sqrt(design_effect(values, cluster))
    return Contrast(centre, float(error), influence)
