"""A cheap guess at the language by its smallest words."""

import re
from collections.abc import Sequence
from typing import Final

from .clean import clean_text

UNKNOWN: Final = "und"
"""Too short to tell (ISO 639-2 "undetermined")."""
OTHER: Final = "other"
"""Written in a script, or with words, that none of the known languages uses."""

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
    """Return en, de, es, fr, pt, it, "other", or "und" for each of N raw texts."""
    known: dict[str | None, str] = {}
    for text in texts:
        if text not in known:
            known[text] = _guess(clean_text(text)[:1_000])
    return [known[text] for text in texts]


def _guess(text: str) -> str:
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return UNKNOWN
    if len(_LATIN.findall(text)) < 0.6 * len(letters):
        return OTHER
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    hits = {name: sum(t in words for t in tokens) for name, words in _WORDS.items()}
    best = max(hits, key=lambda name: hits[name])
    if hits[best] == 0:
        return UNKNOWN if len(tokens) < 8 else OTHER
    return best if hits[best] >= 0.08 * len(tokens) else OTHER
