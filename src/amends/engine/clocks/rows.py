"""Clocks as rows: the columns of many, and one of them as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import numpy as np

from .events import Codes, Events, Flags, moment_of
from .hours import Micros
from .sheet import ClockKind


@dataclass(frozen=True, slots=True)
class ClockRows:
    """Clocks without their length: arrays of shape (k,), in the order of kind and event."""

    case: Codes
    kind: Codes
    """Number of a `ClockKind`."""
    start: Codes
    """The event that started it."""
    end: Codes
    """The event that ended it; the number of all events: none yet."""
    started_at: Micros
    ended_at: Micros
    """−1: it runs, or stands."""
    is_met: Flags
    """Ended by what it waits for."""

    @classmethod
    def of(cls, events: Events, kind: int, start: Codes, met: Codes, stopped: Codes) -> Self:
        """Return clocks of one kind from where they start and what may end them, per event."""
        end = np.minimum(met, stopped)[start]
        at = np.concatenate([events.at, [-1]])
        is_met = (met[start] < len(events.case)) & (met[start] <= stopped[start])
        return cls(
            events.case[start], np.full(len(start), kind), start, end, events.at[start], at[end],
            is_met,
        )  # fmt: skip

    @classmethod
    def together(cls, parts: Sequence["ClockRows"]) -> Self:
        """Return all of them, one after the other."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__slots__))

    def where(self, wanted: Flags) -> "ClockRows":
        """Return some of them."""
        return ClockRows(*(getattr(self, name)[wanted] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of n cases; arrays of shape (k,), in the order of case and start."""

    case: Codes
    kind: Codes
    name: Codes
    """Number of `names`."""
    started_at: Micros
    due_at: Micros
    """Of a clock that stands: when it would be due if it ran on from now."""
    ended_at: Micros
    """−1: it runs, or stands."""
    is_met: Flags
    paused_at: Micros
    """Since when it stands; −1: it does not."""
    target: Micros
    """Working time; of a deadline by law the time from start to deadline."""
    worked: Micros
    """Working time that counts, until it ended or until now."""
    names: tuple[str, ...]
    """Titles of deadlines by law, with their presets; the first is empty."""

    def readings(self, of_case: int = 0) -> tuple["Reading", ...]:
        """Return the clocks of one case as people read them."""
        return tuple(
            Reading(
                kind=tuple(ClockKind)[int(self.kind[i])],
                name=self.names[int(self.name[i])],
                started_at=moment_of(int(self.started_at[i])),
                due_at=moment_of(int(self.due_at[i])),
                ended_at=None if self.ended_at[i] < 0 else moment_of(int(self.ended_at[i])),
                is_met=bool(self.is_met[i]),
                paused_at=None if self.paused_at[i] < 0 else moment_of(int(self.paused_at[i])),
                target=timedelta(microseconds=int(self.target[i])),
                worked=timedelta(microseconds=int(self.worked[i])),
            )
            for i in np.flatnonzero(self.case == of_case)
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """One clock of one case; see `Clocks`."""

    kind: ClockKind
    name: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    is_met: bool
    paused_at: datetime | None
    target: timedelta
    worked: timedelta

    @property
    def is_paused(self) -> bool:
        """Whether it stands."""
        return self.paused_at is not None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; it may stand."""
        return self.ended_at is None

    def is_late(self, now: datetime) -> bool:
        """Whether its deadline passed before it ended."""
        return (self.ended_at or now) > self.due_at


@dataclass(frozen=True, slots=True)
class Next:
    """What is due next in each of n cases; arrays of shape (n,)."""

    due_at: Micros
    """−1: nothing."""
    kind: Codes
    """Number of a `ClockKind`; −1: nothing."""
    paused_at: Micros
    """Since when its resolution stands; −1: it does not."""


def joined(one: Clocks, other: Clocks, now: int) -> Clocks:
    """Return the clocks of both in the order of case and start; those not begun by `now` not."""
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in Clocks.__slots__
        if name not in {"name", "names"}
    }
    name = np.concatenate([one.name, other.name + len(one.names)])
    order = np.lexsort((columns["kind"], columns["started_at"], columns["case"]))
    order = order[columns["started_at"][order] <= now]
    return Clocks(
        **{key: column[order] for key, column in columns.items()},
        name=name[order],
        names=(*one.names, *other.names),
    )


def next_deadlines(clocks: Clocks, n: int) -> Next:
    """Return what is due next in each of n cases: what runs before what stands, the earliest."""
    open_ = np.flatnonzero(clocks.ended_at < 0)
    keys = (clocks.due_at[open_], clocks.paused_at[open_] >= 0, clocks.case[open_])
    open_ = open_[np.lexsort(keys)]
    case, first = np.unique(clocks.case[open_], return_index=True)
    chosen = open_[first]
    found = Next(np.full(n, -1), np.full(n, -1), np.full(n, -1))
    found.due_at[case] = clocks.due_at[chosen]
    found.kind[case] = clocks.kind[chosen]
    paused = clocks.paused_at >= 0
    found.paused_at[clocks.case[paused]] = clocks.paused_at[paused]
    return found
