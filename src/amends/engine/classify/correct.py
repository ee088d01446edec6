"""Learning from corrections in seconds, between two complete trainings.

Only the planes move: each corrected text pushes its right cause up and the wrong ones that outrank
it down, just as far as it takes (passive-aggressive steps; Crammer, Dekel, Keshet, Shalev-Shwartz &
Singer 2006). Words, calibration and thresholds stay those of the last training.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from amends.engine.contracts import BadInput

from .classifier import Classifier, version_of
from .clean import clean_text
from .features import Ints
from .linear import LinearHead

_ROUNDS: Final = 3
_STEP: Final = 0.5
"""The most that one text may move the planes in one round."""


def correct(
    classifier: Classifier, texts: Sequence[str | None], causes: Sequence[str]
) -> Classifier:
    """Return a classifier that has learnt the right causes of N texts, with a version of its own.

    Raises
    ------
    BadInput
        A cause is none that the classifier knows: it has to be trained anew.

    """
    of_column = classifier.columns
    if of_column is None:
        of_column = np.arange(len(classifier.causes))
    index = {path: k for k, path in enumerate(classifier.causes)}
    strange = sorted({cause for cause in causes if cause not in index})
    if strange:
        raise BadInput(
            f"The classifier has never learnt {', '.join(strange)}.",
            remedy="Let it learn anew from all labels; corrections only move what it knows.",
        )
    if isinstance(classifier.head.weights, csr_matrix):
        raise BadInput(
            "With so many causes, corrections cannot be learnt one by one.",
            remedy="Let it learn anew from all labels.",
        )
    clean = [clean_text(text) for text in texts]
    cause = np.array([index[path] for path in causes], np.int64)
    head = _moved(classifier.head, classifier.features.transform(clean), cause, of_column)
    meaning = classifier.meaning
    if meaning is not None and classifier.looks_twice and classifier.embedder is not None:
        vectors = csr_matrix(classifier.embedder.embed(clean))
        # its margins are log odds, so a margin of one is asked for in the same unit
        meaning = replace(meaning, head=_moved(meaning.head, vectors, cause, of_column))
    version = version_of(
        classifier.features, head, classifier.sharpness, classifier.threshold, meaning
    )
    note = f"{len(texts)} corrections were learnt since the last training."
    kept = tuple(n for n in classifier.report.notes if "corrections were learnt" not in n)
    report = replace(classifier.report, model_version=version, notes=(*kept, note))
    return replace(classifier, head=head, meaning=meaning, report=report)


def _moved(head: LinearHead, rows: csr_matrix, cause: Ints, of_column: Ints) -> LinearHead:
    """Return the head after the steps; `of_column` tells which cause each column speaks for."""
    weights, bias = np.array(head.weights, np.float32), np.array(head.bias, np.float32)
    length = np.asarray(rows.multiply(rows).sum(axis=1)).ravel() + 1
    for _ in range(_ROUNDS):
        for i, wanted in enumerate(cause.tolist()):
            span = slice(rows.indptr[i], rows.indptr[i + 1])
            columns, values = rows.indices[span], rows.data[span]
            if not len(columns):
                continue
            margins = values @ weights[columns] + bias
            own = np.flatnonzero(of_column == wanted)
            right = int(own[margins[own].argmax()])
            others = margins.copy()
            others[own] = -np.inf
            margins[right] -= 1
            wrong = int(others.argmax())
            lacking = float(margins[wrong] - margins[right])
            if wrong == right or lacking <= 0:
                continue
            step = np.float32(min(_STEP, lacking / (2 * length[i])))
            weights[columns, right] += step * values
            weights[columns, wrong] -= step * values
            bias[right] += step
            bias[wrong] -= step
    return LinearHead(weights, bias)
