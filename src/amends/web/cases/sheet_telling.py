"""The sheet of clocks as its page shows it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from amends.engine.clocks import (
    NOT_LEGAL_ADVICE,
    Calendar,
    Preset,
    Sheet,
    Target,
    read_sheet,
    shipped_presets,
    shipped_text,
)
from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.clocks import sheet_in_force
from amends.web.cases.models import ClockSheet
from amends.web.cases.sheet_actions import SheetEffect, current_draft, effect_of
from amends.web.cases.wording import CLOCKS, LEVELS

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BEGINS = {"received": "receipt", "referred": "the day the regulator sent it"}
UNITS = {"hours": "hour", "days": "day", "business_days": "business day"}


@dataclass(frozen=True, slots=True)
class TargetTold:
    """One target in words."""

    clock: str
    whom: str
    within: str
    calendar: str


@dataclass(frozen=True, slots=True)
class PresetTold:
    """One regulator's preset in words."""

    preset: Preset
    deadlines: Sequence[str]
    adopted: str
    """For which cases; empty: for none."""


@dataclass(frozen=True, slots=True)
class DraftTold:
    """A draft beside what is in force."""

    draft: ClockSheet
    changes: Sequence[tuple[str, str]]
    """Lines of the comparison: "add", "remove" or "", and the line."""
    effect: SheetEffect
    may_publish: bool
    may_discard: bool
    why_not: str


@dataclass(frozen=True, slots=True)
class SheetTold:
    """Everything on the page."""

    title: str
    since: str
    targets: Sequence[TargetTold]
    calendars: Sequence[tuple[str, str, str]]
    """Name, hours, regions."""
    rules: Sequence[tuple[str, str]]
    presets: Sequence[PresetTold]
    versions: Sequence[ClockSheet]
    draft: DraftTold | None
    may_draft: bool
    advice: str = NOT_LEGAL_ADVICE


def text_in_force() -> str:
    """Return the text of the sheet in force."""
    newest = ClockSheet.objects.filter(effective_from__isnull=False).last()
    return newest.text if newest else shipped_text()


def sheet_told(person: User, now: datetime) -> SheetTold:
    """Return the sheet in force, and the draft, for a person."""
    sheet = sheet_in_force()
    versions = ClockSheet.objects.filter(effective_from__isnull=False)
    history = list(versions.select_related("author", "publisher").order_by("-effective_from"))
    since = (
        f"in force since {words.day(history[0].effective_from)}"
        if history
        else "nobody has changed them yet"
    )
    return SheetTold(
        title=sheet.title or "Clocks",
        since=since,
        targets=[_target(target) for target in sheet.targets],
        calendars=[_calendar(name, one, sheet) for name, one in sheet.calendars.items()],
        rules=_rules(sheet),
        presets=[_preset(preset, sheet) for preset in shipped_presets()],
        versions=history,
        draft=_draft(person, now),
        may_draft=person.may(Verb.POLICY_DRAFT),
    )


def _target(target: Target) -> TargetTold:
    said = (target.severity and target.severity.value, target.tier, target.region)
    whom = ", ".join(words.label(part) for part in said if part)
    calendar = target.calendar or "of the region"
    hours = words.number(target.minutes / 60)
    return TargetTold(CLOCKS[target.clock], whom or "Everybody", f"{hours} h", calendar)


def _calendar(name: str, calendar: Calendar, sheet: Sheet) -> tuple[str, str, str]:
    if calendar.is_always:
        hours = "At all times"
    else:
        days = [
            f"{day} {' '.join(f'{_time(a)}–{_time(b)}' for a, b in spans)}"
            for day, spans in zip(DAYS, calendar.week, strict=True)
            if spans
        ]
        hours = f"{', '.join(days)} ({calendar.timezone})"
    if calendar.holidays:
        hours += f", without the holidays of {calendar.holidays}"
    regions = [words.label(r) if r else "all others" for r, n in sheet.regions.items() if n == name]
    return name, hours, ", ".join(regions)


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _rules(sheet: Sheet) -> list[tuple[str, str]]:
    pauses = " or ".join(sorted(sheet.pauses_for)) or "nobody"
    path = [
        f"{LEVELS[step.to]} after {words.number(step.after_minutes / 60)} h"
        + (f" from {words.number(step.value_at_risk)} a year at risk" if step.value_at_risk else "")
        for step in sheet.escalation
    ]
    return [
        ("The resolution stands while we wait for", pauses),
        ("A handoff that nobody accepts goes to", ", ".join(path) or "nobody"),
        ("Unless it is critical, people are told only in", sheet.waking or "the region’s hours"),
    ]


def _preset(preset: Preset, sheet: Sheet) -> PresetTold:
    adopted = [
        " ".join(filter(None, (words.label(a.region), words.label(a.product)))) or "every case"
        for a in sheet.adoptions
        if a.preset == preset.name
    ]
    deadlines = [
        f"{clock.title}: {words.count(clock.length, UNITS[clock.unit])} from {BEGINS[clock.begins]}"
        + (f". {clock.note}" if clock.note else "")
        for clock in preset.clocks
    ]
    return PresetTold(preset, deadlines, ", ".join(adopted))


def _draft(person: User, now: datetime) -> DraftTold | None:
    draft = current_draft()
    if draft is None:
        return None
    lines = difflib.ndiff(text_in_force().splitlines(), draft.text.splitlines())
    marks = {"+": "add", "-": "remove", " ": ""}
    is_own = draft.author_id == person.pk
    may_publish = person.may(Verb.POLICY_PUBLISH) and not is_own
    return DraftTold(
        draft=draft,
        changes=[(marks[line[0]], line[2:]) for line in lines if line[0] in "+-"],
        effect=effect_of(replace(read_sheet(draft.text), effective_from=now), now),
        may_publish=may_publish,
        may_discard=person.may(Verb.POLICY_DRAFT),
        why_not="" if may_publish else "Somebody else who may publish policy has to read it.",
    )
