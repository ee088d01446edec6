"""Who is on call: a weekly rota on the wall clock of its zone, and overrides that go before it."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeeklyRota:
    """People take turns of a week each, in their order, before and after the first one, too."""

    people: tuple[int, ...]
    starts_on: date
    """The day of the first handover: the first person's week begins."""
    handover: time
    """On the wall clock; where it does not exist on a day, as much later as clocks jump."""
    zone: tzinfo

    def handover_at(self, week: int) -> datetime:
        """Return the instant at which a week begins, in UTC; the first week is 0."""
        local = datetime.combine(self.starts_on, self.handover) + week * _WEEK
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def week_of(self, at: datetime) -> int:
        """Return the number of the week that an instant lies in."""
        local = at.astimezone(self.zone).date()
        week = (local - self.starts_on).days // 7
        while self.handover_at(week) > at:
            week -= 1
        while self.handover_at(week + 1) <= at:
            week += 1
        return week


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody who is on call in another's place, until before `ends_at`."""

    person: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time with one person on call."""

    person: int
    starts_at: datetime
    ends_at: datetime
    is_override: bool


def on_call(
    rota: WeeklyRota, overrides: Sequence[Override], at: datetime, *, ahead: int = 0
) -> int | None:
    """Return who is on call at an instant; None: the rota has nobody.

    Parameters
    ----------
    rota
        Whose turn it is.
    overrides
        Of several that hold the last one counts.
    at
        Aware.
    ahead
        1 for the one whose turn comes next, as the rota has it: who stands in when nobody answers.

    """
    if not ahead:
        for override in reversed(overrides):
            if override.starts_at <= at < override.ends_at:
                return override.person
    if not rota.people:
        return None
    return rota.people[(rota.week_of(at) + ahead) % len(rota.people)]


def shifts(
    rota: WeeklyRota, overrides: Sequence[Override], since: datetime, until: datetime
) -> list[Shift]:
    """Return who is on call from `since` until before `until`, in order and without gaps."""
    edges = {since, until}
    for override in overrides:
        edges |= {override.starts_at, override.ends_at}
    if rota.people:
        weeks = range(rota.week_of(since), rota.week_of(until) + 1)
        edges |= {rota.handover_at(week) for week in weeks}
    cuts = sorted(edge for edge in edges if since <= edge <= until)
    found: list[Shift] = []
    for begins, ends in itertools.pairwise(cuts):
        person = on_call(rota, overrides, begins)
        if person is None:
            continue
        is_override = any(o.starts_at <= begins < o.ends_at for o in overrides)
        last = found[-1] if found else None
        if last and (last.person, last.is_override, last.ends_at) == (person, is_override, begins):
            found[-1] = Shift(person, last.starts_at, ends, is_override)
        else:
            found.append(Shift(person, begins, ends, is_override))
    return found
