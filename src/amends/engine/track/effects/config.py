"""How effects are estimated and when they are refused."""

from dataclasses import dataclass
from enum import StrEnum

from .nuisance import Learner


class Estimand(StrEnum):
    """Whose average effect is meant."""

    ATE = "ate"
    """Of all units."""
    ATT = "att"
    """Of those who were treated."""


@dataclass(frozen=True, slots=True)
class EffectConfig:
    """Settings of `estimate_effect`.

    Parameters
    ----------
    learner
        None: chosen by the number of units.
    trim
        Units whose propensity of treatment lies outside are left out, and all is estimated again
        without them.
    min_effective, max_weight, min_per_arm
        An effect outside these is refused, not shown.
    n_placebos
        Shuffles of the placebo assignment.

    """

    estimand: Estimand = Estimand.ATE
    n_folds: int = 5
    learner: Learner | None = None
    seed: int = 0
    level: float = 0.95
    trim: tuple[float, float] | None = None
    min_effective: float = 100.0
    max_weight: float = 100.0
    min_per_arm: int = 30
    n_placebos: int = 10

    def __post_init__(self) -> None:
        if self.n_folds < 2:
            raise ValueError(f"n_folds is {self.n_folds}; cross-fitting needs 2.")
        if self.trim is not None and not 0 <= self.trim[0] < self.trim[1] <= 1:
            raise ValueError(f"trim is {self.trim}; it is two shares, the lower first.")
