"""Which starter taxonomy fits texts of which nothing is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Taxonomy

from .clean import clean_text
from .describe import own_texts
from .features import FeatureConfig, fit_features

GENERAL: Final = "general"
_LEAST_SHARE: Final = 0.5
_LEAST_DECIDED: Final = 0.15
_LEAST_TEXTS: Final = 5
_DECISIVE: Final = 0.8
"""Log odds between the best and the next taxonomy from which on a text decides."""
_MOST_TEXTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen taxonomy's name, the share of telling texts that speak for it, and why."""

    name: str
    score: float
    note: str


def choose_taxonomy(texts: Sequence[str | None], taxonomies: Sequence[Taxonomy]) -> Choice:
    """Return which taxonomy speaks the language of the texts; the general one when none does.

    Naive Bayes between the taxonomies: words that all of them use cancel out, so texts that only
    say "bad service" decide nothing. A specialised taxonomy is chosen when most of the texts that
    decide speak for it and enough of them decide.
    """
    distinct = list(dict.fromkeys(c for text in texts if (c := clean_text(text))))
    step = max(len(distinct) // _MOST_TEXTS, 1)
    sample = distinct[::step][:_MOST_TEXTS]
    special = [t for t in taxonomies if t.name != GENERAL]
    if not sample or not special:
        return Choice(GENERAL, 0.0, "There is no text to choose by.")
    odds = _log_odds(sample, special)
    ranked = np.sort(odds, axis=1)
    decided = ranked[:, -1] - (ranked[:, -2] if len(special) > 1 else 0) >= _DECISIVE
    shares = np.bincount(odds[decided].argmax(axis=1), minlength=len(special))
    best = int(shares.argmax())
    share = float(shares[best] / max(decided.sum(), 1))
    least = max(_LEAST_DECIDED * len(sample), _LEAST_TEXTS)
    if share < _LEAST_SHARE or decided.sum() < least:
        return Choice(
            GENERAL, share, f"No industry's words stand out; {special[best].title} comes nearest."
        )
    return Choice(
        special[best].name,
        share,
        f"{share:.0%} of the telling texts speak of {special[best].title}.",
    )


def _log_odds(sample: Sequence[str], special: Sequence[Taxonomy]) -> NDArray[np.float64]:
    """Log likelihoods (texts, taxonomies) of each text's words, up to a term per text.

    A word's chance under a taxonomy is the share of the taxonomy's texts that use it. Words
    weigh by their rarity in a row of unit length, so that long texts do not decide by chance hits.
    """
    own = [own_texts(t)[0] for t in special]
    size = np.array([len(texts) for texts in own])
    place = np.repeat(np.arange(len(special)), size)
    features = fit_features([text for texts in own for text in texts], FeatureConfig(min_df=1))
    n_words = len(features.words)
    used = features.transform([text for texts in own for text in texts])[:, :n_words] > 0
    counts = np.stack([np.asarray(used[place == k].sum(axis=0)).ravel() for k in range(len(size))])
    chance = np.log((counts + 0.5) / (size[:, None] + 1))
    said = features.transform(sample)[:, :n_words]
    return np.asarray(said @ (chance - chance.mean(axis=0)).T)
