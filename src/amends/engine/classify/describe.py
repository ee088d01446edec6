"""Causes without a single label: from what the taxonomy says of them.

Three steps. Every label, description, synonym and example of a leaf is a text of that leaf; the
nearness to their mean (cosine) and separating planes between them give a first guess for every
text. Then two rounds of expectation–maximisation with naive Bayes over the texts themselves (Nigam,
McCallum, Thrun & Mitchell 2000) let the corpus teach the words that go with those guesses; further
rounds drift away from the taxonomy. Guesses are kept soft in between, or they would confirm
themselves. All of it is one linear head in the end. A last, nameless leaf (`nothing.py`) takes the
texts that tell of no cause.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csr_matrix

from amends.engine.contracts import ClassifierReport, Taxonomy

from .calibrate import probabilities
from .classifier import Classifier, version_of
from .clean import clean_text
from .features import FeatureConfig, Features, Ints, Reals, fit_features
from .linear import LinearHead, fit_head
from .nothing import NOTHING

_WORD_WEIGHT: Final = np.float32(3)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_SHORT, _TELLING = 250, 25
"""Characters up to which a text is learnt from whole, and from which a sentence is."""
"""What a row of unit length counts against the prior, as if the text had so many words."""


@dataclass(frozen=True, slots=True)
class DescribeConfig:
    """How to classify by descriptions.

    Parameters
    ----------
    threshold
        Confidence below which a text is unsure.
    sharpness
        Factor from margins to log odds. Without labels it cannot be learnt; the default was set on
        simulated companies whose truth is known (`bench/classify_worlds.py`), so confidence is an
        estimate that holds for texts like theirs.
    first_sharpness, next_sharpness
        The same within the rounds; low: soft guesses.
    own_weight, smoothing
        Pseudo-counts of the taxonomy's own texts, and of every feature, against the corpus.
    most_texts
        At most so many of the texts to come are learnt from.
    least_texts
        Fewer texts than this teach nothing: the taxonomy alone decides.

    """

    threshold: float = 0.5
    sharpness: float = 0.15
    first_sharpness: float = 1.0
    next_sharpness: float = 0.1
    rounds: int = 2
    own_weight: float = 5.0
    smoothing: float = 0.1
    most_texts: int = 20_000
    least_texts: int = 200
    seed: int = 0
    features: FeatureConfig = field(default_factory=FeatureConfig)


def describe(
    taxonomy: Taxonomy,
    texts: Sequence[str | None] = (),
    config: DescribeConfig = DescribeConfig(),
) -> Classifier:
    """Build a classifier from labels, descriptions, examples and synonyms alone.

    `texts` are those that will be labelled (or a part of them): they teach the rarity of words and
    the company they keep. With none, the taxonomy decides by itself.
    """
    own, cause = own_texts(taxonomy)
    n_leaves = len(taxonomy.leaves)
    own, cause = [*own, *NOTHING], np.append(cause, np.full(len(NOTHING), n_leaves))
    corpus = _corpus(texts, config)
    features = fit_features([*corpus, *own], config.features)
    own_rows = features.transform(own)
    head = _first_head(own_rows, cause, n_leaves + 1, features, corpus)
    if len(corpus) >= config.least_texts:
        head = _taught_head(head, own_rows, cause, features.transform(corpus), config)
    return _classifier(taxonomy, features, head, len(corpus), config)


def own_texts(taxonomy: Taxonomy) -> tuple[list[str], Ints]:
    """Return every text of every leaf, and its leaf."""
    rows = [
        (clean_text(text), i)
        for i, leaf in enumerate(taxonomy.leaves)
        for text in dict.fromkeys((leaf.label, leaf.description, *leaf.synonyms, *leaf.examples))
    ]
    return [text for text, _ in rows], np.array([i for _, i in rows], np.int64)


def _corpus(texts: Sequence[str | None], config: DescribeConfig) -> list[str]:
    """Return the texts to learn from: those that are short, and the sentences of the long ones.

    A long review tells of the whole journey, so its words keep every cause's company at once.
    """
    clean = (told for text in texts if (told := clean_text(text)))
    distinct = list(dict.fromkeys(passage for text in clean for passage in _passages(text)))
    rng = np.random.default_rng(config.seed)
    kept = np.sort(rng.permutation(len(distinct))[: config.most_texts])
    return [distinct[i] for i in kept]


def _passages(text: str) -> Sequence[str]:
    if len(text) <= _SHORT:
        return (text,)
    return [part for part in _SENTENCE_END.split(text) if len(part) >= _TELLING]


def _first_head(
    own: csr_matrix, cause: Ints, n_causes: int, features: Features, corpus: Sequence[str]
) -> LinearHead:
    """Cosine to the leaf's mean plus planes between the leaves, each in its standard deviation."""
    planes = fit_head(own, cause, n_causes, cost=0.1)
    means = _membership(cause, n_causes) @ own
    dense = np.asarray(means.todense(), np.float32)
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    nearness = LinearHead(np.ascontiguousarray(dense.T), np.zeros(n_causes, np.float32))
    seen = features.transform(corpus[:2_000]) if corpus else own
    near_unit = np.float32(0.5 / max(float(nearness.margins(seen).std()), 1e-9))
    plane_unit = np.float32(0.5 / max(float(planes.margins(seen).std()), 1e-9))
    return LinearHead(
        nearness.weights * near_unit + planes.weights * plane_unit, planes.bias * plane_unit
    )


def _taught_head(
    first: LinearHead, own: csr_matrix, cause: Ints, rows: csr_matrix, config: DescribeConfig
) -> LinearHead:
    """Rounds of naive Bayes over the texts, weighed by the guesses of the round before."""
    kept = np.asarray((_membership(cause, len(first.bias)) @ own).todense(), np.float32)
    kept = kept * np.float32(config.own_weight) + np.float32(config.smoothing)
    head, sharpness = first, config.first_sharpness
    for _ in range(config.rounds):
        guess = probabilities(head.margins(rows), sharpness)
        head = _bayes(guess, rows, kept)
        sharpness = config.next_sharpness
    return head


def _bayes(guess: Reals, rows: csr_matrix, least: NDArray[np.float32]) -> LinearHead:
    """Naive Bayes from guesses (N, K), rows (N, F) and pseudo-counts (K, F)."""
    counts = np.asarray(guess.T @ rows) + least
    weights = np.log(counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
    prior = np.log(guess.mean(axis=0) + 1e-3).astype(np.float32)
    return LinearHead(np.ascontiguousarray(_WORD_WEIGHT * weights.T), prior)


def _membership(cause: Ints, n_causes: int) -> csr_matrix:
    ones = np.ones(len(cause), np.float32)
    return sparse.csr_matrix((ones, (cause, np.arange(len(cause)))), shape=(n_causes, len(cause)))


def _classifier(
    taxonomy: Taxonomy,
    features: Features,
    head: LinearHead,
    n_corpus: int,
    config: DescribeConfig,
) -> Classifier:
    version = version_of(features, head, config.sharpness, config.threshold)
    taught = (
        f"{n_corpus} of the texts taught which words go together."
        if n_corpus >= config.least_texts
        else f"{n_corpus} texts are too few to learn from: the taxonomy alone decides."
    )
    report = ClassifierReport(
        model_version=version,
        mode="described",
        taxonomy=taxonomy.name,
        n_texts=0,
        n_labelled=0,
        n_training=0,
        cv_accuracy=None,
        cv_macro_f1=None,
        notes=(
            "No labels: causes are told by the taxonomy's descriptions, synonyms and examples.",
            "Accuracy cannot be measured without labels; the confidence is an estimate.",
            taught,
        ),
    )
    causes = tuple(leaf.path for leaf in taxonomy.leaves)
    return Classifier(taxonomy, causes, features, head, config.sharpness, config.threshold, report)
