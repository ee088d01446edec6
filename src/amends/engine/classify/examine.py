"""What held-out predictions tell of a classifier: calibration, threshold, noise in the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix

from .calibrate import (
    Quality,
    candidates_from,
    fit_sharpness,
    probabilities,
    quality,
    threshold_for,
)
from .features import Ints, Reals
from .linear import fit_head, folds
from .meaning import MOST_MEANT, asked_below, fit_meaning_head, fit_weights, joint_shares

MOST_EXAMINED: Final = 12_000
"""Rows that the cross-validation looks at; more would only cost time."""
MOST_MARGINS: Final = 4_000_000
"""Rows × causes whose held-out margins are kept in memory."""
_MOST_TRIED: Final = 8_000
_SURE: Final = 0.5
_DOUBTED: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled texts as rows of words (N, F) and, where a second look is learnt, vectors (N, D)."""

    words: csr_matrix
    cause: Ints
    vectors: Reals | None = None

    def take(self, kept: Ints) -> "Examples":
        """Return some of the rows."""
        vectors = None if self.vectors is None else self.vectors[kept]
        return Examples(self.words[kept], self.cause[kept], vectors)


@dataclass(frozen=True, slots=True)
class Look:
    """What a second look is to be like."""

    weights: tuple[float, float]
    """Log odds per margin of the words and of the meaning."""
    below: float
    """Confidence of the words under which it is taken."""
    threshold: float
    asked: float
    """Share of the held-out texts that were looked at twice."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome: what to use, how good it is, and the share of contradicted labels."""

    cost: float
    sharpness: float
    threshold: float
    quality: Quality
    contradicted: float
    """Share of labels that the rest of the data speaks against."""
    candidates_from: float
    """Probability from which a cause belongs to the set that holds the right one in 95 %."""
    look: Look | None = None


def examine(
    texts: Sequence[str],
    seen: Examples,
    extra: Examples,
    *,
    n_causes: int,
    n_real: int,
    costs: Sequence[float],
    n_folds: int,
    precision: float,
    noisy: bool,
    seed: int,
) -> Examination:
    """Cross-validate the heads; equal texts never stand on both sides.

    Causes at or above `n_real` are "no cause": never predicted, right when left unsure.

    A label is contradicted when the held-out model gives another cause more than half and the
    given one less than a tenth (after the confident off-diagonal of Northcutt, Jiang & Chuang
    2021). Contradicted labels stay in the training, where a linear model shrugs them off; but when
    the labels are known to be `noisy`, calibration and threshold leave them out, for they would
    make good predictions look wrong.
    """
    checked = sample(len(texts), max(MOST_MARGINS // n_causes, 1_000), seed + 1)
    fold = folds(texts, seen.cause, n_folds, np.random.default_rng(seed))
    cost = _best_cost(seen, extra, fold, costs, n_causes)
    margins = out_of_fold(seen, extra, n_causes, fold, checked=checked, cost=cost)
    given = seen.cause[checked]
    doubted = _contradicted(margins, given)
    used = ~doubted if noisy else np.ones(len(given), bool)
    sharpness = fit_sharpness(margins[used], given[used])
    first = _forced(probabilities(margins.copy(), sharpness)[:, :n_real])
    threshold = threshold_for(first.confidence[used], (first.cause == given)[used], precision)
    look, final = None, first
    if seen.vectors is not None and n_causes <= MOST_MEANT:
        meant = _meant_out_of_fold(
            (seen.vectors, seen.cause), extra, n_causes, fold, checked=checked
        )
        weights = fit_weights(margins[used], meant[used], given[used])
        both = _forced(joint_shares(margins, meant, weights)[:, :n_real])
        look, final = _look(first, both, given, used, weights, precision)
    real = given < n_real
    likely = candidates_from(final.share[real & used], given[real & used])
    scored = quality(
        final.cause[real],
        final.confidence[real],
        given[real],
        threshold=look.threshold if look else threshold,
    )
    return Examination(cost, sharpness, threshold, scored, float(doubted.mean()), likely, look)


@dataclass(frozen=True, slots=True, eq=False)
class _Forced:
    """The probabilities of N texts (N, K), the likeliest cause of each, and its probability."""

    share: Reals
    cause: Ints
    confidence: Reals


def _forced(share: Reals) -> _Forced:
    cause = share.argmax(axis=1)
    return _Forced(share, cause, share[np.arange(len(share)), cause])


def _look(
    first: _Forced,
    both: _Forced,
    given: Ints,
    used: NDArray[np.bool_],
    weights: tuple[float, float],
    precision: float,
) -> tuple[Look, _Forced]:
    """Return when to look twice, and what comes of it."""
    is_right = (first.cause == given, both.cause == given)
    below = asked_below(first.confidence[used], is_right[0][used], is_right[1][used])
    again = first.confidence < below
    final = _forced(np.where(again[:, None], both.share, first.share))
    threshold = threshold_for(final.confidence[used], (final.cause == given)[used], precision)
    return Look(weights, below, threshold, float(again.mean())), final


def _meant_out_of_fold(
    seen: tuple[Reals, Ints], extra: Examples, n_causes: int, fold: Ints, *, checked: Ints
) -> Reals:
    """Return the meaning's margins (len(checked), K) by heads that have not seen the row."""
    vectors, cause = seen
    own = extra.vectors if extra.vectors is not None else vectors[:0]
    margins = np.empty((len(checked), n_causes), np.float32)
    for k in np.unique(fold):
        x = np.concatenate([vectors[fold != k], own])
        y = np.concatenate([cause[fold != k], extra.cause[: len(own)]])
        head = fit_meaning_head(x, y, n_causes)
        held_out = fold[checked] == k
        margins[held_out] = vectors[checked[held_out]] @ head.weights + head.bias
    return margins


def out_of_fold(
    seen: Examples, extra: Examples, n_causes: int, fold: Ints, *, checked: Ints, cost: float
) -> Reals:
    """Return the words' margins (len(checked), K) by heads that have not seen the row.

    `extra` (of the taxonomy itself) is what every fold may learn from.
    """
    margins = np.empty((len(checked), n_causes), np.float32)
    for k in np.unique(fold):
        learnt = joined(seen.take(np.flatnonzero(fold != k)), extra)
        held_out = fold[checked] == k
        head = fit_head(learnt.words, learnt.cause, n_causes, cost=cost)
        margins[held_out] = head.margins(seen.words[checked[held_out]])
    return margins


def joined(seen: Examples, extra: Examples) -> Examples:
    """Return the rows of both."""
    vectors = None
    if seen.vectors is not None and extra.vectors is not None:
        vectors = np.concatenate([seen.vectors, extra.vectors])
    words = sparse.vstack([seen.words, extra.words], format="csr")
    return Examples(words, np.concatenate([seen.cause, extra.cause]), vectors)


def _best_cost(
    seen: Examples, extra: Examples, fold: Ints, costs: Sequence[float], n_causes: int
) -> float:
    """Return the cost whose head is right most often on the first fold."""
    if len(costs) == 1:
        return costs[0]
    held_out = seen.take(np.flatnonzero(fold == 0)[:_MOST_TRIED])
    learnt = joined(seen.take(np.flatnonzero(fold != 0)[:_MOST_TRIED]), extra)
    heads = [fit_head(learnt.words, learnt.cause, n_causes, cost=c) for c in costs]
    right = [(h.margins(held_out.words).argmax(axis=1) == held_out.cause).mean() for h in heads]
    return costs[int(np.argmax(right))]


def sample(n_rows: int, most: int, seed: int) -> Ints:
    """Return at most so many of N rows, evenly drawn, in their order."""
    return np.sort(np.random.default_rng(seed).permutation(n_rows)[:most])


def _contradicted(margins: NDArray[np.float32], given: Ints) -> NDArray[np.bool_]:
    share = probabilities(margins, fit_sharpness(margins, given))
    own = share[np.arange(len(given)), given]
    return np.asarray((share.max(axis=1) > _SURE) & (own < _DOUBTED))
