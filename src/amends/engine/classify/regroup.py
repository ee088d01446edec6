"""A classifier for the next version of its taxonomy, exactly and at once where causes only move.

What was told of a cause is told of where it went: the probability of a merged cause is the sum of
those of its parts, so nothing that was sure becomes unsure, and old figures add up. Causes that are
new are not known until the classifier learns anew.
"""

import hashlib
from dataclasses import replace

import numpy as np

from amends.engine.contracts import Change

from .classifier import Classifier


def regroup(classifier: Classifier, change: Change) -> Classifier:
    """Return the classifier for the taxonomy of a change, under a version of its own."""
    went = [change.went.get(path, path) for path in classifier.causes]
    leaves = [leaf.path for leaf in change.taxonomy.leaves if leaf.path in set(went)]
    place = {path: k for k, path in enumerate(leaves)}
    cause_to = np.array([place[path] for path in went], np.int64)
    columns = cause_to if classifier.columns is None else cause_to[classifier.columns]
    book = classifier.codebook
    if book is not None:
        meant = {code: change.went.get(path, path) for code, path in book.meant.items()}
        book = replace(book, meant=meant)
    version = _version(classifier.model_version, change, columns.tolist())
    report = replace(classifier.report, model_version=version, taxonomy=change.taxonomy.name)
    return replace(
        classifier,
        taxonomy=change.taxonomy,
        causes=tuple(leaves),
        columns=columns,
        codebook=book,
        report=report,
    )


def _version(before: str, change: Change, columns: list[int]) -> str:
    kind, _, old = before.rpartition("-")
    told = f"{old}|{change.taxonomy.version}|{columns}|{sorted(change.went.items())}"
    return f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
