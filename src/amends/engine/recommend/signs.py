"""Early signs of what a case will be worth: how satisfied the customer is, whether they call again.

Who leaves and who buys again is mostly luck; how an action was received is not. The signs' usual
value (learnt over all actions) stands in for the outcome's, which makes a lesson worth many; what
the outcomes say beyond their signs corrects it (the surrogate index of Athey, Chetty, Imbens and
Kang 2019, with its surprises modelled instead of assumed away).
"""

import math
from typing import Final

import numpy as np

from amends.engine.contracts import Floats

from .features import worth
from .log import Lesson

_KNOTS: Final = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
N_SIGNS: Final = 2 * (1 + len(_KNOTS)) + 2
"""Signs of a lesson."""

_LARGE_LOSS: Final = math.log(100)


def signs(lesson: Lesson) -> Floats:
    """Return a lesson's signs in currency, shape (N_SIGNS,).

    Worth times a broken line in satisfaction, once as it is and once times the size of the loss;
    1; and whether the customer had to contact us again.
    """
    felt = lesson.outcome.satisfaction
    line = np.array((1.0, *(min(max(felt - knot, 0.0), 0.5) for knot in _KNOTS)))
    line *= worth(lesson.facts)
    size = min(math.log1p(float(lesson.facts.loss.amount)) / _LARGE_LOSS, 1.5)
    return np.concatenate([line, line * size, (1.0, float(lesson.outcome.recontacted))])
