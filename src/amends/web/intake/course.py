"""How many signals there were when: one read of the lake that gives a total, a chart and pages.

Signals are counted by hour of UTC; days of any zone, and which stretch holds a page of a list,
follow from that without another read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import ibis
import numpy as np
from numpy.typing import NDArray

from amends.store import reads
from amends.web.intake.lake import lake

Counts = NDArray[np.int64]
HOUR: Final = 3600
MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Counts of dated signals in time order.

    Parameters
    ----------
    starts
        int64 of shape (N,): where each step that has signals begins, seconds of the epoch.
    n
        int64 of shape (N,): how many signals lie in it.
    width_seconds
        How long a step is.
    newest_at
        When the newest signal occurred; None without any.

    """

    starts: Counts
    n: Counts
    width_seconds: int = HOUR
    newest_at: datetime | None = None

    @property
    def total(self) -> int:
        """Return how many signals there are."""
        return int(self.n.sum())

    def counts(self, edges: Sequence[datetime]) -> list[int]:
        """Return how many signals lie between each edge and the next; steps go whole."""
        at = np.array([edge.timestamp() for edge in edges], dtype=np.int64)
        place = np.searchsorted(at, self.starts, side="right") - 1
        place = np.clip(place, 0, len(at) - 2)  # the first step may begin before the first edge
        return [int(n) for n in np.bincount(place, weights=self.n, minlength=len(at) - 1)]

    def page(self, offset: int, limit: int) -> tuple[datetime, datetime, int] | None:
        """Return the stretch that holds rows offset … offset + limit − 1, newest first.

        Returns
        -------
        tuple or None
            Its beginning, its end, and the offset within it; None when there are no such rows.

        """
        later = np.cumsum(self.n[::-1])  # signals from the newest down to each step
        if not len(later) or offset >= later[-1]:
            return None
        first = int(np.searchsorted(later, offset, side="right"))
        last = int(np.searchsorted(later, min(offset + limit, int(later[-1])), side="left"))
        newest, oldest = self.starts[::-1][[first, last]]
        skipped = int(later[first - 1]) if first else 0
        return _moment(int(oldest)), _moment(int(newest) + self.width_seconds), offset - skipped


def course_of(signals: ibis.Table, zone: tzinfo) -> Course:
    """Count signals of a bounded period by hour: one lake read.

    By minute where the zone's days do not begin on a full hour.
    """
    offset = datetime.now(zone).utcoffset() or timedelta(0)
    is_whole = offset % timedelta(hours=1) == timedelta(0)
    found = lake().fetch(reads.course(signals, "h" if is_whole else "m"))
    if not found.num_rows:
        nothing = np.zeros(0, dtype=np.int64)
        return Course(nothing, nothing)
    starts = found["step"].cast("int64").to_numpy() // MICROSECONDS
    n = found["n"].cast("int64").to_numpy()
    newest: datetime = found["newest_at"][-1].as_py()
    return Course(starts, n, HOUR if is_whole else 60, newest)


def days_between(
    since: datetime, until: datetime, zone: tzinfo, *, step: int = 1
) -> list[datetime]:
    """Return every `step`-th local midnight from the day of `since` to one after `until`.

    Weeks, a step of 7, begin on Mondays.
    """
    first, last = since.astimezone(zone).date(), (until - timedelta(seconds=1)).astimezone(zone)
    if step == 7:
        first -= timedelta(days=first.weekday())
    steps = max(-(-((last.date() - first).days + 1) // step), 1)
    return [midnight(first + timedelta(days=step * i), zone) for i in range(steps + 1)]


def hours_between(since: datetime, until: datetime) -> list[datetime]:
    """Return the full hours from that of `since` to the one after `until`."""
    first = since.replace(minute=0, second=0, microsecond=0)
    hours = int(np.ceil((until - first).total_seconds() / HOUR))
    return [first + timedelta(hours=hour) for hour in range(max(hours, 1) + 1)]


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
