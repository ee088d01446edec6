"""The watch over N series of one family, a bucket at a time: O(1) per series and bucket.

    monitor = Monitor(keys, bucket, first, config)
    judged = monitor.update(value, exposure)      # when a bucket is complete
    if monitor.is_due: monitor.fit(history)       # off the hot path, e.g. at night
    now = monitor.peek(value, exposure, elapsed)  # of the bucket that still runs, at any time

Nothing of the future is touched: a bucket is judged with a baseline of the buckets before the last
fit, and what an open breakdown covers stays out of the next baseline. What is kept by `to_bytes`
goes on as if it had never been stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats, SeriesKey
from amends.engine.stats.glm import Observed
from amends.engine.stats.links import link_of

from .baseline import History, forecast
from .checks import family_of, is_per_time, places_of
from .config import DetectConfig
from .course import close, follow, forget
from .design import regressors
from .fast import fast_score, remember
from .guaranteed import likelihood_ratios, slow_score
from .hierarchy import generations, parents_of
from .state import State
from .step import Bools, Step

_PARTIAL_DAY = 0.5
"""Standard deviation of ln (share of a bucket's events in its elapsed part), none elapsed."""
_REFITS = 32
"""A baseline is fitted anew when its history has grown by this fraction."""
_FORGOTTEN = 0.005
"""Weight that is left to the past when a new level is accepted."""
_YEAR = np.timedelta64(int(365.25 * 86_400), "s")
_RANGE_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Past:
    """What a fit looks back on: buckets [at − H, at), (N, H), and what is known of coming ones.

    `closed` (T,) and `planned` (K, T) are those of `SeriesBatch`, from bucket 0 as far as known.
    """

    value: Floats
    exposure: Floats
    closed: Floats | None = None
    planned: Floats | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of k buckets; the fields are those of `Detection`, each (N, k)."""

    expected: Floats
    low: Floats
    high: Floats
    score: Floats
    is_alarm: Bools
    event: NDArray[np.int32]
    calm: Floats
    relative_sd: Floats
    dispersion: Floats


class Monitor:
    """The series, their settings, and their state."""

    def __init__(
        self,
        keys: Sequence[SeriesKey],
        bucket: Bucket,
        first: np.datetime64,
        config: DetectConfig,
        *,
        width: np.timedelta64 | None = None,
        state: State | None = None,
    ) -> None:
        families = {family_of(key.measure) for key in keys}
        if len(families) > 1:
            raise ValueError("The series of one monitor are of one family.")
        self.keys, self.bucket, self.config = tuple(keys), bucket, config
        self.link = link_of(families.pop()) if families else link_of(family_of(""))
        self.pace = config.paces[bucket]
        self.first = first.astype("datetime64[us]")
        self.width = np.timedelta64(bucket.seconds, "s") if width is None else width
        self.threshold = config.threshold(bucket)
        widest = max(width for width, _ in self.pace.windows)
        self.state = state or State.new(len(keys), len(config.ratios), widest, self.pace)
        self.is_timed = np.array([is_per_time(key.measure) for key in keys], dtype=bool)
        self.places = places_of(keys)

    @property
    def is_due(self) -> bool:
        """Return whether the baseline is to be fitted before the next bucket."""
        enough = self.state.at >= self.config.history(self.bucket)
        return enough and self.state.at >= self.state.fitted_until

    @property
    def look_back(self) -> int:
        """Return how many buckets the next fit wants to see."""
        return min(self.state.at, self.pace.memory)

    def update(self, value: Floats, exposure: Floats, elapsed: float = 1.0) -> Judged:
        """Take in the next k buckets, (N, k); unknown values are NaN.

        `elapsed` is the share of the last of them that has passed; a bucket that is taken in is
        never seen again, so one that still runs is better given to `peek`.
        """
        state, k = self.state, value.shape[1]
        if state.at + k > max(state.fitted_until, self.config.history(self.bucket)):
            raise ValueError("The baseline is to be fitted before these buckets are judged.")
        value, known, exposure = self._seen(value, exposure, elapsed)
        if state.at >= state.fitted_until or not state.judged.any():
            state.n_known += known.sum(axis=1)
            state.at += k
            return nothing_said(value.shape)
        return self._judge(value, known, exposure, elapsed)

    def peek(self, value: Floats, exposure: Floats, elapsed: float = 1.0) -> Judged:
        """Return what `update` would say, without taking the buckets in."""
        kept, self.state = self.state, self.state.copy()
        try:
            return self.update(value, exposure, elapsed)
        finally:
            self.state = kept

    def fit(self, past: Past) -> None:
        """Fit the baseline to the buckets so far and look ahead to the next fit."""
        state, origin = self.state, self.state.at
        first = origin - past.value.shape[1]
        if first > origin - self.look_back:
            raise ValueError(f"The fit needs the last {self.look_back} buckets.")
        every = self.config.refit_every or max(self.pace.refit, origin // _REFITS)
        self._accept_old(origin)
        state.judged = state.n_known >= self.config.history(self.bucket)
        state.fitted_at, state.fitted_until = origin, origin + every
        if not state.judged.any():
            return
        seen = self._history(past, first, max(first, origin - self.pace.memory))
        first = origin - seen.value.shape[1]
        end = origin + every
        starts = self.first + np.arange(end) * self.width
        closed = None if past.closed is None else _until(past.closed, end)
        planned = [] if past.planned is None else [_until(kind, end) for kind in past.planned]
        design = regressors(starts, self.bucket, closed, planned, origin, first)
        before = (state.coef, state.dispersion) if state.coef.shape[1] else None
        parents = parents_of(self.keys, self._early(seen))
        history = History(seen, generations(parents), parents, self._years(first), ~self.is_timed)
        ahead = forecast(self.link, history, design, (first, origin, end), self.pace, before)
        state.coef, state.dispersion = ahead.coef, ahead.dispersion
        state.eta, state.eta_variance = ahead.eta, ahead.eta_variance

    def accept(self, rows: Bools, since: int) -> None:
        """Take the level from bucket `since` on for the new normal: a person said so."""
        for row in np.flatnonzero(rows):
            self._accept(int(row), since)
        forget(self.state, rows)
        self.state.fitted_until = self.state.at

    def to_bytes(self) -> bytes:
        """Return all that is needed to go on."""
        return self.state.to_bytes(self.keys, _settings(self.bucket, self.first, self.config))

    @classmethod
    def from_bytes(
        cls, kept: bytes, bucket: Bucket, first: np.datetime64, config: DetectConfig
    ) -> "Monitor":
        """Return the monitor that was kept under the same settings.

        Raises
        ------
        BadInput
            The bytes are no state of these settings.

        """
        at = first.astype("datetime64[us]")
        state, keys = State.from_bytes(kept, _settings(bucket, at, config))
        return cls(keys, bucket, first, config, state=state)

    def _seen(
        self, value: Floats, exposure: Floats, elapsed: float
    ) -> tuple[Floats, Bools, Floats]:
        """Return value, whether it is known, and exposure, of buckets from the present one on."""
        state = self.state
        at = state.at + np.arange(value.shape[1])
        with np.errstate(invalid="ignore"):
            has_event = value > 0
        begins = np.where(has_event.any(axis=1), at[0] + has_event.argmax(axis=1), state.began_at)
        state.began_at = np.minimum(state.began_at, begins)
        known = ~np.isnan(value) & self._is_there(at)
        exposure = np.where(known, exposure, 0.0)
        if elapsed < 1:
            exposure[self.is_timed, -1] *= elapsed
        return np.where(known, value, 0.0), known, exposure

    def _is_there(self, at: NDArray[np.int64]) -> Bools:
        """Return whether each series was there in each bucket; see `places_of`."""
        begins = np.where(self.places >= 0, self.state.began_at[self.places], 0)
        there: Bools = at >= begins[:, None]
        return there

    def _history(self, past: Past, first: int, since: int) -> Observed:
        """Return what the fit looks at, weighed: bucket `since` and later."""
        state, origin = self.state, self.state.at
        value, exposure = past.value[:, since - first :], past.exposure[:, since - first :]
        at = np.arange(since, origin)
        known = ~np.isnan(value) & self._is_there(at)
        is_open = state.is_open[:, None] & (at >= state.onset[:, None])
        weight = (known & ~is_open) * 0.5 ** ((origin - at) / self.pace.half_life)
        for row, level_from, _ in state.levels:
            weight[row, : max(level_from - since, 0)] *= _FORGOTTEN
        return Observed(np.where(known, value, 0.0), np.where(known, exposure, 0.0), weight)

    def _years(self, first: int) -> Floats:
        """Return since when each series has been seen on its present level, in years."""
        since = np.full(len(self.keys), first)
        for row, level_from, _ in self.state.levels:
            since[row] = max(since[row], level_from)
        return (self.state.at - since) * (self.width / _YEAR)

    def _early(self, seen: Observed) -> Floats:
        total: Floats = seen.value[:, : self.config.history(self.bucket)].sum(axis=1)
        return total

    def _accept_old(self, origin: int) -> None:
        """Take the level of a breakdown that has lasted too long for the new normal.

        What lies before it is nearly forgotten, so that the baseline is learnt anew: a season that
        passed for a breakdown in the first year leaves no trace.
        """
        state = self.state
        old = state.is_open & (origin - state.opened_at >= self.pace.accept)
        for row in np.flatnonzero(old):
            self._accept(int(row), int(state.onset[row]))
        if old.any():
            forget(state, old)

    def _accept(self, row: int, since: int) -> None:
        state = self.state
        number = int(state.events[row]) if state.is_open[row] else 0
        state.levels = np.vstack([state.levels, [[row, since, number]]])
        state.free_from[row] = state.at
        state.coef[row] = np.nan  # lest the old level pass for what the new one is an outbreak of

    def _judge(self, value: Floats, known: Bools, exposure: Floats, elapsed: float) -> Judged:
        state, k = self.state, value.shape[1]
        ahead = slice(state.at - state.fitted_at, state.at - state.fitted_at + k)
        eta, variance = state.eta[:, ahead], state.eta_variance[:, ahead]
        if elapsed < 1:
            variance = variance.copy()
            variance[self.is_timed, -1] += (_PARTIAL_DAY * (1 - elapsed)) ** 2
        sd, phi = np.sqrt(variance), state.dispersion[:, None]
        mean = self.link.mean(eta, exposure)
        base = self.link.variance(mean, exposure)
        noise, drift = phi * base, base * sd
        usable = known & state.judged[:, None]
        seen_of = (value, exposure)
        ratios = likelihood_ratios(self.link, seen_of, (eta, sd), phi, self.config)
        low, high = self.link.range(mean, exposure, noise + drift**2, _RANGE_Z)
        told = nothing_said(value.shape)
        seen, given, usual, scatter, unsure = (
            np.where(usable, f, 0.0) for f in (value, exposure, mean, noise, drift)
        )
        for i in range(k):
            now = Step(
                value=seen[:, i],
                exposure=given[:, i],
                mean=usual[:, i],
                noise=scatter[:, i],
                drift=unsure[:, i],
                dispersion=state.dispersion,
                ratios=ratios[:, i],
                usable=usable[:, i],
            )
            told.score[:, i], told.is_alarm[:, i], told.calm[:, i] = self._step(now)
            told.event[:, i] = np.where(state.is_open, state.events, 0)
            state.n_known += known[:, i]
            state.at += 1
        phis = np.broadcast_to(phi, mean.shape)
        for name, figures in zip(
            ("expected", "low", "high", "relative_sd", "dispersion"),
            (mean, low, high, sd, phis),
            strict=True,
        ):
            np.copyto(getattr(told, name), figures, where=usable)
        return told

    def _step(self, now: Step) -> tuple[Floats, Bools, Floats]:
        """Let both arms see the bucket; return score, is_alarm and calm."""
        state, share = self.state, self.config.fast_share
        close(state, now, self.link.sign)
        remember(state, now)
        slow = slow_score(state, now, self.threshold - np.log1p(-share)) + np.log1p(-share)
        fast = fast_score(state, self.link, self.pace.windows) + np.log(share)
        score = np.maximum(fast, slow)
        is_alarm = (score >= self.threshold) & self._is_enough() & now.usable
        calm = follow(state, now, is_alarm, self.pace.lookback, self.link.sign)
        return np.where(now.usable, score, np.nan), is_alarm, calm

    def _is_enough(self) -> Bools:
        """Return where there are events enough to call somebody, or enough that are missing."""
        state = self.state
        if self.link.sign < 0:
            enough: Bools = state.window[:, 2].sum(axis=0) >= self.config.min_events
            return enough
        most = np.maximum(state.window[:, 0].sum(axis=0), state.gathered)
        return np.asarray(most >= self.config.min_events)


def _settings(bucket: Bucket, first: np.datetime64, config: DetectConfig) -> str:
    return sha256(f"{bucket}|{first}|{config!r}".encode()).hexdigest()[:16]


def nothing_said(shape: tuple[int, ...]) -> Judged:
    """Return what is said where nothing is judged."""

    def empty() -> Floats:
        return np.full(shape, np.nan)

    none = np.zeros(shape, dtype=bool)
    events = np.zeros(shape, dtype=np.int32)
    return Judged(empty(), empty(), empty(), empty(), none, events, empty(), empty(), empty())


def _until(known: Floats, end: int) -> Floats:
    return np.pad(known[:end], (0, max(end - len(known), 0)))
