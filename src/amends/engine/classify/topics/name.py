"""What a topic is about: the phrases that set it apart, and the text that says it best."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from amends.engine.classify.features import FeatureConfig, Features, Ints, Reals, fit_features

from .find import Topics

_PHRASES: Final = 3
_TELLING: Final = re.compile(r"[^\W\d_]{3}")
_SMALL: Final = frozenset(
    (
        "the", "and", "for", "not", "you", "your", "with", "that", "this", "have", "has", "had",
        "was", "are", "can", "will", "why", "what", "how", "when", "where", "they", "them", "from",
        "about", "would", "could", "should", "does", "did", "been", "get", "got", "just", "there",
        "their", "which", "were", "but", "isn't", "don't", "i'm", "i've", "it's", "its", "our",
        "still", "now", "then", "than", "also", "any", "all", "some", "such", "too", "very", "only",
        "again", "ever", "even", "once", "since", "until", "after", "before", "over", "into", "out",
        "off", "because", "did", "said", "say", "says", "being", "who", "his", "her", "him", "she",
        "one", "two", "both", "each", "more", "most", "much", "many", "other", "another", "myself",
        "is", "am", "an", "as", "at", "be", "by", "do", "he", "if", "in", "it", "me", "my", "no",
        "of", "on", "or", "so", "to", "up", "us", "we", "a", "i",
    )
)  # fmt: skip
_FLOOR: Final = 0.002


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic in words."""

    topic: int
    n_texts: int
    phrases: tuple[str, ...]
    typical: str
    """The text nearest to the middle."""


def name_topics(texts: Sequence[str], vectors: Reals, topics: Topics) -> list[TopicName]:
    """Name each topic of N clean texts by what its texts say more often than the others do.

    A phrase scores by its share of the topic's texts times the log of how many times as frequent
    it is there as elsewhere.
    """
    config = FeatureConfig(max_pieces=1, max_words=20_000, max_pairs=50_000)
    features = fit_features(texts, config)
    has = (features.transform(texts) > 0).astype(np.float32)
    n_phrases = len(features.words) + len(features.pair_keys)
    total = np.asarray(has.sum(axis=0)).ravel()[:n_phrases]
    names = []
    for k, topic in enumerate(topics.ids):
        own = np.flatnonzero(topics.topic == topic)
        inside = np.asarray(has[own].sum(axis=0)).ravel()[:n_phrases]
        share = inside / len(own)
        elsewhere = (total - inside) / max(len(texts) - len(own), 1)
        score = share * np.log((share + _FLOOR) / (elsewhere + _FLOOR))
        typical = texts[int(own[(vectors[own] @ topics.centroids[k]).argmax()])]
        names.append(TopicName(topic, len(own), _phrases(features, score), typical))
    return names


def _phrases(features: Features, score: Ints | Reals) -> tuple[str, ...]:
    kept: list[str] = []
    for column in np.argsort(-score, kind="stable")[:60]:
        phrase = features.phrase(int(column)) or ""
        words = set(phrase.split())
        is_telling = all(_TELLING.search(w) and w not in _SMALL for w in words)
        if score[column] > 0 and is_telling and not any(words & set(k.split()) for k in kept):
            kept.append(phrase)
        if len(kept) == _PHRASES:
            break
    return tuple(kept)
