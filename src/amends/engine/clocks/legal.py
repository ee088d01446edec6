"""Regulators' deadlines of many cases."""

import numpy as np

from .encoding import Encoded, groups_of
from .events import Codes, EventKind, Events, Flags, micros_of, moment_of
from .hours import Micros, local_days
from .law import Begins, Ends, LegalClock, Preset, shipped_presets
from .rows import Clocks
from .sheet import ClockKind, Sheet

HOUR = 3_600_000_000


def legal_clocks(
    events: Events, dims: tuple[Encoded, Encoded], sheet: Sheet, answered: Flags, resolved: Flags
) -> Clocks:
    """Return the deadlines by law of n cases.

    Parameters
    ----------
    events
        What happened.
    dims
        Region and product of each case.
    sheet
        Which presets were adopted for which of them.
    answered, resolved
        Which events are an answer or a resolution that counts.

    """
    opened = np.flatnonzero(events.are(EventKind.OPENED))
    ends = {
        Ends.ANSWERED: events.next(answered)[opened],
        Ends.RESOLVED: events.next(resolved)[opened],
    }
    referred = events.next(events.are(EventKind.REFERRED))[opened]
    at = np.concatenate([events.at, [-1]])
    received = events.at[opened]
    names: list[str] = []
    parts: list[tuple[Codes, int, Micros, Micros, Micros]] = []
    for preset, cases in _applying(received, dims, sheet):
        for clock in preset.clocks:
            began = received[cases]
            if clock.begins is Begins.REFERRED:
                began = np.where(at[referred[cases]] < 0, began, at[referred[cases]])
            due = _due(preset, clock, began)
            parts.append((cases, len(names), began, due, at[ends[clock.ends][cases]]))
            names.append(f"{clock.title} ({preset.title})")
    return _clocks(parts, names)


def _applying(
    received: Micros, dims: tuple[Encoded, Encoded], sheet: Sheet
) -> list[tuple[Preset, Codes]]:
    """Return each preset with the cases that it applies to by region, product and receipt."""
    region, product = dims
    found: dict[Preset, list[Codes]] = {}
    if not sheet.adoptions or not len(received):
        return []
    group, firsts = groups_of(region.codes, product.codes)
    for i, first in enumerate(firsts):
        words = region.words[region.codes[first]], product.words[product.codes[first]]
        adopted = {adoption.preset for adoption in sheet.adoptions if adoption.fits(*words)}
        cases = np.flatnonzero(group == i)
        for preset in (p for p in shipped_presets() if p.name in adopted):
            days = local_days(preset.timezone, received[cases])
            is_law = days >= _day(preset.effective_from)
            if preset.effective_to is not None:
                is_law &= days < _day(preset.effective_to)
            found.setdefault(preset, []).append(cases[is_law])
    return [(preset, np.concatenate(parts)) for preset, parts in found.items()]


def _day(day: object) -> int:
    return int(np.datetime64(str(day), "D").astype(np.int64))


def _due(preset: Preset, clock: LegalClock, began: Micros) -> Micros:
    if clock.unit == "hours":
        return began + clock.length * HOUR
    days, which = np.unique(local_days(preset.timezone, began), return_inverse=True)
    due = [
        micros_of(preset.due_after(clock, moment_of(int(day) * 24 * HOUR).date())) for day in days
    ]
    return np.array(due, dtype=np.int64)[which]


def _clocks(parts: list[tuple[Codes, int, Micros, Micros, Micros]], names: list[str]) -> Clocks:
    none = np.empty(0, dtype=np.int64)
    case, started, due, ended = (
        np.concatenate([none, *(part[i] for part in parts)]) for i in (0, 2, 3, 4)
    )
    name = np.concatenate([none, *(np.full(len(part[0]), part[1]) for part in parts)])
    kind = np.full(len(case), tuple(ClockKind).index(ClockKind.REGULATOR))
    never = np.full(len(case), -1)
    return Clocks(
        case, kind, name, started, due, ended, ended >= 0, never, due - started, np.zeros_like(due),
        tuple(names),
    )  # fmt: skip
