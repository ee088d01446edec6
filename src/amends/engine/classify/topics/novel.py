"""How unlike everything known a text is."""

from typing import Final

import numpy as np

from amends.engine.classify.features import Reals

from .near import nearest

_NEAREST: Final = 5


def novelty(vectors: Reals, confidence: Reals, known: Reals, known_confidence: Reals) -> Reals:
    """Return how new each of N texts is; above 0: newer than most of what is known.

    Two signs are added, each in standard deviations of the known texts: the classifier does not
    know what to make of it (log odds of its confidence), and no confirmed text lies near (mean
    cosine to the five nearest of `known`, which a known text is not its own neighbour in).
    `known_confidence` must be held-out, or known texts look too familiar.
    """
    n = min(_NEAREST, len(known) - 1)
    near = nearest(vectors, known, n)[1].mean(axis=1)
    own = nearest(known, known, n + 1)[1]
    usual = (own.sum(axis=1) - own.max(axis=1)) / n
    doubt, usual_doubt = -_log_odds(confidence), -_log_odds(known_confidence)
    far = _deviations(-near, -usual)
    return np.asarray((_deviations(doubt, usual_doubt) + far) / 2, np.float32)


def _log_odds(share: Reals) -> Reals:
    inside = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)


def _deviations(values: Reals, usual: Reals) -> Reals:
    scale = max(float(usual.std()), 1e-6)
    return np.asarray((values - usual.mean()) / scale, np.float32)
