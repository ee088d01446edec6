"""Deadlines that a regulator sets: dated presets with their citation, chosen by the day of receipt.

They are not legal advice. A preset whose `verified_on` is empty was not checked against its source.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import yaml

from .hours import EPOCH, days_off, zone_of

NOT_LEGAL_ADVICE: Final = (
    "Not legal advice: have each deadline checked against its source before you rely on it."
)
UNITS: Final = ("hours", "days", "business_days")


class Begins(StrEnum):
    """What starts a deadline."""

    RECEIVED = "received"
    REFERRED = "referred"
    """The regulator sent it on; where that is not known, the day of receipt counts."""


class Ends(StrEnum):
    """What meets a deadline."""

    ANSWERED = "answered"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class LegalClock:
    """One deadline of a preset."""

    name: str
    title: str
    length: int
    unit: str
    """hours; days: to the end of that calendar day; business_days: weekdays without holidays."""
    begins: Begins = Begins.RECEIVED
    ends: Ends = Ends.RESOLVED
    note: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """The deadlines of one regulator, as they were law in a time."""

    name: str
    title: str
    jurisdiction: str
    sector: str
    timezone: str
    holidays: str
    effective_from: date
    effective_to: date | None
    """The first day on which it is law no more; None while it is."""
    citation: str
    verified_on: date | None
    clocks: tuple[LegalClock, ...]
    note: str = ""

    def due(self, clock: LegalClock, began: datetime) -> datetime:
        """Return the moment at which a deadline is missed."""
        if clock.unit == "hours":
            return began + timedelta(hours=clock.length)
        return self.due_after(clock, began.astimezone(ZoneInfo(self.timezone)).date())

    def due_after(self, clock: LegalClock, day: date) -> datetime:
        """Return the moment at which a deadline in days is missed that starts on `day`.

        Days count from the day after, to midnight in the jurisdiction.
        """
        last = day + timedelta(days=clock.length)
        if clock.unit == "business_days":
            last = self._business_day(day, clock.length)
        after = last + timedelta(days=1)
        zone = ZoneInfo(self.timezone)
        return datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)

    def _business_day(self, day: date, n: int) -> date:
        years = range(day.year, day.year + 2 + n // 200)
        closed = [d for year in years for d in days_off(self.holidays, year)]
        found = np.busday_offset(
            np.datetime64(day, "D"),
            n,
            roll="backward",
            holidays=np.array(closed, dtype="datetime64[D]"),
        )
        return EPOCH.date() + timedelta(days=int(found.astype(np.int64)))

    def is_law_on(self, day: date) -> bool:
        """Whether it was law on a day."""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


def chosen(presets: Sequence[Preset], name: str, received_at: datetime) -> Preset | None:
    """Return the preset of a name that was law in its jurisdiction on the day of receipt."""
    for preset in presets:
        if preset.name == name:
            day = received_at.astimezone(ZoneInfo(preset.timezone)).date()
            if preset.is_law_on(day):
                return preset
    return None


@cache
def shipped_presets() -> tuple[Preset, ...]:
    """Return the presets that come with amends."""
    text = (files(__package__) / "presets.yaml").read_text(encoding="utf-8")
    return read_presets(text)


def read_presets(text: str) -> tuple[Preset, ...]:
    """Read presets from YAML.

    Raises
    ------
    ValueError
        With the preset and the field that is wrong.
    """
    presets = tuple(_preset(row) for row in yaml.safe_load(text))
    for i, one in enumerate(presets):
        for other in presets[i + 1 :]:
            if one.name == other.name and _overlap(one, other):
                raise ValueError(f"{one.name} is law twice at the same time.")
    return presets


def _overlap(one: Preset, other: Preset) -> bool:
    return one.is_law_on(other.effective_from) or other.is_law_on(one.effective_from)


def _preset(row: dict[str, Any]) -> Preset:
    try:
        preset = Preset(**{**row, "clocks": tuple(_clock(c) for c in row["clocks"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"The preset {row.get('name')!r} cannot be read: {error}.") from error
    zone_of(preset.timezone)
    if any(clock.unit == "business_days" for clock in preset.clocks):
        days_off(preset.holidays, preset.effective_from.year)
    return preset


def _clock(row: dict[str, Any]) -> LegalClock:
    clock = LegalClock(
        **{
            **row,
            "begins": Begins(row.get("begins", Begins.RECEIVED)),
            "ends": Ends(row.get("ends", Ends.RESOLVED)),
        }
    )
    if clock.unit not in UNITS or clock.length < 1:
        raise ValueError(f"The deadline {clock.name!r} is not a number of {', '.join(UNITS)}.")
    return clock
