"""One bucket of N series, as the arms see it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Step:
    """What was seen and expected; unknown buckets have value, exposure and mean 0."""

    value: Floats
    exposure: Floats
    mean: Floats
    noise: Floats
    """Variance of the value about the mean."""
    drift: Floats
    """Standard deviation that the mean's own uncertainty adds; common to neighbouring buckets."""
    dispersion: Floats
    ratios: Floats
    """(N, C): likelihood ratio of each alternative."""
    usable: Bools
    """Known, and of a series that is judged."""
