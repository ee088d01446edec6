"""Kaplan–Meier: how long things take when some have not ended yet."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Interval

from .intervals import normal_quantile

_TIE = 1e-12
"""Survival is a product of ratios; values this close to a quantile are on it."""


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """Kaplan–Meier estimate at its E event times.

    Parameters
    ----------
    times
        float64 of shape (E,), ascending, distinct: when something ended.
    survival
        float64 of shape (E,): share that lasts longer than the time.
    low, high
        float64 of shape (E,): Greenwood variance on the log(−log) scale; at a survival of 0 the
        variance is undefined and the interval is [0, last high].
    n, n_ended
        How many were followed and how many of them ended.

    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    n: int
    n_ended: int
    level: float

    def quantile(self, share: float) -> float | None:
        """Return the time by which `share` have ended; None when the curve does not get there."""
        return self._first(self.survival, 1 - share)

    def quantile_interval(self, share: float) -> Interval | None:
        """Interval of the quantile (Brookmeyer & Crowley 1982); infinite where it is open."""
        if self.quantile(share) is None:
            return None
        low = self._first(self.low, 1 - share)
        high = self._first(self.high, 1 - share)
        return Interval(
            low if low is not None else float(self.times[0]),
            high if high is not None else float("inf"),
            self.level,
        )

    def at(self, time: float) -> float:
        """Return the share that lasts longer than `time`."""
        index = int(np.searchsorted(self.times, time, side="right"))
        return 1.0 if index == 0 else float(self.survival[index - 1])

    def _first(self, curve: Floats, level: float) -> float | None:
        reached = np.flatnonzero(curve <= level + _TIE)
        return float(self.times[reached[0]]) if len(reached) else None


def kaplan_meier(
    durations: Floats, has_ended: NDArray[np.bool_], *, level: float = 0.95
) -> SurvivalCurve:
    """Estimate the survival curve of durations of which some are right-censored.

    Parameters
    ----------
    durations
        float64 of shape (n,), ≥ 0: until the end, or until we stopped looking.
    has_ended
        bool of shape (n,): False: still running when we stopped looking (censored). At equal
        times the ends come before the censorings.

    Raises
    ------
    ValueError
        The shapes differ or a duration is negative or not finite.

    Notes
    -----
    Kaplan & Meier 1958; Greenwood's variance; interval on the log(−log) scale (Kalbfleisch &
    Prentice 2002, §1.4).

    """
    if durations.shape != has_ended.shape:
        raise ValueError(f"{durations.shape} durations, {has_ended.shape} ends.")
    if not np.all(np.isfinite(durations)) or np.any(durations < 0):
        raise ValueError("A duration is negative or not finite.")
    times, counts = np.unique(durations[has_ended], return_counts=True)
    ordered = np.sort(durations)
    at_risk = len(durations) - np.searchsorted(ordered, times, side="left")
    survival = np.cumprod(1 - counts / at_risk, dtype=np.float64)
    survival[np.abs(survival) < _TIE] = 0.0
    low, high = _log_log_band(survival, counts, at_risk, normal_quantile(level))
    return SurvivalCurve(
        times=times,
        survival=survival,
        low=low,
        high=high,
        n=len(durations),
        n_ended=int(has_ended.sum()),
        level=level,
    )


def _log_log_band(
    survival: Floats, counts: NDArray[np.int64], at_risk: NDArray[np.int64], z: float
) -> tuple[Floats, Floats]:
    inner = survival > 0
    low, high = np.zeros_like(survival), np.zeros_like(survival)
    greenwood = np.cumsum(counts[inner] / (at_risk[inner] * (at_risk[inner] - counts[inner])))
    log_survival = np.log(survival[inner])
    spread = z * np.sqrt(greenwood) / -log_survival
    low[inner] = np.exp(log_survival * np.exp(spread))
    high[inner] = np.exp(log_survival * np.exp(-spread))
    if not inner.all():
        high[~inner] = high[inner][-1] if inner.any() else 1.0
    return low, high
