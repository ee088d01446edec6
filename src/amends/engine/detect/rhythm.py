"""How often something comes, by hour of the week in local time: nights, weekends, opening hours.

A cell of the week is the mean of its own hours, drawn towards what its hour of the day and its day
of the week let expect together, with the weight of half an hour. An hour far above the median of
its cell counts as far above only: a backlog that was sent at once is no habit. Counts scatter more
than chance alone makes them: variance = dispersion · mean, estimated from the hours themselves.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Interval
from amends.engine.stats.intervals import normal_quantile
from amends.engine.stats.tails import count_range

WEEK: Final = 168
HOUR: Final = timedelta(hours=1)
_BORROWED: Final = 0.5
"""Hours that the day's and the hour's own means weigh in each cell."""
_FAR: Final = 6.0
"""Standard deviations above its cell's median from which an hour counts no further."""
_TRIMMED: Final = 0.99
"""Share of the hours that the dispersion is taken from: the wildest ones are not its measure."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A source's week.

    Parameters
    ----------
    rate
        Shape (168,): expected in each local hour of the week, from Monday 0:00.
    own
        Shape (168,): what each of them brought itself on average, nothing borrowed from others.
    dispersion
        Variance ÷ mean of an hour's count, at least 1.
    hours
        How many hours it was learnt from.
    zone
        Whose hours they are.

    """

    rate: Floats
    own: Floats
    dispersion: float
    hours: int
    zone: tzinfo

    def expected(self, since: datetime, until: datetime) -> float:
        """Return how many are expected between two instants."""
        if until <= since:
            return 0.0
        first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        n = int((until - first) / HOUR) + 1
        begins = np.arange(n, dtype=np.float64)
        low = np.maximum(begins, (since - first) / HOUR)
        spans = np.clip(np.minimum(begins + 1, (until - first) / HOUR) - low, 0.0, 1.0)
        return float(self.rate[cells_from(first, n, self.zone)] @ spans)

    def range_of(self, mean: float, level: float = 0.95) -> Interval:
        """Return the range that a count of this mean keeps to."""
        low, high = count_range(
            np.array([mean]), np.array([self.dispersion * mean]), normal_quantile(level)
        )
        return Interval(float(low[0]), float(high[0]), level)


def learn_rhythm(first_hour: datetime, counts: Floats, zone: tzinfo) -> Rhythm:
    """Return the rhythm of consecutive hours.

    Parameters
    ----------
    first_hour
        Start of the first, aware.
    counts
        Shape (T,): how many came in each hour, zeros included.
    zone
        In which people work and sleep.

    Raises
    ------
    ValueError
        There is no hour, or a count is negative.

    """
    counts = np.asarray(counts, dtype=np.float64)
    if not len(counts) or counts.min() < 0:
        raise ValueError("A rhythm needs at least one hour and no count below 0.")
    cells = cells_from(first_hour, len(counts), zone)
    usual = np.minimum(counts, _limits(counts, cells)[cells])
    total = np.bincount(cells, weights=usual, minlength=WEEK).astype(np.float64)
    seen = np.bincount(cells, minlength=WEEK).astype(np.float64)
    prior = _of_day_and_hour(total.reshape(7, 24), seen.reshape(7, 24), usual.mean()).ravel()
    rate = (total + _BORROWED * prior) / (seen + _BORROWED)
    own = total / np.maximum(seen, 1.0)
    return Rhythm(rate, own, _dispersion(counts, rate[cells]), len(counts), zone)


def cells_from(first_hour: datetime, n: int, zone: tzinfo) -> NDArray[np.int64]:
    """Return the hour of the week, 0 to 167, of `n` consecutive hours."""
    start = first_hour.astimezone(UTC)
    known = [*range(0, n, 24), n]
    offsets = [_offset_hours(start + i * HOUR, zone) for i in known]
    of_hour = np.repeat(offsets[:-1], np.diff(known))
    for place, (first, last) in enumerate(pairwise(known)):
        if offsets[place] != offsets[place + 1]:  # the clocks change meanwhile
            of_hour[first:last] = [
                _offset_hours(start + i * HOUR, zone) for i in range(first, last)
            ]
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    local = (start - monday) / HOUR + np.arange(n) + of_hour
    cells: NDArray[np.int64] = np.floor(local).astype(np.int64) % WEEK
    return cells


def _offset_hours(at: datetime, zone: tzinfo) -> float:
    return (at.astimezone(zone).utcoffset() or timedelta(0)) / HOUR


def _limits(counts: Floats, cells: NDArray[np.int64]) -> Floats:
    """Return what an hour of each cell counts at most."""
    order = np.argsort(cells, kind="stable")
    known, begins = np.unique(cells[order], return_index=True)
    middle = [np.median(part) for part in np.split(counts[order], begins[1:])]
    limits = np.full(WEEK, np.inf)
    limits[known] = middle + _FAR * np.sqrt(np.maximum(middle, 1.0)) + _FAR
    return limits


def _of_day_and_hour(total: Floats, seen: Floats, mean: float) -> Floats:
    """Return day's mean · hour's mean ÷ mean for each cell; what was never seen counts as usual."""
    if not mean:
        return np.zeros_like(total)
    day, hour = (
        np.divide(
            total.sum(axis), seen.sum(axis), out=np.full(total.shape[1 - axis], mean),
            where=seen.sum(axis) > 0,
        )
        for axis in (1, 0)
    )  # fmt: skip
    return np.outer(day, hour) / mean


def _dispersion(counts: Floats, mean: Floats) -> float:
    squares = (counts - mean) ** 2
    odd = squares / np.maximum(mean, 1e-9)
    kept = odd <= np.quantile(odd, _TRIMMED)
    return max(float(squares[kept].sum() / max(mean[kept].sum(), 1e-9)), 1.0)
