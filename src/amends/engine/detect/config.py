"""What a person may set of detection. A false-alarm budget is the input; thresholds follow."""

from dataclasses import dataclass, field
from math import log
from typing import Final

from amends.engine.contracts import BadInput, Bucket


@dataclass(frozen=True, slots=True)
class Pace:
    """How a width of bucket is watched; all figures in buckets."""

    history: int
    """Known buckets a series needs before it is judged."""
    refit: int
    half_life: int
    """Age at which a bucket counts half in the baseline."""
    memory: int
    """Oldest bucket that is looked at."""
    block: int
    """Width of the blocks whose scatter tells how far the level wanders."""
    accept: int
    """Length after which an unbroken breakdown is the new normal."""
    lookback: int
    """How far before its alarm a breakdown may have begun."""
    windows: tuple[tuple[int, float], ...]
    """Widths of the fast arm's windows, and the part of its budget that each has.

    Overlapping windows alarm together: with four of them, breakdowns come .57 to .76 times as often
    as the parts add up to (simulated noise, a budget of once in 183 to 3,650 buckets), so that
    their parts add up to 1.5.
    """


_WEEK_WINDOWS = ((1, 0.1), (2, 0.9))
_DAY_WINDOWS = ((1, 0.45), (2, 0.375), (4, 0.3), (7, 0.375))
_FINE_WINDOWS = ((1, 0.45), (3, 0.375), (6, 0.3), (12, 0.375))

PACES: Final = {
    Bucket.FIVE_MINUTES: Pace(864, 288, 288 * 28, 288 * 42, 36, 288 * 2, 288, _FINE_WINDOWS),
    Bucket.HOUR: Pace(336, 72, 24 * 90, 24 * 180, 24, 24 * 14, 24 * 7, _FINE_WINDOWS),
    Bucket.DAY: Pace(42, 14, 365 * 3, 365 * 6, 14, 84, 60, _DAY_WINDOWS),
    Bucket.WEEK: Pace(26, 4, 52 * 6, 52 * 12, 4, 26, 26, _WEEK_WINDOWS),
}


@dataclass(frozen=True, slots=True)
class DetectConfig:
    """A false-alarm budget and what else a person may choose.

    Parameters
    ----------
    false_alarms_per_series_year
        How many false alarms one series may raise in a year.
    min_history_buckets
        Known buckets before a series is judged; None: as fits the bucket's width.
    fast_share
        Part of the budget that the fast arm spends; the guaranteed arm has the rest.
    min_events
        Events (or badness) a window must hold to alarm: nobody is called for a single complaint.
    ratios
        The alternatives of the guaranteed arm: how many times more than expected (or odds of).
    tolerance
        Relative rise that the guaranteed arm bears as no breakdown.

    Raises
    ------
    BadInput
        A figure is out of its bounds.

    """

    false_alarms_per_series_year: float = 0.1
    min_history_buckets: int | None = None
    fast_share: float = 0.85
    min_events: float = 3.0
    ratios: tuple[float, ...] = (1.25, 1.5, 2.0, 3.0)
    tolerance: float = 0.1
    refit_every: int | None = None
    paces: dict[Bucket, Pace] = field(default_factory=lambda: dict(PACES))

    def __post_init__(self) -> None:
        budget = self.false_alarms_per_series_year
        if not 0 < budget < 1e5:
            raise BadInput(
                f"A budget of {budget} false alarms per series and year cannot be kept.",
                remedy="Give a number above 0, e.g. 0.1: one false alarm in ten years of a series.",
            )
        if not 0 < self.fast_share < 1:
            raise BadInput(f"fast_share is {self.fast_share}; it lies between 0 and 1.")
        if self.min_history_buckets is not None and self.min_history_buckets < 2:
            raise BadInput("A baseline needs a history of at least 2 buckets.")

    @classmethod
    def for_total(cls, false_alarms_per_year: float, n_series: int) -> "DetectConfig":
        """Share a budget for everything that is watched among its series."""
        return cls(false_alarms_per_series_year=false_alarms_per_year / max(n_series, 1))

    def threshold(self, bucket: Bucket) -> float:
        """Return ln of the buckets between two false alarms: where the score alarms."""
        return log(max(bucket.per_year / self.false_alarms_per_series_year, 1.0 + 1e-9))

    def history(self, bucket: Bucket) -> int:
        """Return how many known buckets a series needs."""
        return self.min_history_buckets or self.paces[bucket].history
