"""Choose among allowed actions: posterior draws → propensities with floors and caps.

Thompson sampling's probabilities are worked out by Monte Carlo (the share of posterior draws in
which an arm is best), then bounded: every allowed action keeps 1 %, exploration in all is at most
15 %, and there is none where a mistake would hurt. Until the company's own outcomes speak clearly
for something else, the best guess is current practice (apprentice mode).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from amends.engine.contracts import CaseFacts, Floats, Severity

FLOOR: Final = 0.01
"""Chance that each allowed action keeps; its amounts share it."""

MOST_EXPLORATION: Final = 0.15

DRAWS: Final = 256

REPEATED: Final = 2
"""Failures in the 90 days before from which a customer is not experimented with."""

SURE_ENOUGH: Final = 0.85
"""Posterior probability of beating current practice from which practice is left."""

APPRENTICE_UNTIL: Final = 200
"""Own outcomes before practice is left at all."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The best guess among arms and the chance of each to be shown."""

    base: int
    propensities: Floats
    beats_practice: float
    """Posterior probability that the best arm by mean beats current practice."""


def may_explore(facts: CaseFacts) -> bool:
    """Return whether anything but the best guess may be shown in a case."""
    return not (
        facts.severity is Severity.CRITICAL
        or facts.is_vulnerable
        or facts.is_regulated
        or facts.failures_90_days >= REPEATED
    )


def choose(
    draws: Floats, kinds: tuple[int, ...], practice: int, n: int, *, explore: bool
) -> Choice:
    """Return the best guess and the propensities of K arms.

    Parameters
    ----------
    draws
        Posterior draws of each arm's value, shape (K, M).
    kinds
        Number of each arm's kind; arms of one kind differ in amount and share a floor.
    practice
        Index of the arm that current practice would take.
    n
        Own outcomes behind the draws.
    explore
        Whether exploration is permitted in this case.

    """
    best = int(draws.mean(axis=1).argmax())
    beats = float((draws[best] > draws[practice]).mean()) if best != practice else 0.0
    is_apprentice = n < APPRENTICE_UNTIL or beats < SURE_ENOUGH
    base = practice if is_apprentice else best
    wins = np.bincount(draws.argmax(axis=0), minlength=len(draws)) / draws.shape[1]
    return Choice(base, propensities(wins, kinds, base, explore=explore), beats)


def propensities(wins: Floats, kinds: tuple[int, ...], base: int, *, explore: bool) -> Floats:
    """Return the chance of each arm to be shown, from the chance of each to be the best.

    Parameters
    ----------
    wins
        Share of draws in which each arm is best, shape (K,), adding up to 1.
    kinds
        Number of each arm's kind.
    base
        The best guess, which gets what the others leave.
    explore
        False: the best guess gets everything.

    """
    chances = np.zeros(len(wins))
    if explore and len(wins) > 1:
        counts = np.bincount(kinds)
        floors = FLOOR / counts[list(kinds)]
        floors[base] = 0.0
        floors *= min(1.0, MOST_EXPLORATION / max(floors.sum(), FLOOR))
        others = wins.copy()
        others[base] = 0.0
        left = MOST_EXPLORATION - floors.sum()
        total = others.sum()
        chances = floors + (others * min(1.0, left / total) if total > 0 else 0.0)
    chances[base] = 1.0 - chances.sum()
    return chances
