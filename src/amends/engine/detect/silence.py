"""A source that falls silent: how improbable its pause is under its own rhythm.

Time is measured in expected arrivals, so that a night is as short as the source makes it; in that
time pauses are alike whenever they lie. What an hour of the week never brought is not expected of
it: two Saturdays without a word in the evening are no reason to expect one on the third. Their
lengths are taken as gamma distributed: a shape below 1 is a source that comes in bursts (counts
scatter more than chance), above 1 one that comes by the clock. With n pauses known, a further one ÷
their mean is F distributed (2k, 2kn), which counts in how little is known. An alarm needs a chance
below the false-alarm budget, and a pause well beyond the longest but one that the source made in
its history: one breakdown of old does not make it deaf, and a habit that the week does not show is
no alarm.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from amends.engine.contracts import BadInput, Floats

from .rhythm import HOUR, cells_from, learn_rhythm

BIN: Final = timedelta(minutes=5)
"""Arrivals within one are one: what matters is whether something came at all."""
HISTORY: Final = timedelta(weeks=8)
_LEAST_SPAN: Final = timedelta(days=14)
_LEAST_DAYS: Final = 5
_LEAST_BINS: Final = 12
"""What a source has to show before it has a rhythm: from first to last arrival, days, bins."""
_BEYOND: Final = 1.25
"""How many times its longest but one pause a silence has to be."""
_SHAPES: Final = (0.05, 20.0)
_LEVEL_OVER: Final = timedelta(days=7)
_LEVEL_FROM: Final = 5.0
_EVEN: Final = 0.99
_YEAR: Final = timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class SilenceConfig:
    """What a person may set of it.

    Parameters
    ----------
    false_alarms_per_year
        How many false alarms one source may raise in a year.
    least
        No pause below this is a silence, however busy the source.

    Raises
    ------
    BadInput
        The budget is not above 0.

    """

    false_alarms_per_year: float = 0.1
    least: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        if not self.false_alarms_per_year > 0:
            raise BadInput(
                f"A budget of {self.false_alarms_per_year} false alarms cannot be kept.",
                remedy="Give a number above 0, e.g. 0.1: one false alarm of a source in ten years.",
            )


@dataclass(frozen=True, slots=True)
class Silence:
    """The pause that a source makes now."""

    since: datetime
    """Its last arrival."""
    pause: timedelta
    expected: float
    """Arrivals (in bins of five minutes) that its rhythm expects in such a pause; NaN unknown."""
    chance: float
    """That a pause of this source is at least this long; 1 where its rhythm is not known yet."""
    is_silent: bool

    @property
    def score(self) -> float:
        """Return ln of the evidence (nats): the chance as odds (Vovk & Wang 2021)."""
        p = min(max(self.chance, 1e-290), 1.0)
        if p > _EVEN:
            return 0.0
        return float(np.log((1 - p + p * np.log(p)) / (p * np.log(p) ** 2)))


def judge_silence(
    arrivals: NDArray[np.datetime64],
    now: datetime,
    zone: tzinfo,
    config: SilenceConfig | None = None,
    *,
    silent_after: timedelta | None = None,
) -> Silence | None:
    """Return the pause since the last arrival; None without any arrival before `now`.

    Parameters
    ----------
    arrivals
        `datetime64` of shape (N,), UTC, in any order; what lies after `now` is not looked at.
    now
        Aware.
    zone
        In which people work and sleep.
    silent_after
        Where a person has said from when on it is silent: nothing else counts then.

    """
    config = config or SilenceConfig()
    bins = _bins(arrivals, now)
    if not len(bins):
        return None
    last = min(_instant(arrivals[arrivals <= _micros(now)].max()), now)
    pause = now - last
    if silent_after is not None:
        return Silence(last, pause, float("nan"), 1.0, is_silent=pause >= silent_after)
    rhythm = _operational(bins, now, zone)
    if rhythm is None:
        return Silence(last, pause, float("nan"), 1.0, is_silent=False)
    gaps, gap = rhythm
    chance = _chance(gap, gaps)
    per_year = len(bins) / ((_instant(bins[-1]) - _instant(bins[0])) / _YEAR)
    usual = np.sort(gaps)[-2]
    is_silent = (
        pause >= config.least
        and chance <= config.false_alarms_per_year / per_year
        and gap > _BEYOND * usual
    )
    return Silence(last, pause, gap, chance, is_silent=bool(is_silent))


def _bins(arrivals: NDArray[np.datetime64], now: datetime) -> NDArray[np.datetime64]:
    """Return the bins of the history in which something came, in order."""
    at = np.asarray(arrivals).astype("datetime64[us]")
    at = at[at <= _micros(now)]
    width = np.timedelta64(BIN)
    bins = np.unique((at - np.datetime64(0, "us")) // width) * width + np.datetime64(0, "us")
    return bins[bins >= bins[-1] - np.timedelta64(HISTORY)] if len(bins) else bins


def _operational(
    bins: NDArray[np.datetime64], now: datetime, zone: tzinfo
) -> tuple[Floats, float] | None:
    """Return the pauses known and the present one, in expected arrivals; None without a rhythm."""
    first, last = _instant(bins[0]), _instant(bins[-1])
    days = len(np.unique(bins.astype("datetime64[D]")))
    if last - first < _LEAST_SPAN or days < _LEAST_DAYS or len(bins) < _LEAST_BINS:
        return None
    start = first.replace(minute=0, second=0, microsecond=0)
    n_known = int((last - start) / HOUR) + 1
    in_hour = ((bins - _micros(start)) // np.timedelta64(1, "h")).astype(np.int64)
    counts = np.bincount(in_hour, minlength=n_known).astype(np.float64)
    rhythm = learn_rhythm(start, counts, zone)
    n_all = int((now - start) / HOUR) + 1
    rate = rhythm.own[cells_from(start, n_all, zone)]
    cumulated = np.r_[0.0, np.cumsum(rate)]
    clock = (np.r_[bins, _micros(now)] - _micros(start)) / np.timedelta64(1, "h")
    whole = np.minimum(clock.astype(np.int64), n_all - 1)
    at = cumulated[whole] + (clock - whole) * rate[whole]
    gaps = np.diff(at)
    return gaps[:-1], float(gaps[-1]) * _level(counts, rate[:n_known])


def _level(counts: Floats, rate: Floats) -> float:
    """Return the last week's arrivals ÷ those expected, at most 1: a source may become calm."""
    hours = int(_LEVEL_OVER / HOUR)
    expected = rate[-hours:].sum()
    return min(1.0, counts[-hours:].sum() / expected) if expected >= _LEVEL_FROM else 1.0


def _chance(gap: float, gaps: Floats) -> float:
    """Return the chance that the next pause is at least `gap`; the longest known is left out."""
    usual = np.sort(gaps)[:-1]
    mean = max(float(usual.mean()), 1e-9)
    shape = float(np.clip(mean**2 / max(float(usual.var()), 1e-12), *_SHAPES))
    return float(stats.f.sf(gap / mean, 2 * shape, 2 * shape * len(usual)))


def _micros(at: datetime) -> np.datetime64:
    return np.datetime64(at.astimezone(UTC).replace(tzinfo=None), "us")


def _instant(at: np.datetime64) -> datetime:
    found: datetime = at.astype("datetime64[us]").astype(datetime)
    return found.replace(tzinfo=UTC)
