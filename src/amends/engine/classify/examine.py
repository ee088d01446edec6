"""What held-out predictions tell of a classifier: calibration, threshold, noise in the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .calibrate import Quality, fit_sharpness, probabilities, quality, threshold_for
from .features import Ints
from .linear import fit_head, folds, out_of_fold, stack

MOST_EXAMINED: Final = 12_000
"""Rows that the cross-validation looks at; more would only cost time."""
MOST_MARGINS: Final = 4_000_000
"""Rows × causes whose held-out margins are kept in memory."""
_MOST_TRIED: Final = 8_000
_SURE: Final = 0.5
_DOUBTED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome: what to use, how good it is, and the share of contradicted labels."""

    cost: float
    sharpness: float
    threshold: float
    quality: Quality
    contradicted: float
    """Share of labels that the rest of the data speaks against."""


def examine(
    texts: Sequence[str],
    rows: csr_matrix,
    cause: Ints,
    extra: tuple[csr_matrix, Ints],
    *,
    n_causes: int,
    n_real: int,
    costs: Sequence[float],
    n_folds: int,
    precision: float,
    noisy: bool,
    seed: int,
) -> Examination:
    """Cross-validate the linear head; equal texts never stand on both sides.

    With more than `MOST_EXAMINED` rows a sample of them is looked at, so the figures are those of
    a slightly smaller training set.

    Causes at or above `n_real` are "no cause": never predicted, right when left unsure.

    A label is contradicted when the held-out model gives another cause more than half and the
    given one less than a tenth (after the confident off-diagonal of Northcutt, Jiang & Chuang
    2021). Contradicted labels stay in the training, where a linear model shrugs them off; but when
    the labels are known to be `noisy`, calibration and threshold leave them out, for they would
    make good predictions look wrong.
    """
    kept = _sample(len(texts), MOST_EXAMINED, seed + 2)
    texts, rows, cause = [texts[i] for i in kept], rows[kept], cause[kept]
    checked = _sample(len(texts), max(MOST_MARGINS // n_causes, 1_000), seed + 1)
    fold = folds(texts, cause, n_folds, np.random.default_rng(seed))
    cost = _best_cost(rows, cause, extra, fold, costs, n_causes)
    margins = out_of_fold(rows, cause, n_causes, fold, checked=checked, cost=cost, extra=extra)
    given = cause[checked]
    doubted = _contradicted(margins, given)
    used = ~doubted if noisy else np.ones(len(given), bool)
    sharpness = fit_sharpness(margins[used], given[used])
    share = probabilities(margins, sharpness)[:, :n_real]
    predicted = share.argmax(axis=1)
    confidence = share[np.arange(len(given)), predicted]
    is_right = predicted == given
    threshold = threshold_for(confidence[used], is_right[used], precision)
    real = given < n_real
    scored = quality(predicted[real], confidence[real], given[real], threshold=threshold)
    return Examination(cost, sharpness, threshold, scored, float(doubted.mean()))


def _best_cost(
    rows: csr_matrix,
    cause: Ints,
    extra: tuple[csr_matrix, Ints],
    fold: Ints,
    costs: Sequence[float],
    n_causes: int,
) -> float:
    """Return the cost whose head is right most often on the first fold."""
    if len(costs) == 1:
        return costs[0]
    held_out = np.flatnonzero(fold == 0)[:_MOST_TRIED]
    seen = np.flatnonzero(fold != 0)[:_MOST_TRIED]
    x, y = stack(rows[seen], cause[seen], extra)
    right = [
        (fit_head(x, y, n_causes, cost=c).margins(rows[held_out]).argmax(axis=1) == cause[held_out])
        for c in costs
    ]
    return costs[int(np.argmax([r.mean() for r in right]))]


def _sample(n_rows: int, most: int, seed: int) -> Ints:
    return np.sort(np.random.default_rng(seed).permutation(n_rows)[:most])


def _contradicted(margins: NDArray[np.float32], given: Ints) -> NDArray[np.bool_]:
    share = probabilities(margins, fit_sharpness(margins, given))
    own = share[np.arange(len(given)), given]
    return np.asarray((share.max(axis=1) > _SURE) & (own < _DOUBTED))
