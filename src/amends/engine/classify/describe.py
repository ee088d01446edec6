"""Causes without a single label: from what the taxonomy says of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import ClassifierReport, Taxonomy

from .classifier import Classifier, version_of
from .clean import clean_text
from .features import FeatureConfig, Ints, fit_features
from .linear import fit_head


@dataclass(frozen=True, slots=True)
class DescribeConfig:
    """How to classify by descriptions.

    Parameters
    ----------
    precision
        Share of given labels that should be right, as far as the taxonomy's own examples can tell.
    most_texts
        At most so many of the texts to come are read for their words.

    """

    precision: float = 0.8
    cost: float = 0.3
    most_texts: int = 20_000
    seed: int = 0
    features: FeatureConfig = FeatureConfig(min_df=1)


def describe(
    taxonomy: Taxonomy,
    texts: Sequence[str | None] = (),
    config: DescribeConfig = DescribeConfig(),
) -> Classifier:
    """Build a classifier from labels, descriptions, examples and synonyms alone."""
    own, cause, is_example = own_texts(taxonomy)
    corpus = _corpus(texts, config)
    features = fit_features([*corpus, *own], config.features)
    rows = features.transform(own)
    n = len(taxonomy.leaves)
    head = fit_head(rows, cause, n, cost=config.cost)
    sharpness, threshold = 10.0, 0.3
    version = version_of(features, head, sharpness, threshold)
    report = ClassifierReport(version, "described", taxonomy.name, 0, 0, 0, None, None, ())
    causes = tuple(leaf.path for leaf in taxonomy.leaves)
    return Classifier(taxonomy, causes, features, head, sharpness, threshold, report)


def _corpus(texts: Sequence[str | None], config: DescribeConfig) -> list[str]:
    distinct = list(dict.fromkeys(clean for text in texts if (clean := clean_text(text))))
    rng = np.random.default_rng(config.seed)
    kept = np.sort(rng.permutation(len(distinct))[: config.most_texts])
    return [distinct[i] for i in kept]


def own_texts(taxonomy: Taxonomy) -> tuple[list[str], Ints, Ints]:
    """Return every text of every leaf, its leaf, and 1 where it is an example."""
    rows: list[tuple[str, int, int]] = []
    for i, leaf in enumerate(taxonomy.leaves):
        rows += [(leaf.label, i, 0), (leaf.description, i, 0)]
        rows += [(synonym, i, 0) for synonym in leaf.synonyms]
        rows += [(example, i, 1) for example in leaf.examples]
    return (
        [clean_text(text) for text, _, _ in rows],
        np.array([i for _, i, _ in rows], np.int64),
        np.array([e for _, _, e in rows], np.int64),
    )
