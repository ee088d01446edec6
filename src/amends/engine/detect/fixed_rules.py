"""Rules beside statistics: when a value a day, or a run of moments, makes a rule fire.

The same functions serve the watch and the preview, so that a preview shows what would have come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from amends.engine.contracts import BadInput, Floats


@dataclass(frozen=True, slots=True)
class Threshold:
    """A level that is not to be passed."""

    level: float
    is_above: bool = True
    """Whether it fires above the level, or below it; never in both directions."""
    window_days: int = 1
    """Days that are put together before they are compared."""
    minimum_count: float = 1.0
    """Exposure of the window (answers, transactions …) below which nothing is said."""
    is_mean: bool = False
    """Whether the value is per exposure; else it is the sum over the window."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A stretch of days in which a rule holds, as positions, and its worst value."""

    first: int
    last: int
    value: float


def window_values(value: Floats, exposure: Floats, rule: Threshold) -> tuple[Floats, Floats]:
    """Return what is compared on each day, and how much it rests on; shape (days,) both.

    NaN where nothing was exposed. The first days have shorter windows.

    Raises
    ------
    BadInput
        The window has no day.

    """
    if rule.window_days < 1:
        raise BadInput("A window has at least one day.", where="window_days", remedy="Write 1.")
    sums = _moving(np.nan_to_num(value), rule.window_days)
    exposed = _moving(np.nan_to_num(exposure), rule.window_days)
    if not rule.is_mean:
        return sums, exposed
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(exposed > 0, sums / exposed, np.nan), exposed


def threshold_firings(
    value: Floats, exposure: Floats, rule: Threshold, *, last_is_partial: bool
) -> list[Firing]:
    """Return when a threshold is passed, days in order.

    A day that still runs counts upwards only: a sum that is above already stays so, while one that
    is below may yet grow.
    """
    shown, exposed = window_values(value, exposure, rule)
    enough = exposed >= rule.minimum_count if rule.is_mean else np.ones(len(shown), bool)
    if not rule.is_mean and rule.is_above:
        enough = shown >= rule.minimum_count
    holds = enough & ((shown > rule.level) if rule.is_above else (shown < rule.level))
    if last_is_partial and len(holds) and not rule.is_above:
        holds[-1] = False
    firings: list[Firing] = []
    worst = max if rule.is_above else min
    for day in np.flatnonzero(holds):
        if firings and firings[-1].last == day - 1:
            before = firings[-1]
            firings[-1] = Firing(before.first, int(day), worst(before.value, float(shown[day])))
        else:
            firings.append(Firing(int(day), int(day), float(shown[day])))
    return firings


def run_firings(moments: Sequence[datetime], n: int, within: timedelta) -> list[int]:
    """Return the positions at which there are `n` moments within a time, each counted once.

    Moments in order. One that made the rule fire does not count again: it needs `n` new ones.

    Raises
    ------
    BadInput
        `n` is below 1.

    """
    if n < 1:
        raise BadInput("At least one is needed.", where="n", remedy="Write 1 or more.")
    fired: list[int] = []
    open_since = 0
    for place, moment in enumerate(moments):
        while moments[open_since] < moment - within:
            open_since += 1
        if place - open_since + 1 >= n:
            fired.append(place)
            open_since = place + 1
    return fired


def _moving(values: Floats, days: int) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(total))
    moved: Floats = total[ends] - total[np.maximum(ends - days, 0)]
    return moved
