"""Several causes in one text, each with the mood in which it is told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .classifier import Classifier
from .clean import clean_text
from .sentiment import sentiment

_CUT: Final = re.compile(
    r"(?<=[.!?;])\s+|,?\s+(?:but|however|although|and also|also|plus|on top of that|and then)\s+",
    re.IGNORECASE,
)
_SHORTEST: Final = 3
"""Words of a part that can tell a cause by itself."""
_MOST_PARTS: Final = 40


@dataclass(frozen=True, slots=True)
class ToldCause:
    """One cause of a text: how sure, in what mood, and the words that tell it."""

    cause: str
    confidence: float
    sentiment: float
    words: str


def told_causes(classifier: Classifier, texts: Sequence[str | None]) -> list[tuple[ToldCause, ...]]:
    """Return the causes of each text, the likeliest first; none where nothing is sure.

    A text is cut at the ends of sentences and where it turns ("but", "also"). Each part that the
    classifier is sure of tells its cause; parts with the same cause are one, in the mean mood. The
    text as a whole counts as one part more, for what is told across sentences.
    """
    parts = [_parts(clean_text(text)) for text in texts]
    flat = [part for own in parts for part in own]
    labels = classifier.label(flat)
    paths, mood = labels.paths(), sentiment(flat)
    found: list[tuple[ToldCause, ...]] = []
    at = 0
    for own in parts:
        told = [
            ToldCause(paths[i], float(labels.confidence[i]), float(mood[i]), flat[i])
            for i in range(at, at + len(own))
            if labels.is_sure[i]
        ]
        found.append(_joined(told))
        at += len(own)
    return found


def _parts(text: str) -> list[str]:
    """Return the whole text and, when it has several, its parts."""
    if not text:
        return []
    cut = [part.strip() for part in _CUT.split(text)[:_MOST_PARTS]]
    telling = [part for part in cut if len(part.split()) >= _SHORTEST]
    return [text, *telling] if len(telling) > 1 else [text]


def _joined(told: Sequence[ToldCause]) -> tuple[ToldCause, ...]:
    """Return one entry per cause, told by its part rather than by the whole text."""
    by_cause: dict[str, list[ToldCause]] = {}
    for one in told:
        by_cause.setdefault(one.cause, []).append(one)
    causes = []
    for cause, own in by_cause.items():
        longest = max(len(one.words) for one in own)
        narrow = [one for one in own if len(one.words) < longest] or own
        mood = float(np.mean([one.sentiment for one in narrow]))
        best = max(narrow, key=lambda one: one.confidence)
        causes.append(ToldCause(cause, max(o.confidence for o in own), mood, best.words))
    return tuple(sorted(causes, key=lambda c: (-c.confidence, c.cause)))
