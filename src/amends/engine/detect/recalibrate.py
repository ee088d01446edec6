"""What people's judgements say of a threshold: more false alarms than granted, or fewer.

A measure has its part of the budget. If more of its alarms turn out false than that part grants,
its part is cut until they agree; if fewer, it may spend some of what it saves. The ratio is a
Gamma–Poisson posterior mean with a prior of one's own making at 1 (Gelman et al. 2013, §2.6), and
it moves in steps within bounds, so that a single judgement changes nothing.
"""

from math import log, sqrt
from typing import Final

PRIOR_ALARMS: Final = 4.0
"""False alarms that the belief "as granted" weighs."""
LEAST, MOST = 0.25, 2.0
"""Bounds of the factor."""
STEP: Final = sqrt(2.0)
HOLD: Final = 0.75
"""Steps that the ratio must lie away before the factor moves: to and fro moves nothing."""


def budget_factor(n_false: int, granted: float, before: float = 1.0) -> float:
    """Return how many times its equal part of the budget a measure gets.

    Parameters
    ----------
    n_false
        Alarms that were judged false.
    granted
        False alarms that an equal part granted meanwhile to what was judged.
    before
        The factor in force.

    Returns
    -------
    float
        A power of √2 within [1/4, 2].

    """
    ratio = (PRIOR_ALARMS + granted) / (PRIOR_ALARMS + n_false)
    wanted = log(min(max(ratio, LEAST), MOST)) / log(STEP)
    current = log(before) / log(STEP)
    if abs(wanted - current) < HOLD:
        return before
    return float(min(max(STEP ** round(wanted), LEAST), MOST))
