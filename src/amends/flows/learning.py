"""Learning causes: a classifier from what people coded, or from the taxonomy's own words."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Final

from amends.engine.classify import Classifier, Codebook, Embeds, describe, train
from amends.engine.contracts import BadInput, Cause, Change, Taxonomy

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


@dataclass(frozen=True, slots=True)
class Lesson:
    """N texts and the cause that people gave to each, as a path of the taxonomy before a change.

    `UNSURE`: they could not tell; None: nobody gave one. `meant` says what their codes stand for.
    """

    texts: Sequence[str | None]
    paths: Sequence[str | None]
    meant: Mapping[str, str]


def learn_anew(change: Change, lesson: Lesson, embedder: Embeds | None = None) -> Classifier:
    """Return a classifier of the taxonomy of a change, learnt from all labels that people gave.

    Labels go where their causes went; those of a split cause are parted by what the parts say of
    themselves. A cause without a label is learnt from its own words and examples. With few labels
    the taxonomy's own words must do.
    """
    texts, paths = list(lesson.texts), change.relabel(lesson.paths)
    for leaf, parts in split_in(change).items():
        rows = [i for i, path in enumerate(lesson.paths) if path == leaf and texts[i]]
        for i, part in zip(rows, parted([texts[i] for i in rows], parts), strict=True):
            paths[i] = part
    meant = {code: change.went.get(path, path) for code, path in lesson.meant.items()}
    told = sum(bool(t and p) for t, p in zip(texts, paths, strict=True))
    if told >= ENOUGH_LABELS:
        seen = set(paths)
        for leaf_ in change.taxonomy.leaves:
            if leaf_.path not in seen:
                own = (leaf_.description, *leaf_.synonyms, *leaf_.examples)
                texts += own
                paths += [leaf_.path] * len(own)
        try:
            learnt = train(texts, paths, change.taxonomy, embedder=embedder)
        except BadInput:
            return describe(change.taxonomy, [text for text in texts if text])
        trust = learnt.codebook.trust if learnt.codebook else 1.0
        return replace(learnt, codebook=Codebook(meant, is_truth=False, trust=trust))
    return describe(change.taxonomy, [text for text in lesson.texts if text])


def split_in(change: Change) -> dict[str, tuple[Cause, ...]]:
    """Return the leaves of before that have become branches, with their parts."""
    return {
        old: tuple(leaf for leaf in change.taxonomy.leaves if leaf.parent == old)
        for old in change.went
        if any(leaf.parent == old for leaf in change.taxonomy.leaves)
    }


def parted(texts: Sequence[str | None], parts: Sequence[Cause]) -> list[str]:
    """Return which part of a split cause each text tells of, by the parts' own words."""
    if not texts:
        return []
    leaves = tuple(replace(part, path=part.path.replace("/", ".")) for part in parts)
    tree = Taxonomy("parts", "Parts", "1", leaves)
    best = describe(tree).probabilities(texts).argmax(axis=1)
    return [parts[k].path for k in best.tolist()]


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
    for later in fields(found):
        if not hasattr(found, later.name) and later.default is not MISSING:
            object.__setattr__(found, later.name, later.default)
    unknown = [field.name for field in fields(found) if not hasattr(found, field.name)]
    if unknown:
        raise _of_another_version(f"it has no {', '.join(unknown)}")
    return replace(found, embedder=embedder)


def _of_another_version(why: str) -> BadInput:
    return BadInput(
        f"The classifier was written by another version of amends: {why}.",
        remedy="Let it learn again: `amends doctor` says how.",
    )
