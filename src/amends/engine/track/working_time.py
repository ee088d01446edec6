"""Business time: how long something took while the operation was open."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Floats

from .columns import Instants

_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When the operation is open: the same minutes on each working day, in one time zone.

    Parameters
    ----------
    timezone
        IANA name, e.g. "Europe/London".
    opens_minute, closes_minute
        Minutes after midnight, local time.
    weekdays
        Seven of 0/1 from Monday, as numpy's week mask: "1111100".
    closed_on
        Holidays.

    """

    timezone: str = "UTC"
    opens_minute: int = 540
    closes_minute: int = 1020
    weekdays: str = "1111100"
    closed_on: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.opens_minute < self.closes_minute <= _DAY_MINUTES:
            raise ValueError(
                f"Open from minute {self.opens_minute} to {self.closes_minute}: no working day."
            )
        if len(self.weekdays) != 7 or set(self.weekdays) - {"0", "1"} or "1" not in self.weekdays:
            raise ValueError(
                f"weekdays is {self.weekdays!r}; it is seven of 0 and 1, Monday first."
            )


def working_hours_between(since: Instants, until: Instants, hours: WorkingHours) -> Floats:
    """Return the open hours from `since` to `until`, shape (n,); NaN where one is unknown."""
    return (_worked(until, hours) - _worked(since, hours)) / 60


def _worked(at: Instants, hours: WorkingHours) -> Floats:
    """Return the open minutes from a fixed day to each instant."""
    known = ~np.isnat(at)
    zoned = pa.array(at[known], pa.timestamp("us")).cast(pa.timestamp("us", hours.timezone))
    local = np.asarray(pc.local_timestamp(zoned).to_numpy(zero_copy_only=False), "datetime64[us]")
    day = local.astype("datetime64[D]")
    closed = np.array(hours.closed_on, dtype="datetime64[D]")
    whole = np.busday_count(np.datetime64(0, "D"), day, weekmask=hours.weekdays, holidays=closed)
    is_open = np.is_busday(day, weekmask=hours.weekdays, holidays=closed)
    minute = (local - day) / np.timedelta64(60_000_000, "us")
    length = hours.closes_minute - hours.opens_minute
    today = np.clip(minute - hours.opens_minute, 0, length) * is_open
    result = np.full(len(at), np.nan)
    result[known] = whole * length + today
    return result
