"""Vectors of texts by their words alone, for where no sentence embedding is installed.

Latent semantic analysis (Deerwester, Dumais, Furnas, Landauer & Harshman 1990): words and pairs of
words, weighted, projected on the directions in which the texts differ most.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.decomposition import TruncatedSVD

from amends.engine.classify.features import FeatureConfig, Reals, fit_features

_WIDTH: Final = 100
_LEAST: Final = 3


def word_vectors(texts: Sequence[str], width: int = _WIDTH) -> Reals:
    """Return float32 (N, up to `width`) of unit length, zero where a text says nothing.

    The space is that of these texts: vectors of another call cannot be compared with them.
    """
    if len(texts) < _LEAST:
        return np.zeros((len(texts), 1), np.float32)
    config = FeatureConfig(max_pieces=1, max_words=20_000, max_pairs=20_000)
    rows = fit_features(texts, config).transform(texts)
    n = min(width, len(texts) - 1, rows.shape[1] - 1)
    found = TruncatedSVD(n_components=max(n, 1), random_state=0).fit_transform(rows)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    unit = np.divide(found, length, out=np.zeros_like(found), where=length > 1e-6)
    return np.asarray(unit, np.float32)
