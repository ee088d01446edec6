"""Learning causes: a classifier from what people coded, or from the taxonomy's own words."""

import pickle
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final

from amends.engine.classify import Classifier, Embeds, describe, train
from amends.engine.contracts import BadInput, Taxonomy

ENOUGH_LABELS: Final = 200
"""Texts with a human reason from which it is worth learning."""


def learn_causes(
    taxonomy: Taxonomy,
    texts: Sequence[str | None],
    codes: Sequence[str | None],
    embedder: Embeds | None = None,
) -> tuple[Classifier, list[str]]:
    """Return a classifier and what is to be said about how it came about.

    Human reasons are learnt from when there are enough; without them the taxonomy's own words must
    do. At least one text is needed. With an embedding (`flows/embedding.py`) what the words leave
    in doubt is decided by meaning, too, which costs some five milliseconds for each such text.
    """
    notes: list[str] = []
    if sum(bool(t and c) for t, c in zip(texts, codes, strict=True)) >= ENOUGH_LABELS:
        try:
            return train(texts, codes, taxonomy, embedder=embedder), notes
        except BadInput as error:
            notes.append(f"The reasons in the file were not learnt from: {error.what}")
    return describe(taxonomy, [text for text in texts if text]), notes


def dump_classifier(classifier: Classifier) -> bytes:
    """Return a classifier as bytes, to be kept where only this installation writes.

    The embedding stays outside: it is a file of the machine that reads it.
    """
    return pickle.dumps(replace(classifier, embedder=None), protocol=5)


def load_classifier(parameters: bytes, embedder: Embeds | None = None) -> Classifier:
    """Return what `dump_classifier` wrote; never to be called with bytes from elsewhere.

    Without the embedding that it learnt with, it decides by words alone.

    Raises
    ------
    BadInput
        They were written by another version of amends.

    """
    try:
        found = pickle.loads(parameters)  # noqa: S301  (this installation's own table)
    except (AttributeError, ImportError, TypeError, pickle.UnpicklingError) as error:
        raise _of_another_version(str(error)) from error
    if not isinstance(found, Classifier):
        raise BadInput("What is kept as classifier is none.", remedy="Let it learn again.")
    unknown = [field.name for field in fields(found) if not hasattr(found, field.name)]
    if unknown:
        raise _of_another_version(f"it has no {', '.join(unknown)}")
    return replace(found, embedder=embedder)


def _of_another_version(why: str) -> BadInput:
    return BadInput(
        f"The classifier was written by another version of amends: {why}.",
        remedy="Let it learn again: `amends doctor` says how.",
    )
