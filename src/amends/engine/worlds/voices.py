"""Say it the way a customer would: contractions, shortcuts, missing articles, slips of the key."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .language import Language, Voice
from .randomness import Bools, Floats, Ints, Seeds, mix, uniform

_NEIGHBOURS: Final = b"svxfrghjoklknmpowtdyibecux"
_A, _Z = 97, 122
_MENDED: Final = (
    (r"([?!:,])[.,]+", r"\1"),
    (r"\s+([,.?])", r"\1"),
    (r"\s{2,}", " "),
    (r"\.{4,}", "..."),
)


def speak(
    language: Language, texts: pa.Array, voice: Ints, is_customer: Bools, seeds: Seeds
) -> pa.Array:
    """Return the texts with the habits of each voice; agents only slip."""
    shared, voices = language.shared, language.voices
    texts = pc.utf8_rtrim_whitespace(texts)

    def habit(name: str, salt: int) -> Bools:
        chance = np.array([getattr(v, name) for v in voices])[voice]
        wanted: Bools = (uniform(seeds, salt) < chance) & is_customer
        return wanted

    texts = _where(texts, habit("expand", 70), lambda t: _replace(t, shared.expand))
    lower = habit("lower", 71)
    texts = _where(texts, lower, pc.utf8_lower)
    shorten = {word: str(short) for word, short in shared.shorten.items()}
    texts = _where(texts, habit("shorten", 72), lambda t: _replace_words(t, shorten))
    articles = dict.fromkeys(shared.articles, "")
    texts = _where(texts, habit("articles", 73), lambda t: _replace_words(t, articles))
    texts = _where(texts, habit("shout", 74), pc.utf8_upper)
    texts = _where(texts, habit("exclaim", 75), lambda t: pc.replace_substring(t, ". ", "! "))
    texts = _where(texts, habit("trail", 76), lambda t: pc.replace_substring(t, ". ", "... "))
    open_ended = lower | (uniform(seeds, 77) < 0.4)
    texts = _where(texts, open_ended, lambda t: pc.utf8_rtrim(t, "."))
    slips = _slips(voices, voice, is_customer, seeds)
    some = slips > 0
    return _where(_tidy(texts), some, lambda t: slip(t, slips[some], seeds[some]))


def _slips(voices: list[Voice], voice: Ints, is_customer: Bools, seeds: Seeds) -> Ints:
    """Return how many slips each text gets."""
    rate: Floats = np.where(is_customer, np.array([v.typo for v in voices])[voice], 0.4)
    u = uniform(seeds, 78)
    return (u < rate * 0.45).astype(np.int64) + (u < rate * 0.2) + (u < rate * 0.07)


def slip(texts: pa.Array, slips: Ints, seeds: Seeds) -> pa.Array:
    """Swap, drop, double or miss a letter, up to three times a text.

    Works on the letters a–z in the bytes of all texts at once; nothing else is touched, so the
    result is always valid UTF-8.
    """
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)
    offsets = offsets[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    letters = np.frombuffer(texts.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]].copy()
    offsets = offsets - offsets[0]
    length = np.diff(offsets)
    times = np.ones(len(letters), dtype=np.int64)
    is_letter = (letters >= _A) & (letters <= _Z)
    nearby = np.frombuffer(_NEIGHBOURS, dtype=np.uint8)
    for k in range(3):
        rows = np.flatnonzero((slips > k) & (length > 8))
        place = 1 + (uniform(seeds[rows], 80 + k) * (length[rows] - 3)).astype(np.int64)
        at = offsets[rows] + place
        fits = is_letter[at] & is_letter[at + 1] & is_letter[at - 1]
        at = at[fits]
        how = (mix(seeds[rows], 84 + k) % np.uint64(4)).astype(np.int64)[fits]
        swap, miss = at[how == 0], at[how == 1]
        letters[swap], letters[swap + 1] = letters[swap + 1], letters[swap].copy()
        letters[miss] = nearby[letters[miss].astype(np.int64) - _A]
        times[at[how == 2]] = 0
        times[at[how == 3]] = 2
    ends = np.concatenate([[0], np.cumsum(times)])[offsets]
    written = np.repeat(letters, times)
    return pa.Array.from_buffers(
        pa.string(),
        len(texts),
        [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(written)],
    )


def _tidy(texts: pa.Array) -> pa.Array:
    """Mend what joining fragments leaves behind: doubled stops, spaces before commas."""
    untidy = pc.match_substring_regex(texts, "|".join(pattern for pattern, _ in _MENDED))
    texts = _where(texts, np.asarray(untidy), _mend)
    return pc.utf8_rtrim(pc.utf8_trim_whitespace(texts), ",")


def _mend(texts: pa.Array) -> pa.Array:
    for pattern, mended in _MENDED:
        texts = pc.replace_substring_regex(texts, pattern, mended)
    return texts


def _where(texts: pa.Array, rows: Bools, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    if not rows.any():
        return texts
    mask = pa.array(rows)
    return pc.replace_with_mask(texts, mask, change(texts.filter(mask)))


def _replace(texts: pa.Array, words: Mapping[str, str]) -> pa.Array:
    for word, other in words.items():
        texts = pc.replace_substring(texts, word, other)
        texts = pc.replace_substring(
            texts, word[0].upper() + word[1:], other[0].upper() + other[1:]
        )
    return texts


def _replace_words(texts: pa.Array, words: Mapping[str, str]) -> pa.Array:
    for word, other in words.items():
        texts = pc.replace_substring_regex(texts, rf"(?i)\b{word}\b", other)
    return texts
