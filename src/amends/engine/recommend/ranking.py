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

from .evidence import Draws, Flags, Ints

FLOOR: Final = 0.01
"""Chance that each allowed action keeps; its amounts share it."""

OTHER_AMOUNTS: Final = 0.1
"""Weight in its kind's floor of an amount that is not the kind's best, against 1 of the best."""

MOST_EXPLORATION: Final = 0.15

DRAWS: Final = 128
"""Posterior draws, in pairs of opposite sign: their mean is the posterior mean."""

REPEATED: Final = 2
"""Failures in the 90 days before from which a customer is not experimented with."""

APPRENTICE_UNTIL: Final = 200
"""Own outcomes before practice is left at all."""

JOURNEYMAN_FROM: Final = 1_000
"""Own outcomes from which the posterior is trusted as it is."""

SURE_ENOUGH: Final = (0.85, 0.55)
"""Posterior probability of beating current practice from which practice is left, at the end of
apprenticeship and from then on falling to that of a journeyman."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The best guess of each of B cases and the chance of each of its K arms to be shown."""

    base: Ints
    """Index of the best guess, shape (B,)."""
    propensities: Floats
    """Shape (B, K); 0 where a case has no such arm; rows add up to 1."""
    beats_practice: Floats
    """Posterior probability that the best arm by mean beats current practice, shape (B,)."""
    usual: Ints
    """What current practice comes to, shape (B,)."""


def may_explore(facts: CaseFacts) -> bool:
    """Return whether anything but the best guess may be shown in a case."""
    return not why_spared(facts)


def why_spared(facts: CaseFacts) -> str:
    """Return why nobody learns from a case by trying; empty: it may serve to learn."""
    if facts.severity is Severity.CRITICAL:
        return "it is critical"
    if facts.is_vulnerable:
        return "the customer needs care"
    if facts.is_regulated:
        return "the complaint is regulated"
    if facts.failures_90_days >= REPEATED:
        return "the customer was let down before"
    return ""


def choose(draws: Draws, kinds: Ints, practice: Ints, explore: Flags, n: int) -> Choices:
    """Return the best guesses and propensities of B cases with up to K arms each.

    Where money is short, values are those after its shadow price, and practice what `pacing` makes
    of it.

    Parameters
    ----------
    draws
        Posterior draws of each arm's value, shape (B, K, M); −inf where a case has no such arm.
    kinds
        Number of each arm's kind, shape (B, K); arms of one kind differ in amount and share a
        floor; −1 where a case has no such arm.
    practice
        Index of the arm that current practice would take, shape (B,).
    explore
        Whether exploration is permitted, shape (B,).
    n
        Own outcomes behind the draws.

    """
    cases = np.arange(len(draws))
    means = draws.mean(axis=2)
    best = means.argmax(axis=1)
    beats = np.mean(draws[cases, best] > draws[cases, practice], axis=1)
    leaves = (beats >= sure_enough(n)) & (n >= APPRENTICE_UNTIL)
    base = np.where(leaves, best, practice)
    winners = draws.argmax(axis=1) + cases[:, None] * draws.shape[1]
    wins = np.bincount(winners.ravel(), minlength=draws.shape[0] * draws.shape[1])
    shares = wins.reshape(draws.shape[:2]) / draws.shape[2]
    return Choices(base, propensities(shares, means, kinds, base, explore), beats, practice)


def sure_enough(n: int) -> float:
    """Return how probable it must be, after n own outcomes, that current practice is beaten."""
    strict, trusting = SURE_ENOUGH
    grown = (n - APPRENTICE_UNTIL) / (JOURNEYMAN_FROM - APPRENTICE_UNTIL)
    return strict - (strict - trusting) * min(max(grown, 0.0), 1.0)


def propensities(wins: Floats, means: Floats, kinds: Ints, base: Ints, explore: Flags) -> Floats:
    """Return the chance of each arm to be shown, from the chance of each to be the best.

    Parameters
    ----------
    wins
        Share of draws in which each arm is best, shape (B, K), rows adding up to 1.
    means
        Expected value of each arm, shape (B, K): a kind's floor goes mostly to its best amount.
    kinds, base, explore
        As in `choose`; the best guess gets what the others leave.

    """
    cases = np.arange(len(wins))
    floors = _floors(means, kinds)
    floors[kinds == kinds[cases, base][:, None]] = 0.0
    floors *= np.minimum(1.0, MOST_EXPLORATION / np.maximum(floors.sum(axis=1), FLOOR))[:, None]
    others = wins.copy()
    others[cases, base] = 0.0
    left = MOST_EXPLORATION - floors.sum(axis=1)
    total = np.maximum(others.sum(axis=1), 1e-12)
    chances = floors + others * np.minimum(1.0, left / total)[:, None]
    chances[~explore] = 0.0
    chances[cases, base] = 1.0 - chances.sum(axis=1)
    return np.asarray(chances)


def _floors(means: Floats, kinds: Ints) -> Floats:
    """Return each arm's part of its kind's floor, shape (B, K); padding gets none."""
    same = kinds[:, :, None] == kinds[:, None, :]
    best = np.where(same, means[:, None, :], -np.inf).max(axis=2)
    parts = np.where(means >= best, 1.0, OTHER_AMOUNTS)
    totals = (same * parts[:, None, :]).sum(axis=2)
    return np.where(kinds >= 0, FLOOR * parts / totals, 0.0)
