"""How causes are told on pages: rows, tiles, bars and key figures."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from django.urls import reverse

from amends.flows.report import words
from amends.web.classify.figures import FEW, CauseFigures, CauseTable
from amends.web.classify.places import Share
from amends.web.intake.asked import url_of_signals
from amends.web.intake.filters import Filters
from amends.web.intake.naming import cause_label, value_label
from amends.web.ui.parts import Bar, Branch, Kpi
from amends.web.ui.treemap import Leaf, treemap

STEPS: Final = 5
OFTEN: Final = 1.5
"""Lift from which a place stands out."""
OFTEN_STEP: Final = 4
MOST_BARS: Final = 10
TOO_FEW: Final = "n too small"
NOT_HEARD: Final = "no period before"

ChangeTone = Literal["", "good", "critical"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a count compares with the period before, or why that is not said."""

    text: str
    interval: str = ""
    tone: ChangeTone = ""
    """Set only where the interval leaves no change out."""
    direction: Literal["", "up", "down"] = ""


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One line of the table of causes."""

    figures: CauseFigures
    label: str
    branch: str
    href: str
    signals_url: str
    share: float
    change: Change
    value: str


def change_of(figures: CauseFigures) -> Change:
    """Say how a cause changed, with its 95 % interval, or that it cannot be told."""
    if figures.n_before is None:
        return Change(NOT_HEARD)
    if figures.n + figures.n_before < FEW:
        return Change(TOO_FEW)
    ratio, interval = figures.ratio, figures.ratio_interval
    if ratio is None or interval is None:
        return Change("new", f"none in the period before, {figures.n:,} now", "critical", "up")
    low, high = (words.signed_percent(end - 1) for end in (interval.low, interval.high))
    tone: ChangeTone = "critical" if interval.low > 1 else "good" if interval.high < 1 else ""
    text = words.signed_percent(ratio - 1)
    ends = words.interval(low, high if math.isfinite(interval.high) else "∞")
    is_flat = not text.startswith(("+", words.MINUS))
    return Change(text, ends, tone, "" if is_flat else "up" if ratio > 1 else "down")


def rows_of_causes(table: CauseTable, filters: Filters, of: int = 0) -> tuple[CauseRow, ...]:
    """Return the lines of the table, "unsure" last; shares are `of` so many, else of them all."""
    unsure, total = [table.unsure] if table.unsure else [], of or table.n
    return tuple(_row(cause, total, filters) for cause in (*table.named, *unsure))


def map_of_causes(table: CauseTable, filters: Filters) -> tuple[Branch, ...]:
    """Return the map: area is n, colour the share of high and critical ones."""
    by_branch = sorted(table.named, key=lambda cause: _branch(cause.path))
    branches = []
    for branch, group in groupby(by_branch, key=lambda cause: _branch(cause.path)):
        causes = list(group)
        total = sum(cause.n for cause in causes)
        leaves = [
            Leaf(
                cause_label(cause.path),
                cause.n,
                f"{words.number(cause.n)} · {words.percent(cause.severe_share, 0)}",
                step_of(cause.severe_share),
                url_of_cause(cause.path, filters),
            )
            for cause in causes
        ]
        branches.append((cause_label(branch), words.number(total), leaves))
    return treemap(branches)


def bars_of_causes(table: CauseTable, filters: Filters) -> tuple[Bar, ...]:
    """Return the most frequent causes as bars, coloured as the map."""
    most = max((cause.n for cause in table.named), default=1)
    return tuple(
        Bar(
            cause_label(cause.path),
            f"{words.number(cause.n)} · {words.percent(cause.severe_share, 0)}",
            cause.n / most,
            step_of(cause.severe_share),
            url_of_cause(cause.path, filters),
        )
        for cause in table.named[:MOST_BARS]
    )


def bars_of_places(
    places: Mapping[str, tuple[Share, ...]], filters: Filters
) -> tuple[tuple[str, tuple[Bar, ...]], ...]:
    """Return the bars of each dimension; a value that stands out has a colour of its own."""
    return tuple(
        (value_label(dim), tuple(_place_bar(dim, share, shares, filters) for share in shares))
        for dim, shares in places.items()
    )


def kpis_of(figures: CauseFigures, filters: Filters) -> tuple[Kpi, ...]:
    """Return the key figures of one cause."""
    return (
        _count_kpi("Signals", figures, filters),
        _severe_kpi(figures, filters),
        Kpi("Customers", words.number(figures.customers), note="who told of it"),
        Kpi(
            "Value at risk",
            _money(figures),
            note="per year, each customer once" if figures.value_at_risk else "not known",
        ),
        _mood_kpi(figures),
    )


def summary_of(table: CauseTable, filters: Filters) -> tuple[Kpi, ...]:
    """Return the key figures of all causes together."""
    figures, unsure = table.together(), table.unsure
    n_named = figures.n - (unsure.n if unsure else 0)
    known = n_named / figures.n if figures.n else None
    value, unit = _percent(known)
    note = f"{words.number(n_named)} of {words.number(figures.n)}; the rest is unsure"
    return (
        _count_kpi("Tell of a failure", figures, filters),
        Kpi("Have a named cause", value, unit, note=note),
        _severe_kpi(figures, filters),
        _mood_kpi(figures),
    )


def crumbs_of(path: str, filters: Filters) -> tuple[tuple[str, str], ...]:
    """Return label and address of everything that a cause hangs on, the map first."""
    parts = path.split("/")
    above = ["/".join(parts[: i + 1]) for i in range(len(parts) - 1)]
    everything = reverse("classify:causes") + filters.query(cause="")
    return (
        ("Causes", everything),
        *((cause_label(branch), url_of_cause(branch, filters)) for branch in above),
    )


def _count_kpi(label: str, figures: CauseFigures, filters: Filters) -> Kpi:
    change = change_of(figures)
    is_told = bool(change.interval)
    return Kpi(
        label,
        words.number(figures.n),
        change=change.text if is_told else "",
        direction=change.direction if is_told else "",
        tone=change.tone,
        note=f"95 %: {change.interval}" if is_told else f"change: {change.text}",
        href=url_of_signals(filters, told="failure"),
    )


def _severe_kpi(figures: CauseFigures, filters: Filters) -> Kpi:
    value, unit = _percent(figures.severe_share if figures.n else None)
    return Kpi(
        "High or critical",
        value,
        unit,
        note=f"{words.number(figures.n_severe)} of {words.number(figures.n)}",
        href=url_of_signals(filters, severity=("high", "critical")),
    )


def _mood_kpi(figures: CauseFigures) -> Kpi:
    note = "mean of −1 to 1" if figures.sentiment is not None else "no text was read"
    return Kpi("Mood", words.signed(figures.sentiment, 2), note=note)


def _percent(share: float | None) -> tuple[str, str]:
    if share is None:
        return words.NONE, ""
    return words.percent(share).removesuffix("%").strip(), "%"


def step_of(share: float) -> int:
    """Return the step of the ramp for a share in [0, 1]: a fifth each."""
    return min(int(share * STEPS) + 1, STEPS)


def url_of_cause(path: str, filters: Filters) -> str:
    """Return the address of a cause's page under the other filters."""
    return reverse("classify:cause", args=[path]) + filters.query(cause="")


def _row(cause: CauseFigures, total: int, filters: Filters) -> CauseRow:
    branch = _branch(cause.path)
    return CauseRow(
        figures=cause,
        label=cause_label(cause.path),
        branch="No cause fits well enough"
        if cause.is_unsure
        else cause_label(branch)
        if branch != cause.path
        else "",
        href=url_of_cause(cause.path, filters),
        signals_url=url_of_signals(_of(cause.path, filters), told="failure"),
        share=cause.n / total if total else 0.0,
        change=change_of(cause),
        value=_money(cause),
    )


def _place_bar(dim: str, share: Share, shares: Iterable[Share], filters: Filters) -> Bar:
    most = max(other.n for other in shares)
    lift = TOO_FEW if share.lift is None else f"{words.times(share.lift)} usual"
    return Bar(
        value_label(share.value),
        f"{words.number(share.n)} · {words.percent(share.share, 0)} · {lift}",
        share.n / most,
        OFTEN_STEP if share.lift is not None and share.lift >= OFTEN else 0,
        url_of_signals(filters, **{"told": "failure", dim: share.value}),
    )


def _of(path: str, filters: Filters) -> Filters:
    return Filters(filters.until, filters.period, filters.dims, path)


def _money(figures: CauseFigures) -> str:
    return words.money(figures.value_at_risk, figures.currency)


def _branch(path: str) -> str:
    return path.partition("/")[0]
