"""Which starter taxonomy fits texts of which nothing is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Taxonomy

from .clean import clean_text
from .describe import own_texts
from .features import FeatureConfig, Ints, fit_features
from .nothing import NOTHING

GENERAL: Final = "general"
_LEAST_TEXTS: Final = 10
_LEAST_SHARE: Final = 0.25
_LEAST_LEAD: Final = 1.6
_DOUBT: Final = 0.15
"""Log odds by which a taxonomy must beat the general one to get a text's vote."""
_MOST_TEXTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen taxonomy's name, the share of the texts that speak for it, and why."""

    name: str
    score: float
    note: str


def choose_taxonomy(texts: Sequence[str | None], taxonomies: Sequence[Taxonomy]) -> Choice:
    """Return which taxonomy speaks the language of the texts; the general one when none does.

    Each text votes by naive Bayes over the words that the taxonomies use; words that all of them
    use cancel out, and texts that only say "bad service" vote for the general one. A specialised
    taxonomy is chosen when a quarter of the texts vote for it and clearly fewer for any other.
    """
    distinct = list(dict.fromkeys(c for text in texts if (c := clean_text(text))))
    step = max(len(distinct) // _MOST_TEXTS, 1)
    sample = distinct[::step][:_MOST_TEXTS]
    special = [t for t in taxonomies if t.name != GENERAL]
    if len(sample) < _LEAST_TEXTS or not special:
        return Choice(GENERAL, 0.0, f"{len(sample)} texts are too few to tell the industry by.")
    general = [t for t in taxonomies if t.name == GENERAL]
    votes = _votes(sample, [*special, *general])
    share = np.bincount(votes, minlength=len(special) + 1)[: len(special)] / len(sample)
    best, next_best = (*np.argsort(-share, kind="stable"), -1)[:2]
    lead = share[best] / max(share[next_best] if next_best >= 0 else 0, 1e-9)
    title = special[best].title
    if share[best] < _LEAST_SHARE or lead < _LEAST_LEAD:
        note = f"No industry's words stand out; {title} comes nearest."
        return Choice(GENERAL, float(share[best]), note)
    note = f"{share[best]:.0%} of the texts speak of {title}, more than of anything else."
    return Choice(special[best].name, float(share[best]), note)


def _votes(sample: Sequence[str], taxonomies: Sequence[Taxonomy]) -> Ints:
    """Return the taxonomy of each text; texts without a cause belong to the last."""
    own = [own_texts(t)[0] for t in taxonomies]
    own[-1] = [*own[-1], *NOTHING]
    place = np.repeat(np.arange(len(own)), [len(texts) for texts in own])
    flat = [text for texts in own for text in texts]
    features = fit_features(flat, FeatureConfig(min_df=1, pairs=False))
    n_words = len(features.words)
    rows = features.transform(flat)[:, :n_words]
    counts = [np.asarray(rows[place == k].sum(axis=0)).ravel() for k in range(len(own))]
    said = features.transform(sample)[:, :n_words]
    odds = np.asarray(said @ _log_rates(np.stack(counts)).T)
    odds[:, -1] += _DOUBT
    best: Ints = odds.argmax(axis=1)
    return best


def _log_rates(counts: NDArray[np.float32]) -> NDArray[np.float64]:
    share = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(np.log(share + 1 / (2 * counts.shape[1])), np.float64)
