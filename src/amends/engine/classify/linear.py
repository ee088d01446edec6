"""The linear head: one weight per feature and cause, balanced, and its out-of-fold margins."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from .features import Ints, Reals

UNKNOWN_MARGIN: Final = -2.0
"""Margin of a cause that a fold has never seen."""
MOST_LINEAR: Final = 400
"""Causes up to which one separating plane per cause is fitted; beyond, class means stand in."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """Margins of K causes: rows @ weights + bias.

    `weights` is float32 (F, K), dense or sparse; `bias` float32 (K,).
    """

    weights: NDArray[np.float32] | csr_matrix
    bias: Reals

    def margins(self, rows: csr_matrix) -> Reals:
        """Return float32 margins (N, K); each row depends on that row alone."""
        product = rows @ self.weights
        dense = product if isinstance(product, np.ndarray) else product.toarray()
        return np.asarray(dense + self.bias, np.float32)


def fit_head(rows: csr_matrix, cause: Ints, n_causes: int, *, cost: float) -> LinearHead:
    """Fit the head on CSR rows with one cause index each; causes without a row get the floor.

    Squared-hinge one-against-rest planes with inverse-frequency class weights (LIBLINEAR, Fan et
    al. 2008). Above `MOST_LINEAR` causes, where that would cost hours and gigabytes, the head holds
    the class means instead (Rocchio), kept sparse.
    """
    present = np.unique(cause)
    if len(present) == 1:
        return _single(rows.shape[1], int(present[0]), n_causes)
    if n_causes > MOST_LINEAR:
        return _means(rows, cause, n_causes)
    machine = LinearSVC(C=cost, class_weight="balanced", random_state=0, tol=1e-2, max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(rows, cause)
    weights = np.zeros((rows.shape[1], n_causes), np.float32)
    bias = np.full(n_causes, UNKNOWN_MARGIN, np.float32)
    coef, intercept = machine.coef_, machine.intercept_
    if len(present) == 2:
        coef, intercept = np.vstack([-coef, coef]), np.concatenate([-intercept, intercept])
    weights[:, present] = coef.T
    bias[present] = intercept
    return LinearHead(weights, bias)


def folds(texts: Sequence[str], cause: Ints, n_folds: int, rng: np.random.Generator) -> Ints:
    """Return the fold of each row: causes spread evenly, equal texts always together."""
    _, group = np.unique(np.array(texts, dtype=object), return_inverse=True)
    n_groups = int(group.max()) + 1
    first = np.full(n_groups, -1, np.int64)
    first[group[::-1]] = np.arange(len(texts))[::-1]
    order = rng.permutation(n_groups)
    order = order[np.argsort(cause[first[order]], kind="stable")]
    fold = np.empty(n_groups, np.int64)
    fold[order] = np.arange(n_groups) % n_folds
    return fold[group]


def _single(width: int, cause: int, n_causes: int) -> LinearHead:
    bias = np.full(n_causes, UNKNOWN_MARGIN, np.float32)
    bias[cause] = 0
    return LinearHead(np.zeros((width, n_causes), np.float32), bias)


def _means(rows: csr_matrix, cause: Ints, n_causes: int) -> LinearHead:
    size = np.bincount(cause, minlength=n_causes)
    share = (1 / size[cause]).astype(np.float32)
    membership = csr_matrix((share, (cause, np.arange(len(cause)))), shape=(n_causes, len(cause)))
    means = (membership @ rows).tocsr()
    length = np.sqrt(np.asarray(means.multiply(means).sum(axis=1)).ravel())
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0).astype(np.float32)
    bias = np.where(size > 0, 0, UNKNOWN_MARGIN).astype(np.float32)
    return LinearHead((sparse.diags(scale) @ means).T.tocsr(), bias)
