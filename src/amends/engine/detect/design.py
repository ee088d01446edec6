"""The regressors of a baseline: what of a series' ups and downs is known beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats

_YEAR = 365.25 * 86_400
_TREND_SD = 0.2
"""Relative change in a year that is no surprise; less is granted where less has been seen."""
_WHOLE_YEAR = 0.95
_SEASON_SD, _UNSEEN_SEASON_SD = 0.3, 0.06
"""What a season may do to ln of the rate, once a year has shown it, and before."""
_PLANNED_SD = 1.0
"""What the first planned event of a kind may do to ln of the rate."""
_DAMPING = 0.5
"""Part of the trend that goes on beyond the last fit (Gardner & McKenzie 1985)."""


@dataclass(frozen=True, slots=True)
class Regressors:
    """Columns (T, p) seen from one origin and the prior standard deviation of each (p,)."""

    columns: Floats
    sd: Floats
    """Of trend and season: once a year has shown them."""
    season: slice
    """The columns of the season."""
    is_planned: NDArray[np.bool_]
    """(T,): something planned is on, so that what stands out is its doing, and no outbreak."""

    def prior_sd(self, years: Floats) -> Floats:
        """Return the prior standard deviations (N, p) of series of whose level so much is known.

        Less trend and less season is granted where less has been seen: also by a series that was
        there before, but on a level that is no more.
        """
        sd = np.tile(self.sd, (len(years), 1))
        sd[:, 1] *= np.minimum(years, 1.0)
        sd[years < _WHOLE_YEAR, self.season] = _UNSEEN_SEASON_SD
        return sd


def regressors(
    starts: NDArray[np.datetime64],
    bucket: Bucket,
    closed: Floats | None,
    planned: Sequence[Floats],
    origin: int,
    first: int,
) -> Regressors:
    """Return the regressors of all T buckets for a fit that ends before bucket `origin`.

    Intercept; damped trend in years from the origin, so that the intercept is the level now; day of
    week and hour of day where buckets are narrower; an annual harmonic, a moderate one until a year
    has shown it: a season that is not known yet makes the forecast unsure, lest it pass for a
    breakdown; a second one once the history from bucket `first` covers 1.75 years; days of rest,
    once some were seen; each kind of planned event, once it is known of: the first of its kind
    makes the forecast unsure.
    """
    seconds = starts.astype("datetime64[s]").astype(np.int64).astype(float)
    ahead = (seconds - seconds[origin]) / _YEAR
    trend = np.where(ahead > 0, _DAMPING * ahead, ahead)
    history = (seconds[origin] - seconds[first]) / _YEAR
    columns = [np.ones_like(trend), trend]
    sd = [0.0, _TREND_SD]
    for harmonic in range(1, 2 + (history >= 1.75)):
        angle = 2 * np.pi * harmonic * seconds / _YEAR
        columns += [np.cos(angle), np.sin(angle)]
        sd += [_SEASON_SD, _SEASON_SD]
    season = slice(2, len(sd))
    if bucket is not Bucket.WEEK:
        weekday = ((seconds // 86_400) + 3) % 7
        columns += [(weekday == day) - 1 / 7 for day in range(7)]
        sd += [0.5] * 7
    if bucket in (Bucket.HOUR, Bucket.FIVE_MINUTES):
        hour = (seconds // 3_600) % 24
        columns += [(hour == h) - 1 / 24 for h in range(24)]
        sd += [1.0] * 24
    if closed is not None and np.any(closed[first:origin] != 0):
        columns.append(np.asarray(closed, dtype=float))
        sd.append(1.0)
    for kind in planned:
        if np.any(kind[first:] != 0):
            columns.append(np.asarray(kind, dtype=float))
            sd.append(_PLANNED_SD)
    is_planned = np.zeros(len(trend), dtype=bool)
    for kind in planned:
        is_planned |= kind != 0
    return Regressors(np.column_stack(columns), np.array(sd), season, is_planned)
