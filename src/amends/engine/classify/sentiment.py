"""The mood of a text by visible rules: a lexicon, negation, emphasis, emoji, "but".

The scheme is that of rule-based analysers such as VADER (Hutto & Gilbert 2014): add up what the
words carry, each turned or strengthened by its neighbours, and squash the sum. The words are our
own (`lexicon.py`) and know what failing services sound like.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from .clean import clean_text
from .features import Reals
from .lexicon import EMOJI, EMOTICONS, NEGATIONS, PHRASES, STRONGER, VALENCE, WEAKER

NEGATIVE_BELOW: Final = -0.05
POSITIVE_ABOVE: Final = 0.35
"""Where to cut for three classes: praise is plain when it is meant, complaint often is not."""

_READ_AT_MOST: Final = 4_000
_WORD: Final = re.compile(
    rf"[^\W\d_]+(?:['-][^\W\d_]+)*|[!?]|[:;<>()D][':/()<|D3-]{{1,3}}|[{''.join(EMOJI)}]"
)
_ENDINGS: Final = (
    ("ness", ""), ("ing", ""), ("ing", "e"), ("ies", "y"), ("ed", ""), ("ed", "e"), ("d", ""),
    ("es", ""), ("s", ""), ("ily", "y"), ("ly", ""), ("er", ""),
)  # fmt: skip
_PHRASES_FROM: Final = {
    first: [(p, v) for p, v in sorted(PHRASES.items(), key=lambda x: -len(x[0])) if p[0] == first]
    for first in {phrase[0] for phrase in PHRASES}
}
_EMOTICONS: Final = {sign.lower(): value for sign, value in EMOTICONS.items()}
_TURNS_WITHIN: Final = 3
_TURNED: Final = -0.7
_SQUASH: Final = 12.0


def sentiment(texts: Sequence[str | None]) -> Reals:
    """Return the mood of N raw texts, float32 (N,) in [−1, 1]; 0 where nothing tells it."""
    distinct: dict[str | None, int] = {}
    place = np.array([distinct.setdefault(text, len(distinct)) for text in texts], np.int64)
    scores = np.array([_score(clean_text(text)) for text in distinct], np.float32)
    return scores[place] if len(scores) else np.zeros(0, np.float32)


def _score(text: str) -> float:
    words = _WORD.findall(text[:_READ_AT_MOST].replace("’", "'"))
    lower = [w.lower() for w in words]
    values = [0.0] * len(words)
    after = 0
    # Most words carry nothing: only those that may are looked at.
    for i in [i for i, word in enumerate(lower) if word in _PHRASES_FROM or _valence(word)]:
        if i < after:
            continue
        word = lower[i]
        value, length = _at(lower, i, word)
        after = i + length
        if value:
            if len(word) > 2 and words[i].isupper() and any(map(str.islower, words)):
                value *= 1.3
            values[i] = value * _emphasis(lower, i) * _turn(lower, i, length)
    return _sum(lower, values)


def _at(lower: Sequence[str], i: int, word: str) -> tuple[float, int]:
    """Valence of the phrase, word or sign at i, and how many words it takes."""
    for phrase, value in _PHRASES_FROM.get(word, ()):
        if tuple(lower[i : i + len(phrase)]) == phrase:
            return value, len(phrase)
    return _valence(word), 1


@lru_cache(maxsize=100_000)
def _valence(word: str) -> float:
    for table in (VALENCE, EMOJI, _EMOTICONS):
        if word in table:
            return table[word]
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)] + instead
            if stem in VALENCE:
                return VALENCE[stem]
    return 0.0


def _emphasis(lower: Sequence[str], i: int) -> float:
    factor = 1.0
    for word in lower[max(i - 2, 0) : i]:
        if word in STRONGER:
            factor *= 1.25
        elif word in WEAKER:
            factor *= 0.6
    return factor


def _turn(lower: Sequence[str], i: int, length: int) -> float:
    """Return the factor of a negation up to three words before; a phrase brings its own."""
    if length > 1 or lower[i] in NEGATIONS:
        return 1.0
    before = lower[max(i - _TURNS_WITHIN, 0) : i]
    return _TURNED if any(w in NEGATIONS or w.endswith("n't") for w in before) else 1.0


def _sum(lower: Sequence[str], values: list[float]) -> float:
    if "but" in lower:
        turn = lower.index("but")
        values = [v * (0.5 if i < turn else 1.3) for i, v in enumerate(values)]
    total = sum(values)
    total *= 1 + 0.08 * min(lower.count("!"), 4)
    if lower.count("?") > 1 and total <= 0:
        total -= 0.4
    return total / math.sqrt(total * total + _SQUASH)
