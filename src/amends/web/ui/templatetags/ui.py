"""Filters: numbers, money and dates as `flows.report.words` writes them, clocks, sparklines."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone

from amends.flows.report import words
from amends.web.ui.clocks import clock_text, clock_tone, minutes_left
from amends.web.ui.parts import Tone

register = template.Library()
for name in (
    "number",
    "compact",
    "signed",
    "percent",
    "signed_percent",
    "duration",
    "times",
    "label",
):
    register.filter(name, getattr(words, name))


@register.filter
def money(amount: float | None, currency: str = "EUR") -> str:
    """Return `€1,240`."""
    return words.money(amount, currency)


@register.filter
def count(n: int, noun: str) -> str:
    """Return `1 case`, `3,984 cases`; an irregular plural after a comma: `"person,people"`."""
    one, _, many = noun.partition(",")
    return words.count(n, one, many)


@register.filter
def day(at: datetime | None) -> str:
    """Return `14 Nov`, with the year when it is another than this one."""
    if at is None:
        return words.NONE
    local = timezone.localtime(at)
    return words.day(local, year=local.year != timezone.localtime().year)


@register.filter
def moment(at: datetime | None) -> str:
    """Return `14 Nov, 13:40`."""
    return words.NONE if at is None else f"{day(at)}, {timezone.localtime(at):%H:%M}"


@register.filter
def ago(at: datetime | None) -> str:
    """Return `just now`, `46 min ago`, `3 h ago`, `2 days ago`, or the day when it is long ago."""
    if at is None:
        return "never"
    minutes = -minutes_left(at, timezone.now())
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{int(minutes)}{words.NBSP}min ago"
    if minutes < 24 * 60:
        return f"{int(minutes / 60)}{words.NBSP}h ago"
    days = int(minutes / 1440)
    return f"{words.count(days, 'day')} ago" if days <= 30 else day(at)


@register.filter
def until(at: datetime) -> str:
    """Return the time left to a deadline: `2 h 51 m`, `Overdue 18 m`."""
    return clock_text(minutes_left(at, timezone.now()))


@register.filter
def until_tone(at: datetime) -> Tone:
    """Return the tone of the time left."""
    return clock_tone(minutes_left(at, timezone.now()))


@register.filter
def percents(share: float) -> str:
    """Return a share in [0, 1] as a CSS length: `71.43%`."""
    return f"{100 * share:.2f}%"


@register.simple_tag
def place(box: object) -> str:
    """Return a box of a map as CSS declarations in percent."""
    parts = ("left", "top", "width", "height")
    return ";".join(f"{part}:{getattr(box, part):.2f}%" for part in parts)


@register.filter
def course(values: Sequence[float], size: str = "132x34") -> dict[str, str]:
    """Return the paths of a sparkline, `line` and the `area` below it, in a box of `size`."""
    width, height = (float(part) for part in size.split("x"))
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    step = width / max(len(values) - 1, 1)
    points = [
        (i * step, height - 4 - (value - low) / spread * (height - 8))
        for i, value in enumerate(values)
    ]
    line = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return {"line": line, "area": f"{line} L{points[-1][0]:.1f} {height:.0f} L0 {height:.0f} Z"}
