"""Learning causes: a classifier from what people coded, or from the taxonomy's own words."""

import pickle
from collections.abc import Sequence
from typing import Final

from amends.engine.classify import Classifier, describe, train
from amends.engine.contracts import BadInput, Taxonomy

ENOUGH_LABELS: Final = 200
"""Texts with a human reason from which it is worth learning."""


def learn_causes(
    taxonomy: Taxonomy, texts: Sequence[str | None], codes: Sequence[str | None]
) -> tuple[Classifier, list[str]]:
    """Return a classifier and what is to be said about how it came about.

    Human reasons are learnt from when there are enough; without them the taxonomy's own words must
    do. At least one text is needed.
    """
    notes: list[str] = []
    if sum(bool(t and c) for t, c in zip(texts, codes, strict=True)) >= ENOUGH_LABELS:
        try:
            return train(texts, codes, taxonomy), notes
        except BadInput as error:
            notes.append(f"The reasons in the file were not learnt from: {error.what}")
    return describe(taxonomy, [text for text in texts if text]), notes


def dump_classifier(classifier: Classifier) -> bytes:
    """Return a classifier as bytes, to be kept where only this installation writes."""
    return pickle.dumps(classifier, protocol=5)


def load_classifier(parameters: bytes) -> Classifier:
    """Return what `dump_classifier` wrote; never to be called with bytes from elsewhere.

    Raises
    ------
    BadInput
        They were written by another version of amends.

    """
    try:
        found = pickle.loads(parameters)  # noqa: S301  (this installation's own table)
    except (AttributeError, ImportError, TypeError, pickle.UnpicklingError) as error:
        raise BadInput(
            f"The classifier was written by another version of amends: {error}.",
            remedy="Let it learn again: `amends doctor` says how.",
        ) from error
    if not isinstance(found, Classifier):
        raise BadInput("What is kept as classifier is none.", remedy="Let it learn again.")
    return found
