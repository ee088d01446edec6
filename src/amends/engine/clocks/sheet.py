"""The sheet of clocks: how soon what is owed, by severity, tier, region, and when people work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from amends.engine.contracts import Severity

from .hours import Calendar


class ClockKind(StrEnum):
    """What a clock waits for."""

    FIRST_RESPONSE = "first_response"
    UPDATE = "update"
    """An answer to a customer who spoke again after ours."""
    RESOLUTION = "resolution"
    HANDOFF = "handoff"
    """Another team's acceptance."""
    REGULATOR = "regulator"


TIMED: Final = tuple(kind for kind in ClockKind if kind is not ClockKind.REGULATOR)
"""Clocks whose length a sheet sets; that of a regulator is the law's."""


@dataclass(frozen=True, slots=True)
class Target:
    """How soon something is owed in working time; an empty condition fits every case."""

    clock: ClockKind
    minutes: int
    severity: Severity | None = None
    tier: str = ""
    region: str = ""
    calendar: str = ""
    """Name of a calendar; empty: that of the case's region."""

    def fits(self, clock: ClockKind, severity: str, tier: str, region: str) -> bool:
        """Whether it speaks of such a case."""
        return (
            self.clock is clock
            and self.severity in {None, severity}
            and self.tier in {"", tier}
            and self.region in {"", region}
        )

    @property
    def precision(self) -> tuple[int, bool, bool, bool]:
        """The more conditions the more precise; of equally many severity counts before tier."""
        said = (self.severity is not None, bool(self.tier), bool(self.region))
        return (sum(said), *said)


@dataclass(frozen=True, slots=True)
class Adoption:
    """A regulator's preset under which the cases of a region and product fall."""

    preset: str
    region: str = ""
    product: str = ""

    def fits(self, region: str, product: str) -> bool:
        """Whether such a case falls under it."""
        return self.region in {"", region} and self.product in {"", product}


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Who is told of a handoff that nobody accepts."""

    to: str
    """lead, manager or executive."""
    after_minutes: int
    """Of working time after the deadline of the acceptance."""
    value_at_risk: int = 0
    """Only when so much a year is at risk, in the case's currency."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that deadlines are reckoned from, besides the events of a case."""

    calendars: Mapping[str, Calendar]
    regions: Mapping[str, str]
    """Region → name of its calendar; "" is for all others."""
    targets: Sequence[Target]
    adoptions: Sequence[Adoption] = ()
    pauses_for: frozenset[str] = frozenset({"customer"})
    """Waiting for whom lets the resolution's clock stand: customer, team."""
    waking: str = ""
    """The calendar in which people are told of stalled handoffs; empty: the region's."""
    escalation: Sequence[EscalationStep] = ()
    effective_from: datetime | None = None
    """Clocks that ended earlier are judged by the sheet before; None: always."""
    title: str = field(default="")

    def calendar_of(self, region: str) -> Calendar:
        """Return the calendar of a region."""
        return self.calendars[self.regions.get(region, self.regions[""])]

    def target(self, clock: ClockKind, severity: str, tier: str, region: str) -> Target | None:
        """Return the most precise target for such a case, the first of equals; None without one."""
        found = [t for t in self.targets if t.fits(clock, severity, tier, region)]
        return max(found, key=lambda t: t.precision, default=None)

    def calendar_for(self, target: Target, region: str) -> Calendar:
        """Return the calendar in which a target counts."""
        return self.calendars[target.calendar] if target.calendar else self.calendar_of(region)

    def waking_of(self, region: str) -> Calendar:
        """Return when people may be told of something that is not critical."""
        return self.calendars[self.waking] if self.waking else self.calendar_of(region)

    def is_regulated(self, region: str, product: str) -> bool:
        """Whether such a case falls under any preset."""
        return any(adoption.fits(region, product) for adoption in self.adoptions)
