"""From margins to probabilities, and from probabilities to "unsure"."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from .features import Ints, Reals

LOWEST_SHARPNESS: Final = 0.2
HIGHEST_SHARPNESS: Final = 60.0
EVEN_ODDS: Final = 0.5
COVERAGE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Quality:
    """How right predictions are. `coverage` is the share that is not unsure."""

    accuracy: float
    macro_f1: float
    coverage: float
    selective_accuracy: float | None
    calibration_error: float


def probabilities(margins: Reals, sharpness: float) -> Reals:
    """Return softmax(sharpness · margins), float32 (N, K)."""
    scaled = margins * np.float32(sharpness)
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def fit_sharpness(margins: Reals, cause: Ints) -> float:
    """Return the factor on margins whose softmax is the most likely (temperature scaling).

    Guo, Pleiss, Sun & Weinberger (2017); the factor is one over their temperature. `margins` must
    come from models that have not seen the row.
    """
    true = margins[np.arange(len(cause)), cause].astype(np.float64)
    top = margins.max(axis=1).astype(np.float64)
    below = margins - top[:, None]

    def loss(log_factor: float) -> float:
        factor = np.exp(log_factor)
        total = factor * top + np.log(np.exp(factor * below).sum(axis=1))
        return float(np.mean(total - factor * true))

    bounds = (np.log(LOWEST_SHARPNESS), np.log(HIGHEST_SHARPNESS))
    return float(
        np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x)
    )


def threshold_for(confidence: Reals, is_right: NDArray[np.bool_], precision: float) -> float:
    """Return the lowest confidence above which labels were right at the asked rate.

    Looks at every cut of the held-out predictions, from all of them down; never below one half:
    a label is at least more likely right than wrong. Where no cut with at least twenty texts
    reaches the precision, the confidence itself is asked to reach it.
    """
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(is_right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero((right >= precision) & (np.arange(1, len(order) + 1) >= 20))
    if len(enough) == 0:
        return precision
    return max(float(confidence[order[enough[-1]]]), EVEN_ODDS)


def candidates_from(share: Reals, cause: Ints, coverage: float = COVERAGE) -> float:
    """Return the probability from which a cause belongs to a set that holds the right one.

    Split conformal prediction (Vovk, Gammerman & Shafer 2005; Sadinle, Lei & Wasserman 2019) on
    held-out probabilities (N, K): in `coverage` of texts like these the set of all causes at least
    that likely holds the right one, whatever the probabilities are worth.
    """
    own = np.sort(share[np.arange(len(cause)), cause])
    if not len(own):
        return 0.0
    place = int(np.floor((1 - coverage) * (len(own) + 1))) - 1
    return float(own[place]) if place >= 0 else 0.0


def quality(predicted: Ints, confidence: Reals, cause: Ints, *, threshold: float = 0.0) -> Quality:
    """Score forced predictions against the truth, and those at or above the threshold."""
    is_right = predicted == cause
    sure = confidence >= threshold
    return Quality(
        accuracy=float(is_right.mean()),
        macro_f1=macro_f1(predicted, cause),
        coverage=float(sure.mean()),
        selective_accuracy=float(is_right[sure].mean()) if sure.any() else None,
        calibration_error=calibration_error(confidence, is_right),
    )


def macro_f1(predicted: Ints, cause: Ints) -> float:
    """Return the mean F1 over the causes that occur in the truth or the predictions."""
    n = int(max(predicted.max(), cause.max())) + 1
    hits = np.bincount(cause[predicted == cause], minlength=n)
    total = np.bincount(predicted, minlength=n) + np.bincount(cause, minlength=n)
    occurs = total > 0
    return float((2 * hits[occurs] / total[occurs]).mean())


def calibration_error(confidence: Reals, is_right: NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error over equally wide bins (Naeini et al. 2015)."""
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    size = np.bincount(place, minlength=bins)
    gap = np.abs(
        np.bincount(place, weights=confidence, minlength=bins)
        - np.bincount(place, weights=is_right, minlength=bins)
    )
    return float(gap.sum() / max(size.sum(), 1))


def joined(share: Reals, columns: NDArray[np.int64] | None, n_causes: int) -> Reals:
    """Return the probabilities (N, K) of causes: those of their columns together."""
    if columns is None:
        return share
    found = np.zeros((len(share), n_causes), np.float32)
    for column, cause in enumerate(columns.tolist()):
        found[:, cause] += share[:, column]
    return found
