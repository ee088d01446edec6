"""When the steps of an escalation are due: a pure function of when it began, waits and quiet hours.

Instants are aware and in UTC when they come out. Waits are elapsed time; quiet hours are what the
wall clock of a zone shows, so that a night in which clocks change is longer or shorter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from amends.engine.contracts import BadInput

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of every day in which nobody is disturbed: from `begins` until before `ends`.

    Raises
    ------
    BadInput
        They would last for the whole day.
    """

    begins: time
    ends: time
    zone: tzinfo

    def __post_init__(self) -> None:
        if self.begins == self.ends:
            raise BadInput(
                "Quiet hours that end when they begin would never let anything through.",
                where="quiet hours",
                remedy="Let them end at another time, or leave both empty.",
            )

    def cover(self, at: datetime) -> bool:
        """Whether the wall clock shows a quiet hour."""
        wall = at.astimezone(self.zone).time()
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends

    def after(self, at: datetime) -> datetime:
        """Return the first instant from `at` on that is not quiet."""
        at = at.astimezone(UTC)
        while self.cover(at):
            end = at + self._left(at)
            turned = self._turn(at, end)
            # Where the clock jumps within quiet hours, what is left is reckoned anew.
            at = end if turned is None else turned
        return at

    def _left(self, at: datetime) -> timedelta:
        """Return how long quiet lasts if the clock does not change meanwhile."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        end = datetime.combine(wall.date(), self.ends)
        return end - wall if end > wall else end + _DAY - wall

    def _turn(self, since: datetime, until: datetime) -> datetime | None:
        """Return the first second after `since`, up to `until`, with another offset; None: none."""
        if self._offset(since) == self._offset(until):
            return None
        low, high = since, until
        while high - low > _SECOND:
            middle = low + (high - low) / 2
            if self._offset(middle) == self._offset(since):
                low = middle
            else:
                high = middle
        return high.replace(microsecond=0)

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self.zone).utcoffset()


def step_times(
    began_at: datetime,
    waits: Sequence[timedelta],
    quiet: QuietHours | None = None,
    unreachable: Mapping[int, datetime] | None = None,
) -> tuple[datetime, ...]:
    """Return when each step is due.

    Parameters
    ----------
    began_at
        When the first step would be due, were it not quiet; aware.
    waits
        For each step how long it is given before the next one; more than nothing.
    quiet
        Hours in which no step begins; None for what is too grave to wait.
    unreachable
        Step, counted from 0 → when it was known that nobody of it can be reached: the next one need
        not wait any longer.

    Raises
    ------
    BadInput
        A wait is not longer than nothing.

    """
    if any(wait <= timedelta(0) for wait in waits):
        raise BadInput(
            "A step that waits no time would tell everybody at once.",
            where="wait",
            remedy="Give every step at least a minute.",
        )
    known = unreachable or {}
    due, times = began_at.astimezone(UTC), []
    for number, wait in enumerate(waits):
        due = quiet.after(due) if quiet else due
        times.append(due)
        due = min(due + wait, max(known.get(number, due + wait), due))
    return tuple(times)


def steps_due(times: Sequence[datetime], now: datetime, acknowledged_at: datetime | None) -> int:
    """Return how many steps have been due by now; from the acknowledgement on none is."""
    return sum(at <= now and (acknowledged_at is None or at < acknowledged_at) for at in times)
