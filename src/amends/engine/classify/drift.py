"""Whether what comes in has changed: its causes, its words, and how often people agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2_contingency, ks_2samp

from .classifier import Classifier
from .clean import clean_text
from .features import Reals, tokens

LEAST: Final = 30
"""Texts on either side below which nothing is said."""
_RARE: Final = 5


@dataclass(frozen=True, slots=True)
class Drift:
    """One group (a source, a language) now against before.

    `labels_p` and `inputs_p` are the probabilities of differences as large where nothing changed
    (to be corrected for the number of groups); `moved_most` is the cause whose share changed most,
    `share_before` and `share_now` its shares. `strange_words` are words that the classifier has
    never seen and that come often now, most frequent first.
    """

    group: str
    n_before: int
    n_now: int
    labels_p: float
    inputs_p: float
    moved_most: str
    share_before: float
    share_now: float
    strange_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What was labelled in one stretch of time: per signal its group, text, cause, confidence."""

    groups: Sequence[str]
    texts: Sequence[str | None]
    causes: Sequence[str]
    confidence: Reals


def drift(classifier: Classifier, before: Told, now: Told) -> list[Drift]:
    """Return the drift of each group that has at least 30 texts on both sides.

    Labels: a chi-square test of the causes' counts, rare ones put together. Inputs: a
    Kolmogorov–Smirnov test of the classifier's confidence, which falls when words are new.
    """
    found = []
    for group in sorted(set(before.groups) & set(now.groups)):
        then = [i for i, name in enumerate(before.groups) if name == group]
        today = [i for i, name in enumerate(now.groups) if name == group]
        if min(len(then), len(today)) >= LEAST:
            found.append(_drift(classifier, group, (before, then), (now, today)))
    return found


def _drift(
    classifier: Classifier,
    group: str,
    before: tuple[Told, list[int]],
    now: tuple[Told, list[int]],
) -> Drift:
    old = Counter(before[0].causes[i] for i in before[1])
    new = Counter(now[0].causes[i] for i in now[1])
    moved = max(
        sorted({*old, *new}),
        key=lambda cause: abs(new[cause] / new.total() - old[cause] / old.total()),
    )
    inputs = ks_2samp(before[0].confidence[before[1]], now[0].confidence[now[1]])
    words = Counter(
        word
        for i in now[1]
        for word in {*tokens(clean_text(now[0].texts[i]))}
        if word not in classifier.features.words
    )
    return Drift(
        group=group,
        n_before=old.total(),
        n_now=new.total(),
        labels_p=_different(old, new),
        inputs_p=float(inputs.pvalue),
        moved_most=moved,
        share_before=old[moved] / old.total(),
        share_now=new[moved] / new.total(),
        strange_words=tuple(w for w, n in words.most_common(5) if n >= _RARE),
    )


def _different(old: Counter[str], new: Counter[str]) -> float:
    common = [c for c in sorted({*old, *new}) if old[c] + new[c] >= 2 * _RARE]
    table = np.array([[side[c] for c in common] for side in (old, new)])
    rest = np.array([[side.total()] for side in (old, new)]) - table.sum(axis=1, keepdims=True)
    table = np.hstack([table, rest]) if rest.any() else table
    if table.shape[1] < 2:
        return 1.0
    return float(chi2_contingency(table).pvalue)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often labels agree with people's, per cause that people gave, and beyond chance."""

    n: int
    share: float
    kappa: float | None
    """Cohen's κ; None where both always say one thing."""
    by_cause: dict[str, tuple[int, int]]
    """Cause → texts that people gave it, and how many of them were labelled so."""


def agreement(given: Sequence[str], labelled: Sequence[str]) -> Agreement:
    """Compare N labels with those of people, or those of two people."""
    n = len(given)
    same = [a == b for a, b in zip(given, labelled, strict=True)]
    first, second = Counter(given), Counter(labelled)
    by_chance = sum(first[c] * second[c] for c in first) / max(n, 1) ** 2
    share = sum(same) / max(n, 1)
    hits = Counter(a for a, hit in zip(given, same, strict=True) if hit)
    kappa = (share - by_chance) / (1 - by_chance) if by_chance < 1 and n else None
    return Agreement(n, share, kappa, {c: (first[c], hits[c]) for c in sorted(first)})
