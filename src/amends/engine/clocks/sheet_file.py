"""Read a sheet of clocks from YAML; what cannot be read is refused with its place and why."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from amends.engine.contracts import Severity

from .hours import ALL_DAY, Calendar, Span
from .law import shipped_presets
from .sheet import TIMED, Adoption, ClockKind, EscalationStep, Sheet, Target

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ESCALATED_TO: Final = ("lead", "manager", "executive")
WAITED_FOR: Final = frozenset({"customer", "team"})
LONGEST_HOURS: Final = 24 * 366
_SPAN: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_KEYS: Final = frozenset(
    {"title", "calendars", "regions", "waking", "pauses_for", "targets", "regulators", "escalation"}
)


class SheetError(ValueError):
    """A sheet that cannot be used; the message says where and why."""


@cache
def shipped_sheet() -> Sheet:
    """Return the sheet that comes with amends."""
    return read_sheet(shipped_text())


def shipped_text() -> str:
    """Return the text of the sheet that comes with amends."""
    return (files(__package__) / "sheet.yaml").read_text(encoding="utf-8")


def read_sheet(text: str, effective_from: datetime | None = None) -> Sheet:
    """Read a sheet.

    Raises
    ------
    SheetError
    """
    try:
        known = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SheetError(f"This is no YAML: {error}") from error
    known = _mapping(known, "The sheet")
    if strange := set(known) - _KEYS:
        raise SheetError(f"A sheet has no {', '.join(sorted(map(str, strange)))}.")
    calendars = {
        str(name): _calendar(row or {}, f"The calendar {name}")
        for name, row in _mapping(known.get("calendars", {}), "calendars").items()
    }
    regions = {
        str(region): _known(str(name), calendars, f"The region {region!r}")
        for region, name in _mapping(known.get("regions", {}), "regions").items()
    }
    if "" not in regions:
        raise SheetError('regions has no "": the calendar of all regions that are not named.')
    waking = str(known.get("waking") or "")
    if waking:
        _known(waking, calendars, "waking")
    return Sheet(
        calendars=calendars,
        regions=regions,
        targets=_targets(known, calendars),
        adoptions=tuple(_adoption(row) for row in _rows(known, "regulators")),
        pauses_for=_pauses(known),
        waking=waking,
        escalation=tuple(_step(row) for row in _rows(known, "escalation")),
        effective_from=effective_from,
        title=str(known.get("title") or ""),
    )


def _mapping(value: object, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise SheetError(f"{place}: names with their values are wanted, not {value!r}.")
    return value


def _rows(known: Mapping[str, Any], name: str) -> Sequence[Mapping[Any, Any]]:
    rows = known.get(name) or []
    if not isinstance(rows, list):
        raise SheetError(f"{name}: a list of rows is wanted.")
    return [_mapping(row, f"{name}, row {i}") for i, row in enumerate(rows, start=1)]


def _known(name: str, names: Mapping[str, object], place: str) -> str:
    if name not in names:
        raise SheetError(f"{place}: there is no calendar {name!r}, only {', '.join(names)}.")
    return name


def _only(row: Mapping[Any, Any], place: str, *names: str) -> None:
    if strange := set(row) - set(names):
        raise SheetError(f"{place}: there is no {', '.join(sorted(map(str, strange)))} here.")


def _calendar(row: object, place: str) -> Calendar:
    row = _mapping(row, place)
    _only(row, place, "timezone", "week", "holidays", "closed_on")
    week = _mapping(row["week"], f"{place}, week") if row.get("week") else None
    closed = row.get("closed_on") or []
    if not isinstance(closed, list) or not all(type(day) is date for day in closed):
        raise SheetError(f"{place}: closed_on is a list of days like 2026-12-24.")
    try:
        return Calendar(
            timezone=str(row.get("timezone") or "UTC"),
            week=(ALL_DAY,) * 7 if week is None else _week(week, place),
            holidays=str(row.get("holidays") or ""),
            closed_on=tuple(closed),
        )
    except ValueError as error:
        raise SheetError(f"{place}: {error}") from error


def _week(week: Mapping[Any, Any], place: str) -> tuple[tuple[Span, ...], ...]:
    days: list[tuple[Span, ...]] = [()] * 7
    for name, hours in week.items():
        first, _, last = str(name).lower().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise SheetError(f"{place}: {name!r} is no day; they are {', '.join(DAYS)} or mon-fri.")
        for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
            days[number] = _spans(str(hours), f"{place}, {name}")
    return tuple(days)


def _spans(text: str, place: str) -> tuple[Span, ...]:
    found = []
    for part in text.replace(",", " ").split():
        match = _SPAN.fullmatch(part)
        if match is None:
            raise SheetError(f"{place}: {part!r} are no hours like 09:00-12:30.")
        a, b, c, d = map(int, match.groups())
        found.append((a * 60 + b, c * 60 + d))
    return tuple(found)


def _targets(known: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> tuple[Target, ...]:
    targets = tuple(
        _target(row, calendars, f"targets, row {i}")
        for i, row in enumerate(_rows(known, "targets"), start=1)
    )
    said = [(t.clock, t.severity, t.tier, t.region) for t in targets]
    for i, what in enumerate(said):
        if what in said[:i]:
            raise SheetError(f"targets, row {i + 1}: row {said.index(what) + 1} says it already.")
    for clock in (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION, ClockKind.HANDOFF):
        for severity in Severity:
            if not any(t.fits(clock, severity, "", "") for t in targets):
                raise SheetError(
                    f"targets: {clock} has none for every case of {severity} severity."
                )
    return targets


def _target(row: Mapping[Any, Any], calendars: Mapping[str, Calendar], place: str) -> Target:
    _only(row, place, "clock", "hours", "severity", "tier", "region", "calendar")
    if row.get("clock") not in [kind.value for kind in TIMED]:
        raise SheetError(f"{place}: the clock is one of {', '.join(TIMED)}.")
    severity = row.get("severity")
    if severity is not None and severity not in [s.value for s in Severity]:
        raise SheetError(f"{place}: the severity is one of {', '.join(Severity)}.")
    return Target(
        clock=ClockKind(row["clock"]),
        minutes=_minutes(row.get("hours"), place),
        severity=None if severity is None else Severity(severity),
        tier=str(row.get("tier") or ""),
        region=str(row.get("region") or ""),
        calendar=_known(str(row["calendar"]), calendars, place) if row.get("calendar") else "",
    )


def _minutes(hours: object, place: str, *, least: int = 1) -> int:
    try:
        minutes = Decimal(str(hours)) * 60
    except InvalidOperation:
        minutes = Decimal("NaN")
    whole = int(minutes) if minutes.is_finite() else -1
    if whole != minutes or isinstance(hours, bool) or not least <= whole <= LONGEST_HOURS * 60:
        raise SheetError(f"{place}: {hours!r} is no number of hours in whole minutes.")
    return whole


def _adoption(row: Mapping[Any, Any]) -> Adoption:
    name = str(row.get("preset"))
    _only(row, f"regulators, {name}", "preset", "region", "product")
    known = {preset.name for preset in shipped_presets()}
    if name not in known:
        raise SheetError(
            f"regulators: there is no preset {name!r}, only {', '.join(sorted(known))}."
        )
    return Adoption(name, str(row.get("region") or ""), str(row.get("product") or ""))


def _pauses(known: Mapping[str, Any]) -> frozenset[str]:
    whom = known.get("pauses_for", ["customer"])
    if not isinstance(whom, list) or not set(map(str, whom)) <= WAITED_FOR:
        raise SheetError("pauses_for: a list of customer and team.")
    return frozenset(map(str, whom))


def _step(row: Mapping[Any, Any]) -> EscalationStep:
    place = f"escalation, {row.get('to')}"
    _only(row, place, "to", "after_hours", "value_at_risk")
    if row.get("to") not in ESCALATED_TO:
        raise SheetError(f"{place}: it goes to {', '.join(ESCALATED_TO)}.")
    value = row.get("value_at_risk", 0)
    if type(value) is not int or value < 0:
        raise SheetError(f"{place}: value_at_risk is a whole amount.")
    return EscalationStep(str(row["to"]), _minutes(row.get("after_hours"), place, least=0), value)
