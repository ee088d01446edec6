"""Working time between two moments, and the moment after some of it."""

from datetime import datetime, timedelta

import numpy as np

from .events import micros_of, moment_of
from .hours import Calendar, openings

_MICRO = timedelta(microseconds=1)


def working_between(calendar: Calendar, since: datetime, until: datetime) -> timedelta:
    """Return how long people work between two moments."""
    first, last = micros_of(since), micros_of(until)
    found = openings(calendar, min(first, last), max(first, last), 0)
    worked = found.worked(np.array([first, last]))
    return timedelta(microseconds=int(worked[1] - worked[0]))


def after_working(calendar: Calendar, since: datetime, length: timedelta) -> datetime:
    """Return the earliest moment by which people have worked so long; not before `since`."""
    first, micros = micros_of(since), length // _MICRO
    found = openings(calendar, first, first, micros)
    due = found.earliest(found.worked(np.array([first])) + micros)
    return max(since, moment_of(int(due[0])))
