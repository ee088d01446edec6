"""Clocks of cases: business hours, targets, pauses, handoffs, regulators' deadlines."""

from .clocks import Cases, reckon
from .events import Event, EventKind, Events, code_of, events_of, micros_of, moment_of
from .hours import Calendar, Openings, days_off, openings
from .law import NOT_LEGAL_ADVICE, Preset, chosen, read_presets, shipped_presets
from .rows import Clocks, Next, Reading, next_deadlines
from .sheet import Adoption, ClockKind, EscalationStep, Sheet, Target
from .sheet_file import SheetError, read_sheet, shipped_sheet, shipped_text
from .working import after_working, working_between

__all__ = [
    "NOT_LEGAL_ADVICE",
    "Adoption",
    "Calendar",
    "Cases",
    "ClockKind",
    "Clocks",
    "EscalationStep",
    "Event",
    "EventKind",
    "Events",
    "Next",
    "Openings",
    "Preset",
    "Reading",
    "Sheet",
    "SheetError",
    "Target",
    "after_working",
    "chosen",
    "code_of",
    "days_off",
    "events_of",
    "micros_of",
    "moment_of",
    "next_deadlines",
    "openings",
    "read_presets",
    "read_sheet",
    "reckon",
    "shipped_presets",
    "shipped_sheet",
    "shipped_text",
    "working_between",
]
