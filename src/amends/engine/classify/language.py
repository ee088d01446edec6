"""Which language a text is in: by its smallest words, and by its letters where those say nothing.

Small words decide most texts of a service desk, fast, and know when a text is too short to tell;
what they leave open goes to py3langid (naive Bayes over byte sequences, 97 languages; Lui & Baldwin
2012), which is asked to be sure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from .clean import clean_text

UNKNOWN: Final = "und"
"""Too short to tell (ISO 639-2 "undetermined")."""
OTHER: Final = "other"
"""In words that no language is sure of."""
_SURE: Final = 0.6
_FEWEST: Final = 3
"""Words, or letters of a script without spaces, below which letters tell nothing."""

_SMALL_WORDS: Final = {
    "en": "the and is was are to of in my i it you that for not have has with this on be they your"
    " no so but at from can we been a an me why how when just still get got after what there",
    "de": "der die das und ist nicht ich ein eine zu mit auf für den im sie es wir hat habe war"
    " seit noch kein keine mein meine auch nach aber dem von bei wurde ihr immer wieder einen",
    "es": "el la los las que de y en no un una es por con para mi me se lo le su pero más muy ya"
    " como está han ha este esta desde todo nada sin cuando porque al del hace sigue",
    "fr": "le la les des et est une un pas je vous que qui dans pour sur ne mon ma mes ce cette"
    " avec au aux il nous mais plus très depuis été du de en j'ai c'est n'est toujours rien",
    "pt": "o a os as que de e não um uma é por com para meu minha me se do da no na em mas mais"
    " muito já como está foi são isso esta desde tudo nada sem quando porque ao estou ainda",
    "it": "il lo la gli le che di e non un una è per con mio mia mi si del della nel nella ma più"
    " molto già come sono stato questo questa da tutto niente senza quando perché ho ancora",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")


def languages(texts: Sequence[str | None]) -> list[str]:
    """Return the language of each of N raw texts: ISO 639-1, "other", or "und"."""
    known: dict[str | None, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _guess(clean_text(text)[:1_000])
    return [known[text] for text in texts]


def _guess(text: str) -> str:
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return UNKNOWN
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    if len(_LATIN.findall(text)) < 0.6 * len(letters):
        return _by_letters(text) if len(letters) >= _FEWEST else OTHER
    hits = {name: sum(t in words for t in tokens) for name, words in _WORDS.items()}
    best = max(hits, key=lambda name: hits[name])
    if hits[best] >= max(0.08 * len(tokens), 1):
        return best
    if len(tokens) < _FEWEST:
        return UNKNOWN
    found = _by_letters(text)
    return UNKNOWN if found == OTHER and len(tokens) < 8 else found


def _by_letters(text: str) -> str:
    name, share = _identifier().classify(text)
    return str(name) if share >= _SURE and name != "zxx" else OTHER


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
