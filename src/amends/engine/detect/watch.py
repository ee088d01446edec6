"""The step from one bucket to the next: two arms, one score, open and closed breakdowns.

Fast arm: tail probability of the last few buckets together, for several widths, the least of them
after each has its part of the budget. Guaranteed arm: e-SR over several alternatives against a null
that already grants the baseline its uncertainty. Both speak in ln of the buckets between false
alarms, so one threshold serves both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats
from amends.engine.stats.evidence import log_average, next_log_sum
from amends.engine.stats.links import Link

from .config import DetectConfig

Bools = NDArray[np.bool_]
_HEADROOM = 3.0
"""Nats that the guaranteed arm may stand above its threshold, so that it falls soon after."""
_STILL_ILL = 3.0
"""Times the expected that is no recovery, however high it was before."""
_RECOVERED = np.log(20.0)
"""Odds for "back to normal" against "half the excess is still there" that end a breakdown."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bucket of N series; unknown buckets have value, exposure and mean 0."""

    value: Floats
    exposure: Floats
    mean: Floats
    noise: Floats
    """Variance of the value about the mean."""
    drift: Floats
    """Standard deviation that the mean's own uncertainty adds; common to neighbouring buckets."""
    dispersion: Floats
    log_ratio: Floats
    """(N, C): ln likelihood ratio of the alternatives."""
    known: Bools
    judged: Bools


class Watch:
    """The state of N series between two buckets."""

    def __init__(self, n: int, link: Link, config: DetectConfig, bucket: Bucket) -> None:
        self.link, self.config = link, config
        self.threshold = config.threshold(bucket)
        self.windows = config.paces[bucket].windows
        self.log_sum: Floats = np.full((n, len(config.ratios)), -np.inf)
        width = max(w for w, _ in self.windows)
        self.ring = np.zeros((5, n, width))
        self.gathered: Floats = np.zeros(n)
        self.is_open = np.zeros(n, dtype=bool)
        self.run = np.zeros((2, n))
        """Observed and expected over the alarmed buckets of the open breakdown."""
        self.calm: Floats = np.zeros(n)
        """Evidence (nats) that an open breakdown is over."""

    def step(self, now: Step) -> tuple[Floats, Bools, Bools]:
        """Take in one bucket; return score, is_alarm and which breakdowns it ended, each (N,)."""
        closed = self._close(now)
        fresh = np.stack([now.value, now.exposure, now.mean, now.noise, now.drift], axis=0)
        self.ring = np.concatenate([self.ring[:, :, 1:], fresh[:, :, None]], axis=2)
        slow_share = np.log(1 - self.config.fast_share)
        grown = next_log_sum(
            self.log_sum,
            now.log_ratio,
            np.minimum(now.mean, 1.0)[:, None],
            self.threshold - slow_share + _HEADROOM,
        )
        usable = (now.known & now.judged)[:, None]
        self.log_sum = np.where(usable, grown, self.log_sum)
        slow = log_average(self.log_sum)
        self.gathered = np.where(slow > 0, self.gathered, 0.0) + now.value
        score = np.maximum(self._fast() + np.log(self.config.fast_share), slow + slow_share)
        enough = np.maximum(self.ring[0].sum(axis=1), self.gathered) >= self.config.min_events
        is_alarm = (score >= self.threshold) & enough & now.known & now.judged
        self._follow(now, is_alarm)
        return np.where(now.known & now.judged, score, np.nan), is_alarm, closed

    def reset(self, rows: Bools) -> None:
        """Forget what was gathered on these series: a breakdown is over, or a level accepted."""
        self.log_sum[rows] = -np.inf
        self.ring[:, rows] = 0.0
        self.gathered[rows] = 0.0
        self.is_open[rows] = False
        self.run[:, rows] = 0.0
        self.calm[rows] = 0.0

    def excess_ratio(self) -> Floats:
        """Return observed ÷ expected of the open breakdowns' alarmed buckets."""
        return np.asarray(self.run[0] / np.maximum(self.run[1], 1e-9))

    def _fast(self) -> Floats:
        """Return −ln of the least tail probability, each divided by its window's share."""
        best = np.full(self.ring.shape[1], -np.inf)
        back = self.ring[:, :, ::-1].cumsum(axis=2)
        for width, share in self.windows:
            value, exposure, mean, noise, drift = back[:, :, width - 1]
            tail = self.link.tail(value, exposure, mean, noise + drift**2)
            best = np.maximum(best, np.log(share) - np.log(tail))
        return best

    def _close(self, now: Step) -> Bools:
        """End the breakdowns whose buckets speak for normal rather than half the excess."""
        if not self.is_open.any():
            return np.zeros_like(self.is_open)
        half = np.clip(1 + (self.excess_ratio() - 1) / 2, 1.2, _STILL_ILL)
        grown = now.mean * (half - 1) - now.value * np.log(half)
        self.calm = np.where(self.is_open, np.maximum(self.calm + grown / now.dispersion, 0), 0)
        closed: Bools = self.is_open & (self.calm >= _RECOVERED)
        if closed.any():
            self.reset(closed)
        return closed

    def _follow(self, now: Step, is_alarm: Bools) -> None:
        self.is_open = self.is_open | is_alarm
        pair = np.stack([now.value, now.mean], axis=0)
        self.run = self.run + np.where(is_alarm, pair, 0.0)
