"""What components are given: frozen, typed, and the same in views, tests and the gallery.

A component is a tag, `<c-kpi :kpi="page.kpis.0" />`; its template is `templates/cotton/kpi.html`.
Texts come ready for reading (`flows.report.words`); numbers in them are already formatted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Tone = Literal["", "critical", "high", "medium", "low", "good", "brand"]
"""Red, orange and amber mean severity, overdue or worse; green recovered or better."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One key figure with its change, its target and its course."""

    label: str
    value: str
    unit: str = ""
    change: str = ""
    """The signed change, `+1.8 pp`; empty when there is nothing to compare with."""
    direction: Literal["", "up", "down"] = ""
    tone: Literal["", "good", "critical"] = ""
    """Whether the change is good or bad: not whether it goes up or down."""
    target: str = ""
    note: str = ""
    """What period, how many, or why there is no value."""
    course: Sequence[float] = ()
    href: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One point of a timeline."""

    title: str
    at: datetime
    body: str = ""
    icon: str = "circle-dot"
    tone: Tone = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a ranked list; `share` of the longest, in [0, 1]."""

    label: str
    text: str
    share: float
    step: int = 0
    """1 to 5 on the ramp of magnitude; 0 is the data colour."""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """Position and size in percent of the container."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One rectangle of a treemap."""

    label: str
    text: str
    step: int
    href: str
    box: Box


@dataclass(frozen=True, slots=True)
class Branch:
    """A group of tiles under one name; their boxes are relative to the space below it."""

    label: str
    text: str
    box: Box
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """One line of a list of breakdowns."""

    title: str
    detail: str
    severity: Literal["critical", "high", "medium", "low"]
    meta: str
    href: str


@dataclass(frozen=True, slots=True)
class Chart:
    """An ECharts option with "$token" colours, and what it says to those who cannot see it."""

    name: str
    option: Mapping[str, object] = field(repr=False)
    label: str = ""
    height: int = 262
