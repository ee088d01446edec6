"""What happens to cases, as clocks see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .hours import EPOCH, Micros

Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


class EventKind(StrEnum):
    """One thing that happened to a case."""

    OPENED = "opened"
    CUSTOMER_SPOKE = "customer_spoke"
    ANSWERED = "answered"
    """The customer was told something."""
    WAITS_CUSTOMER = "waits_customer"
    WAITS_TEAM = "waits_team"
    RESUMED = "resumed"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    REFERRED = "referred"
    """A regulator sent it on."""


KINDS: Final = tuple(EventKind)
_CODES: Final = {kind: code for code, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a case."""

    at: datetime
    kind: EventKind
    by_robot: bool = False
    """Rules and robots meet no target and pause no clock."""


@dataclass(frozen=True, slots=True)
class Events:
    """The events of n cases in the order of case and time, each case opened first; arrays (m,)."""

    case: Codes
    at: Micros
    kind: Codes
    by_robot: Flags

    @classmethod
    def of(cls, case: Codes, at: Micros, kind: Codes, by_robot: Flags, opened_at: Micros) -> Self:
        """Put events into order, before them that each of the cases was opened.

        Parameters
        ----------
        case, at, kind, by_robot
            Per event: number of its case from 0, when, `code_of` its kind, by whom; any order, of
            equal times the one that is given first comes first. What is said to be before a case
            opened counts from its opening.
        opened_at
            Per case.

        """
        n = len(opened_at)
        at = np.maximum(at, opened_at[case])
        case = np.concatenate([np.arange(n), case])
        at = np.concatenate([opened_at, at])
        kind = np.concatenate([np.full(n, code_of(EventKind.OPENED)), kind])
        by_robot = np.concatenate([np.zeros(n, dtype=bool), by_robot])
        order = np.lexsort((at, case))
        return cls(case[order], at[order], kind[order], by_robot[order])

    def are(self, *kinds: EventKind, by_person: bool = False) -> Flags:
        """Whether each event is one of some kinds, and done by a person where that is asked."""
        is_wanted = np.zeros(len(KINDS), dtype=bool)
        is_wanted[[code_of(kind) for kind in kinds]] = True
        found = is_wanted[self.kind]
        return found & ~self.by_robot if by_person else found

    def next(self, wanted: Flags) -> Codes:
        """Return for each event where the next wanted one of its case is, itself not counted.

        Where there is none it is the number of events.
        """
        m = len(self.case)
        place = np.where(wanted, np.arange(m), m)
        coming = np.minimum.accumulate(np.concatenate([place[1:], [m]])[::-1])[::-1]
        owner = np.concatenate([self.case, [-1]])
        return np.where(owner[coming] == self.case, coming, m)

    def last(self, wanted: Flags) -> Codes:
        """Return for each event where the last wanted one of its case before it is; −1: nowhere."""
        place = np.where(wanted, np.arange(len(self.case)), -1)
        past = np.maximum.accumulate(np.concatenate([[-1], place[:-1]]))
        return np.where((past >= 0) & (self.case[past] == self.case), past, -1)


def code_of(kind: EventKind) -> int:
    """Return the number that stands for a kind in arrays."""
    return _CODES[kind]


def micros_of(at: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment_of(micros: int) -> datetime:
    """Return a moment from microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def events_of(opened_at: datetime, events: Sequence[Event]) -> Events:
    """Return the events of one case."""
    return Events.of(
        np.zeros(len(events), dtype=np.int64),
        np.array([micros_of(event.at) for event in events], dtype=np.int64),
        np.array([code_of(event.kind) for event in events], dtype=np.int64),
        np.array([event.by_robot for event in events], dtype=bool),
        np.array([micros_of(opened_at)], dtype=np.int64),
    )
