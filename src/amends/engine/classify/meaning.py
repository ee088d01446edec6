"""The second look: what a text means, asked where its words alone leave doubt.

Words decide most texts, at ten thousand a second. A sentence embedding knows that "never came" and
"did not arrive" are the same, and costs fifty times as much. So both are learnt apart, their log
odds are added with weights found on held-out texts, and the sum is asked for only where the words
were less sure than a bound: the lowest that costs no accuracy on those texts, but never fewer than
a fifth of them, since few texts tell little about a small difference.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from .calibrate import probabilities
from .features import Ints, Reals
from .linear import UNKNOWN_MARGIN, LinearHead

MOST_MEANT: Final = 400
"""Causes up to which a second look is learnt."""
_COST: Final = 10.0
_PATIENCE: Final = 60
_MAY_COST: Final = 0.001
"""Accuracy that asking less often may cost on held-out texts."""
_CUTS: Final = 41
_LEAST_ASKED: Final = 0.2
_WEIGHTS: Final = (0.0, 60.0)


class Embeds(Protocol):
    """Whatever turns clean texts into vectors; equal texts into equal vectors."""

    @property
    def version(self) -> str:
        """What decides the vectors."""

    def embed(self, texts: Sequence[str]) -> Reals:
        """Return float32 (N, D) of unit length, zero where a text is blank."""


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """The head over embeddings and how its margins join those of the words.

    Parameters
    ----------
    version
        The embedding it was learnt with; another one cannot stand in for it.
    head
        Margins (N, K) from vectors (N, D).
    of_words, of_meaning
        Log odds per margin of the words' head and of this one.
    below
        Confidence of the words under which a text is looked at again.
    threshold
        Confidence after both looks below which a text is unsure.

    """

    version: str
    head: LinearHead
    of_words: float
    of_meaning: float
    below: float
    threshold: float

    def shares(self, word_margins: Reals, vectors: Reals) -> Reals:
        """Return the probabilities (N, K) after both looks."""
        return joint_shares(word_margins, self.margins(vectors), (self.of_words, self.of_meaning))

    def margins(self, vectors: Reals) -> Reals:
        """Return the margins of the embedding alone, each row from that row alone."""
        # as sparse rows: a dense product rounds differently when a text comes alone
        return self.head.margins(csr_matrix(vectors))


def joint_shares(word_margins: Reals, margins: Reals, weights: tuple[float, float]) -> Reals:
    """Return softmax(weights[0] · word margins + weights[1] · margins)."""
    total = np.float32(weights[0]) * word_margins + np.float32(weights[1]) * margins
    return probabilities(total, 1.0)


def fit_meaning_head(vectors: Reals, cause: Ints, n_causes: int) -> LinearHead:
    """Fit a multinomial logistic regression; causes without a row get the floor."""
    present = np.unique(cause)
    width = vectors.shape[1]
    weights = np.zeros((width, n_causes), np.float32)
    bias = np.full(n_causes, UNKNOWN_MARGIN, np.float32)
    if len(present) == 1:
        bias[present] = 0
        return LinearHead(weights, bias)
    machine = LogisticRegression(C=_COST, max_iter=_PATIENCE, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(vectors, cause)
    coef, intercept = machine.coef_, machine.intercept_
    if len(present) == 2:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
    weights[:, present] = coef.T
    bias[present] = intercept
    # a cause never seen lies below the least likely one, on the scale of log odds
    bias[np.setdiff1d(np.arange(n_causes), present)] = intercept.min() + UNKNOWN_MARGIN
    return LinearHead(weights, bias)


def fit_weights(word_margins: Reals, margins: Reals, cause: Ints) -> tuple[float, float]:
    """Return the two weights under which held-out causes are the most likely."""
    rows = np.arange(len(cause))
    both = (word_margins.astype(np.float64), margins.astype(np.float64))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total = weights[0] * both[0] + weights[1] * both[1]
        total -= total.max(axis=1, keepdims=True)
        odds = np.exp(total)
        share = odds / odds.sum(axis=1, keepdims=True)
        slope = [(share * m).sum(axis=1) - m[rows, cause] for m in both]
        value = -np.log(np.maximum(share[rows, cause], 1e-12)).mean()
        return float(value), np.array([s.mean() for s in slope])

    found = minimize(loss, (2.0, 0.5), jac=True, bounds=(_WEIGHTS, _WEIGHTS), method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def asked_below(first: Reals, is_right_first: Reals, is_right_both: Reals) -> float:
    """Return the lowest confidence bound that costs next to nothing against always asking.

    `first` is the words' confidence in N held-out texts; the other two tell whether the words, and
    both together, were right.
    """
    always = float(is_right_both.mean())
    for cut in np.quantile(first, np.linspace(_LEAST_ASKED, 1, _CUTS)):
        right = np.where(first < cut, is_right_both, is_right_first).mean()
        if right >= always - _MAY_COST:
            return float(cut)
    return float(np.inf)
