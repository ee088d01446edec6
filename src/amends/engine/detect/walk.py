"""The walk through time: fit the past, judge the next block bucket by bucket, fit again.

Nothing of the future is touched: a block is judged with a baseline of the buckets before it, and
what an open breakdown covers stays out of the next baseline.
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, SeriesBatch
from amends.engine.stats.evidence import poisson_llr
from amends.engine.stats.glm import Observed
from amends.engine.stats.links import Link

from .baseline import Forecast, History, forecast
from .checks import is_per_time
from .config import DetectConfig
from .design import regressors
from .hierarchy import generations, parents_of
from .watch import Step, Watch

_PARTIAL_DAY = 0.5
"""Standard deviation of ln (share of a bucket's events in its elapsed part), none elapsed."""
_REFITS = 32
"""A baseline is fitted anew when its history has grown by this fraction."""
_FORGOTTEN = 0.02
"""Weight that is left to the past when a new level is accepted."""
_RANGE_Z = 1.959963984540054


class Walk:
    """One family's series on their way through the buckets; results stand in the attributes."""

    def __init__(
        self, batch: SeriesBatch, rows: NDArray[np.int64], link: Link, config: DetectConfig
    ) -> None:
        self.batch, self.link, self.config = batch, link, config
        self.pace = config.paces[batch.bucket]
        self.keys = [batch.keys[i] for i in rows]
        self.known = ~np.isnan(batch.value[rows])
        self.value: Floats = np.where(self.known, batch.value[rows], 0.0)
        self.exposure: Floats = np.where(self.known, batch.exposure[rows], 0.0)
        self.eta_sd_now = self._shorten_last()
        self.parents = parents_of(self.keys, self.value[:, : config.history(batch.bucket)].sum(1))
        self.generations = generations(self.parents)
        shape = self.value.shape
        self.trust: Floats = np.ones(shape)
        self.excluded = np.zeros(shape, dtype=bool)
        for name in ("expected", "low", "high", "score", "calm", "relative_sd", "dispersion"):
            setattr(self, name, np.full(shape, np.nan))
        self.expected: Floats
        self.low: Floats
        self.high: Floats
        self.score: Floats
        self.calm: Floats
        self.relative_sd: Floats
        self.dispersion: Floats
        self.is_alarm = np.zeros(shape, dtype=bool)
        self.event = np.zeros(shape, dtype=np.int32)
        self.watch = Watch(shape[0], link, config, batch.bucket)
        self.opened_at = np.full(shape[0], -1)
        self.onset = np.full(shape[0], -1)
        self.free_from = np.zeros(shape[0], dtype=np.int64)
        """First bucket that a new breakdown may reach back to."""
        self.last_ill = np.full(shape[0], -1)
        """Last bucket of the open breakdown from which on nothing spoke for normal."""
        self.events = np.zeros(shape[0], dtype=np.int32)
        self.before: Forecast | None = None
        self.accepted: set[tuple[int, int]] = set()
        """(row, event) of breakdowns that became the new normal."""

    def run(self) -> None:
        """Judge all blocks."""
        total = self.value.shape[1]
        origin = self.config.history(self.batch.bucket)
        while origin < total:
            every = self.config.refit_every or max(self.pace.refit, origin // _REFITS)
            self._block(origin, min(origin + every, total))
            origin += every

    def _shorten_last(self) -> Floats:
        """Scale the exposure of the incomplete bucket where it is time; return its extra sd."""
        extra = np.zeros(self.value.shape[0])
        if self.batch.elapsed < 1:
            timed = np.array([is_per_time(k.measure) for k in self.keys], dtype=bool)
            self.exposure[timed, -1] *= self.batch.elapsed
            extra[timed] = _PARTIAL_DAY * (1 - self.batch.elapsed)
        return extra

    def _block(self, origin: int, end: int) -> None:
        judged = self.known[:, :origin].sum(axis=1) >= self.config.history(self.batch.bucket)
        if not judged.any():
            return
        self._accept(origin)
        ahead = self._forecast(origin, end)
        span = slice(origin, end)
        known = self.known[:, span] & judged[:, None]
        eta = ahead.eta
        variance = ahead.eta_variance.copy()
        if end == self.value.shape[1]:
            variance[:, -1] += self.eta_sd_now**2
        sd = np.sqrt(variance)
        mean = self.link.mean(eta, self.exposure[:, span])
        base = self.link.variance(mean, self.exposure[:, span])
        phi = ahead.dispersion[:, None]
        noise, drift = phi * base, base * sd
        cautious = eta + np.maximum(sd, log(1 + self.config.tolerance))
        ratio = self._log_ratios(cautious, span, ahead.dispersion)
        self._keep(span, known, mean, noise + drift**2, sd, phi)
        for t in range(origin, end):
            i = t - origin
            now = Step(
                np.where(known[:, i], self.value[:, t], 0.0),
                np.where(known[:, i], self.exposure[:, t], 0.0),
                np.where(known[:, i], mean[:, i], 0.0),
                np.where(known[:, i], noise[:, i], 0.0),
                np.where(known[:, i], drift[:, i], 0.0),
                ahead.dispersion,
                ratio[:, i],
                known[:, i],
                judged,
            )
            self._bucket(t, now)

    def _forecast(self, origin: int, end: int) -> Forecast:
        first = max(0, origin - self.pace.memory)
        past = slice(first, origin)
        age = np.arange(origin - first)[::-1] + 1.0
        weight = (
            self.trust[:, past]
            * (self.known[:, past] & ~self.excluded[:, past])
            * 0.5 ** (age / self.pace.half_life)
        )
        seen = Observed(self.value[:, past], self.exposure[:, past], weight)
        closed = None if self.batch.closed is None else self.batch.closed[:end]
        design = regressors(self.batch.starts[:end], self.batch.bucket, closed, origin, first)
        history = History(seen, self.generations, self.parents)
        span = (first, origin, end)
        self.before = forecast(self.link, history, design, span, self.pace, self.before)
        return self.before

    def _log_ratios(self, eta: Floats, span: slice, dispersion: Floats) -> Floats:
        exposure = self.exposure[:, span]
        mean = self.link.mean(eta, exposure)
        return self.link.log_ratio(
            self.value[:, span, None],
            exposure[:, :, None],
            mean[:, :, None],
            dispersion[:, None, None],
            np.array(self.config.ratios),
        )

    def _keep(
        self,
        span: slice,
        known: NDArray[np.bool_],
        mean: Floats,
        variance: Floats,
        sd: Floats,
        phi: Floats,
    ) -> None:
        low, high = self.link.range(mean, self.exposure[:, span], variance, _RANGE_Z)
        for kept, values in (
            (self.expected, mean),
            (self.low, low),
            (self.high, high),
            (self.relative_sd, sd),
            (self.dispersion, np.broadcast_to(phi, mean.shape)),
        ):
            kept[:, span] = np.where(known, values, np.nan)

    def _bucket(self, t: int, now: Step) -> None:
        was_open = self.watch.is_open.copy()
        self.score[:, t], self.is_alarm[:, t], closed = self.watch.step(now)
        for row in np.flatnonzero(closed):
            self.excluded[row] = False
            self.free_from[row] = self.last_ill[row] + 1
        opened = self.watch.is_open & (~was_open | closed)
        for row in np.flatnonzero(opened):
            self._open(int(row), t)
        is_open = self.watch.is_open
        self.last_ill[is_open & (self.watch.calm <= 0)] = t
        self.excluded[is_open, t] = True
        self.event[:, t] = np.where(is_open, self.events, 0)
        self.calm[:, t] = np.where(is_open, self.watch.calm, np.nan)

    def _open(self, row: int, t: int) -> None:
        """Start a breakdown and take its buckets since the likeliest onset out of the baseline."""
        first = max(int(self.free_from[row]), t - self.pace.lookback)
        observed, expected = self.value[row, first : t + 1], self.expected[row, first : t + 1]
        known = ~np.isnan(expected)
        seen = np.where(known, observed, 0.0)[::-1].cumsum()[::-1]
        base = np.where(known, expected, 0.0)[::-1].cumsum()[::-1]
        self.onset[row] = first + int(np.argmax(poisson_llr(seen, base)))
        self.opened_at[row] = t
        self.events[row] += 1
        self.excluded[row, self.onset[row] : t + 1] = True

    def _accept(self, origin: int) -> None:
        """Take the level of a breakdown that has lasted too long for the new normal.

        What lies before it is nearly forgotten, so that the baseline is learnt anew: a season that
        passed for a breakdown in the first year leaves no trace.
        """
        old = self.watch.is_open & (origin - self.opened_at >= self.pace.accept)
        for row in np.flatnonzero(old):
            self.trust[row, : self.onset[row]] *= _FORGOTTEN
            self.excluded[row] = False
            self.free_from[row] = origin
            self.accepted.add((int(row), int(self.events[row])))
        if old.any():
            self.watch.reset(old)
