"""Cross-fitted predictions: what each unit would have had in each arm, and how likely each arm was.

Every prediction for a unit comes from models that did not see it (Chernozhukov et al. 2018). Models
are fitted on one thread: sums keep their order, so a seed gives the same figures everywhere, and
many small fits do not wait for each other's threads.
"""

from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no stubs

from amends.engine.contracts import Floats

Codes = NDArray[np.int64]

STACK_FROM: Final = 500
"""Units below which only linear models are fitted."""
_QUADRATIC_UP_TO: Final = 40
_FLOOR: Final = 1e-6
"""Estimated probabilities are kept this far from 0, so that weights are finite."""
_RIDGE: Final = np.logspace(-1, 5, 7)


class Learner(StrEnum):
    """What predicts outcomes and propensities."""

    LINEAR = "linear"
    """Ridge, and logistic regression."""
    STACK = "stack"
    """Ridge, ridge with squares and products, and boosted trees, weighted by how well each
    predicts units it has not seen (van der Laan, Polley & Hubbard 2007)."""


class _Regressor(Protocol):
    def fit(self, x: Floats, y: Floats) -> object: ...
    def predict(self, x: Floats) -> Floats: ...


def make_folds(arm: Codes, n_folds: int, rng: np.random.Generator) -> Codes:
    """Return the fold of each unit, shape (n,), the arms spread evenly over the folds."""
    fold = np.empty(len(arm), dtype=np.int64)
    for value in np.unique(arm):
        rows = np.flatnonzero(arm == value)
        fold[rng.permutation(rows)] = (np.arange(len(rows)) + value) % n_folds
    return fold


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]  # has no stubs
def predict_outcomes(
    x: Floats, arm: Codes, outcome: Floats, n_arms: int, folds: Codes, learner: Learner
) -> Floats:
    """Return the predicted outcome of each unit in each arm, shape (n, K).

    Units whose outcome is NaN are predicted but not learned from.
    """
    predicted = np.empty((len(x), n_arms))
    for k in range(n_arms):
        mine = (arm == k) & ~np.isnan(outcome)
        columns = [
            _out_of_fold(make, x, outcome, mine, folds) for make in _regressors(x, mine, learner)
        ]
        predicted[:, k] = _combine(np.column_stack(columns), outcome, mine)
    return predicted


@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]  # has no stubs
def predict_arms(x: Floats, arm: Codes, n_arms: int, folds: Codes, learner: Learner) -> Floats:
    """Return the estimated probability of each arm, shape (n, K), rows summing to 1."""
    if not x.shape[1]:
        shares = np.bincount(arm, minlength=n_arms) / len(arm)
        return np.tile(shares, (len(x), 1))
    linear = _arms_out_of_fold(LogisticRegression(C=1.0, max_iter=500), x, arm, n_arms, folds)
    if learner is Learner.LINEAR:
        return linear
    trees = _arms_out_of_fold(_boosted_classifier(), x, arm, n_arms, folds)
    mixes = [w * trees + (1 - w) * linear for w in (0.0, 0.25, 0.5, 0.75, 1.0)]
    losses = [-np.log(mix[np.arange(len(arm)), arm]).mean() for mix in mixes]
    return mixes[int(np.argmin(losses))]


def choose_learner(n: int) -> Learner:
    """Return the learner for so many units."""
    return Learner.STACK if n >= STACK_FROM else Learner.LINEAR


def _regressors(x: Floats, mine: NDArray[np.bool_], learner: Learner) -> list[_Regressor]:
    linear: list[_Regressor] = [RidgeCV(alphas=_RIDGE)]
    if learner is Learner.LINEAR or not x.shape[1] or mine.sum() < 100:
        return linear
    if 1 < x.shape[1] <= _QUADRATIC_UP_TO:
        squares = PolynomialFeatures(2, include_bias=False)
        linear.append(make_pipeline(squares, RidgeCV(alphas=_RIDGE)))
    return [
        *linear,
        HistGradientBoostingRegressor(
            max_iter=100, learning_rate=0.1, max_leaf_nodes=12, l2_regularization=1.0,
            early_stopping=False, random_state=0,
        ),
    ]  # fmt: skip


def _boosted_classifier() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.08, max_leaf_nodes=8, l2_regularization=5.0,
        early_stopping=False, random_state=0,
    )  # fmt: skip


def _out_of_fold(
    model: _Regressor, x: Floats, y: Floats, mine: NDArray[np.bool_], folds: Codes
) -> Floats:
    predicted = np.empty(len(x))
    if not x.shape[1]:
        return _fold_means(y, mine, folds)
    for fold in np.unique(folds):
        inside, train = folds == fold, mine & (folds != fold)
        model.fit(x[train], y[train])
        predicted[inside] = model.predict(x[inside])
    return predicted


def _fold_means(y: Floats, mine: NDArray[np.bool_], folds: Codes) -> Floats:
    predicted = np.empty(len(y))
    for fold in np.unique(folds):
        train = mine & (folds != fold)
        predicted[folds == fold] = y[train].mean() if train.any() else 0.0
    return predicted


def _combine(columns: Floats, outcome: Floats, mine: NDArray[np.bool_]) -> Floats:
    """Weight predictions by non-negative least squares; they keep their mean."""
    if columns.shape[1] == 1 or not mine.any():
        return columns[:, 0]
    weights, _ = nnls(columns[mine] - outcome[mine].mean(), outcome[mine] - outcome[mine].mean())
    if weights.sum() <= 0:
        return columns[:, 0]
    return np.asarray(columns @ (weights / weights.sum()), dtype=np.float64)


def _arms_out_of_fold(
    model: LogisticRegression | HistGradientBoostingClassifier,
    x: Floats,
    arm: Codes,
    n_arms: int,
    folds: Codes,
) -> Floats:
    predicted = np.zeros((len(x), n_arms))
    for fold in np.unique(folds):
        inside, train = folds == fold, folds != fold
        if len(np.unique(arm[train])) < 2:
            predicted[np.ix_(inside, [int(arm[train][0])])] = 1.0
            continue
        model.fit(x[train], arm[train])
        predicted[np.ix_(inside, model.classes_)] = model.predict_proba(x[inside])
    predicted = np.clip(predicted, _FLOOR, None)
    return np.asarray(predicted / predicted.sum(axis=1, keepdims=True), dtype=np.float64)
