"""Does the effect differ between units, and does the model know with whom? Qini, PEHE."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Interval
from amends.engine.stats.intervals import percentile_bootstrap

from .nuisance import Learner, choose_learner, make_folds, predict_outcomes
from .study import Study


@dataclass(frozen=True, slots=True)
class QiniCurve:
    """Extra outcomes per treated unit when only the best-scored share is treated.

    `share` and `gain` have shape (n + 1,), from 0 to 1; `coefficient` is the area between the curve
    and the line of treating at random.
    """

    share: Floats
    gain: Floats
    coefficient: float


def unit_effects(
    study: Study, *, n_folds: int = 5, learner: Learner | None = None, seed: int = 0
) -> Floats:
    """Return the predicted effect of arm 1 against arm 0 on each unit, out of fold (T-learner)."""
    folds = make_folds(study.arm, n_folds, np.random.default_rng(seed))
    learner = learner or choose_learner(len(study.arm))
    predicted = predict_outcomes(
        study.covariates.matrix, study.arm, study.outcome, study.n_arms, folds, learner
    )
    return np.asarray(predicted[:, 1] - predicted[:, 0])


def qini(score: Floats, is_treated: NDArray[np.bool_], outcome: Floats) -> QiniCurve:
    """Return the Qini curve of a score in a randomised sample (Radcliffe 2007).

    Gain at the best share φ: (Σ outcome of treated − Σ outcome of control · N_t ÷ N_c, both within
    φ) ÷ all treated. Units of equal score are taken together, so that their order plays no part.

    Raises
    ------
    ValueError
        One of the arms is empty.

    """
    n_treated = int(is_treated.sum())
    if n_treated in {0, len(score)}:
        raise ValueError("A Qini curve needs treated and untreated units.")
    order = np.argsort(-score, kind="stable")
    treated, y = is_treated[order].astype(np.float64), outcome[order]
    n_t, n_c = np.cumsum(treated), np.cumsum(1 - treated)
    y_t, y_c = np.cumsum(y * treated), np.cumsum(y * (1 - treated))
    scale = np.divide(n_t, n_c, out=np.zeros_like(n_t), where=n_c > 0)
    last_of_tie = np.r_[np.diff(score[order]) != 0, True]
    share = np.r_[0.0, (np.arange(1, len(y) + 1) / len(y))[last_of_tie]]
    gain = np.r_[0.0, ((y_t - y_c * scale) / n_treated)[last_of_tie]]
    area = float(np.trapezoid(gain - gain[-1] * share, share))
    return QiniCurve(share, gain, area)


def qini_interval(
    score: Floats,
    is_treated: NDArray[np.bool_],
    outcome: Floats,
    rng: np.random.Generator,
    *,
    draws: int = 200,
    level: float = 0.95,
) -> Interval:
    """Return the bootstrap interval of the coefficient: units drawn again, the score kept.

    An interval that holds 0 says that no difference between units was found.
    """
    arms = np.flatnonzero(is_treated), np.flatnonzero(~is_treated)
    found = []
    for _ in range(draws):
        rows = np.concatenate([rng.choice(arm, len(arm)) for arm in arms])
        found.append(qini(score[rows], is_treated[rows], outcome[rows]).coefficient)
    return percentile_bootstrap(np.array(found), level=level)


def root_pehe(predicted: Floats, true: Floats) -> float:
    """Return the root mean squared error of unit effects (Hill 2011)."""
    return float(np.sqrt(np.mean((predicted - true) ** 2)))
