"""Daily pacing of discretionary money: one shadow price, which what is owed never pays.

The price λ is the dual variable of the budget. Ranking values an action at value − (1 + λ) · cost,
so that money goes where it does most; the price rises with what is spent above the plan and falls
with what is left. This is the projected subgradient step of adaptive pacing (Balseiro and Gur 2019,
"Learning in repeated auctions with budgets"), taken at any moment of a day against the day's
planned path: at its end, where the plan is the whole budget, it is the daily step.

Whatever cases come, the steps of T days add up: spending exceeds T budgets by at most
(λ at the end − λ at the start) · budget ÷ `STEP`.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import numpy as np

from amends.engine.contracts import BadInput, Floats

from .evidence import Flags, Ints

STEP: Final = 2.0
"""How much the price rises when a whole day's budget is spent above plan."""


def price_at(start: float, spent: Decimal, planned: Decimal, budget: Decimal) -> float:
    """Return the shadow price at a moment of a day, ≥ 0.

    Parameters
    ----------
    start
        The price at the beginning of the day.
    spent
        Discretionary money given since then; what is owed does not count.
    planned
        What was to be spent until this moment: a part of the budget, at the end all of it.
    budget
        Of the day, in the same currency, above 0.

    Raises
    ------
    BadInput
        The budget is not above 0.

    """
    if budget <= 0:
        raise BadInput(f"A daily budget of {budget} cannot be paced.", remedy="Give more than 0.")
    return max(0.0, start + STEP * float((spent - planned) / budget))


def price_after(start: float, spent: Iterable[Decimal], budget: Decimal) -> float:
    """Return the price after days in which these sums were spent; see `price_at`."""
    for of_day in spent:
        start = price_at(start, of_day, budget, budget)
    return start


def affordable(means: Floats, goodwill: Floats, prices: Floats, practice: Ints) -> Ints:
    """Return what replaces current practice in B cases because money is short; else practice.

    An action with less money replaces it where the price of the money that it saves exceeds the
    value that is lost. Practice is trusted: nothing counts as worth more than it, so that without a
    price it always stays.

    Parameters
    ----------
    means
        Expected value of each arm without the price, shape (B, K); −inf where there is no such arm.
    goodwill
        Discretionary money of each arm, shape (B, K).
    prices
        Shadow price of each case, shape (B,).
    practice
        Index of the arm that current practice would take, shape (B,).

    """
    cases = np.arange(len(means))
    saved = goodwill[cases, practice][:, None] - goodwill
    lost = np.maximum(0.0, means[cases, practice][:, None] - means)
    gains = np.where(saved > 0, prices[:, None] * saved - lost, -np.inf)
    best = gains.argmax(axis=1)
    is_worth: Flags = gains[cases, best] > 0
    return np.where(is_worth, best, practice)
