"""Clocks that are wrong: signals from the future or from before there was anything to signal.

A little skew is nobody's fault and does no harm. A date far ahead would sit at the end of every
list and course until its day comes; 1 January 1970 or 1900 is an empty field, not a day.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

AHEAD: Final = timedelta(hours=24)
"""How far ahead of now a signal may lie: dates without a time, and times without a zone, come from
places up to 14 hours ahead of UTC."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing that is sent today happened before."""
_CHECKED: Final = ("occurred_at", "opened_at")
"""When things began. A resolution may be planned, so its time may lie ahead."""


def out_of_time(
    signals: pa.Table, now: datetime, ahead: timedelta = AHEAD
) -> dict[int, tuple[str, str]]:
    """Return the rows whose times cannot be: place → (field, reason).

    Parameters
    ----------
    signals
        `SIGNAL_SCHEMA`. A time that is not given is in order.
    now
        Aware: when they were received.
    ahead
        How far after `now` a time may lie.

    """
    found: dict[int, tuple[str, str]] = {}
    for name in _CHECKED:
        at, kind = signals[name], signals[name].type
        is_late = pc.greater(at, pa.scalar(now + ahead, kind))
        is_early = pc.less(at, pa.scalar(EARLIEST, kind))
        for wrong, is_wrong in (("future", is_late), ("past", is_early)):
            for place in np.flatnonzero(np.asarray(pc.fill_null(is_wrong, False))).tolist():
                found.setdefault(place, (name, _reason(at[place].as_py(), wrong, now, ahead)))
    return dict(sorted(found.items()))


def _reason(at: datetime, wrong: str, now: datetime, ahead: timedelta) -> str:
    if wrong == "past":
        return f"{at:%Y-%m-%d} is before {EARLIEST:%Y}: probably an empty date."
    hours = ahead / timedelta(hours=1)
    return (
        f"{at:%Y-%m-%d %H:%M} UTC lies in the future: it came on"
        f" {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC,"
        f" and clocks may be ahead by {hours:g} hours at most."
    )
