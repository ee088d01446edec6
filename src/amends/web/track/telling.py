"""Outcomes in words: key figures, their course, what came of each action, and effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from amends.engine.contracts import Interval, Metric
from amends.engine.stats.intervals import mean_t, wilson
from amends.flows.report import words
from amends.web.intake.filters import Filters
from amends.web.intake.naming import value_label
from amends.web.track.effects import RESULTS, Told, read_told
from amends.web.track.figures import DEFINITIONS, TARGETS, Figures, Record, means
from amends.web.track.models import EffectEstimate
from amends.web.ui.parts import Chart, Kpi

STEPS: Final = {"7d": (1, 14), "28d": (7, 12), "90d": (7, 26), "365d": (28, 13)}
"""Period → days of a step of the course and how many are drawn."""
UNITS: Final = {"points": "", "%": "%", "days": "days", "of 7": "of 7"}
LEAST_N: Final = 10
"""Cases behind a figure of an action, below which it is not shown."""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One key figure with what it means."""

    name: str
    kpi: Kpi
    definition: str
    is_chosen: bool = False


def course_since(filters: Filters) -> datetime:
    """Return from when cases are needed: for the course, and for the period before."""
    days, steps = STEPS[filters.period]
    return filters.until - timedelta(days=max(days * steps, 2 * filters.days))


def key_figures(figures: Figures, filters: Filters, chosen: str) -> list[KeyFigure]:
    """Return the key figures of cases for the period."""
    found = []
    for name, definition in DEFINITIONS.items():
        now = figures.between(name, filters.since, filters.until)
        before = figures.between(name, filters.before.since, filters.since)
        drawn = [figures.value_between(name, *step) for step in _edges(filters)]
        course = [value for value in drawn if value is not None]
        href = filters.query(metric=name) or "?"
        kpi = kpi_of(now, before, course, f"{href}#course")
        found.append(KeyFigure(name, kpi, definition.definition, name == chosen))
    return found


def kpi_of(now: Metric, before: Metric, course: Sequence[float] = (), href: str = "") -> Kpi:
    """Return a figure with its interval, n, change and target."""
    if now.value is None:
        return Kpi(now.label, words.NONE, note=now.missing_because or "Not known", href=href)
    change = None if before.value is None else now.value - before.value
    return Kpi(
        now.label,
        words.signed(now.value, 0) if now.unit == "points" else words.number(now.value),
        UNITS.get(now.unit, now.unit),
        change="" if change is None else f"{words.signed(change, _digits(now))}{_of(now)}",
        direction="" if not change else "up" if change > 0 else "down",
        tone=_tone(now, before, change),
        target=_target(now),
        note=_sure(now),
        course=course if len(course) > 2 else (),
        href=href,
    )


def steps(figures: Figures, filters: Filters, name: str) -> list[Metric]:
    """Return one figure per step of the course, the last one ending now."""
    return [figures.between(name, since, until) for since, until in _edges(filters)]


def _edges(filters: Filters) -> list[tuple[datetime, datetime]]:
    """Return the beginning and end of each step."""
    days, n = STEPS[filters.period]
    edges = [filters.until - timedelta(days=days * k) for k in range(n, -1, -1)]
    return list(pairwise(edges))


def course_chart(figures: Figures, filters: Filters, name: str) -> Chart | None:
    """Return the course of a figure with its interval; None when nothing is known."""
    days, n = STEPS[filters.period]
    found = steps(figures, filters, name)
    if sum(m.value is not None for m in found) < 2:
        return None
    starts = [filters.until - timedelta(days=days * k) for k in range(n, 0, -1)]
    low = [None if m.interval is None else round(m.interval.low, 3) for m in found]
    span = [
        None if m.interval is None else round(m.interval.high - m.interval.low, 3) for m in found
    ]
    bare = {
        "type": "line",
        "stack": "band",
        "symbol": "none",
        "silent": True,
        "tooltip": {"show": False},
        "lineStyle": {"width": 0},
    }
    definition = DEFINITIONS[name]
    target = TARGETS.get(name)
    line: dict[str, object] = {
        "type": "line",
        "name": definition.label,
        "data": [None if m.value is None else round(m.value, 2) for m in found],
        "symbol": "circle",
        "symbolSize": 6,
        "lineStyle": {"color": "$brand", "width": 2},
        "itemStyle": {"color": "$brand"},
    }
    if target is not None:
        line["markLine"] = {
            "silent": True,
            "symbol": "none",
            "lineStyle": {"color": "$muted", "type": "dashed"},
            "label": {"formatter": "Target", "color": "$muted", "position": "insideEndTop"},
            "data": [{"yAxis": target}],
        }
    is_net = definition.unit == "points"
    y_axis: dict[str, object] = {"type": "value", "splitNumber": 4}
    option = {
        "grid": {"left": 6, "right": 14, "top": 18, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "data": [words.day(at) for at in starts],
            "boundaryGap": False,
        },
        "yAxis": y_axis if is_net else {**y_axis, "min": 0},
        "series": [
            {**bare, "data": low},
            {**bare, "data": span, "areaStyle": {"color": "$band", "opacity": 1}},
            line,
        ],
    }
    every = "day" if days == 1 else "week" if days == 7 else "four weeks"
    label = f"{definition.label}, one value for each {every}, with its 95 % interval"
    return Chart("course-chart", option, label)


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure in a table: its text, its interval or n, and why it is not there."""

    text: str
    note: str = ""
    tone: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """What came of one action: associations."""

    label: str
    n: int
    cells: tuple[Cell, ...]


def action_rows(records: Sequence[Record], filters: Filters, currency: str) -> list[ActionRow]:
    """Return what came of each action in cases resolved in the period, the most frequent first."""
    mine = [r for r in records if r.resolved_at and filters.since <= r.resolved_at < filters.until]
    by_kind: dict[str, list[Record]] = {}
    for record in mine:
        by_kind.setdefault(record.kind, []).append(record)
    rows = []
    for kind, cases in sorted(by_kind.items(), key=lambda item: (-len(item[1]), item[0])):
        over = [r for r in cases if r.is_over(filters.until)]
        cells = (
            _rate([r.satisfaction >= 4 for r in cases if r.satisfaction is not None]),
            _rate([bool(r.is_recovered) for r in over if r.is_recovered is not None]),
            _rate([r.came_back for r in over]),
            _rate([r.churned for r in cases if r.churned is not None]),
            _mean([r.amount for r in cases], currency, with_interval=False),
            _mean([r.value for r in cases], currency),
        )
        rows.append(ActionRow(action_label(kind), len(cases), cells))
    return rows


def action_label(kind: str) -> str:
    """Return an action in words."""
    names = {"": "Nothing recorded", "none": "No action", "apology_credit": "Apology and credit"}
    return names.get(kind) or value_label(kind)


def _rate(hits: Sequence[bool]) -> Cell:
    n = len(hits)
    if n < LEAST_N:
        return _too_few(n)
    span = wilson(sum(hits), n)
    ends = words.interval(words.number(100 * span.low, 0), words.percent(span.high, 0))
    return Cell(words.percent(sum(hits) / n, 0), f"{ends} · n = {n:,}")


def _too_few(n: int) -> Cell:
    return Cell(words.NONE, f"n = {n}", because=f"Too few to tell: {n} known.")


def _mean(values: Sequence[float | None], currency: str, *, with_interval: bool = True) -> Cell:
    known = means(values)
    if len(known) < LEAST_N:
        return Cell(
            words.NONE, f"n = {len(known)}", because=f"Too few to tell: {len(known)} known."
        )
    text = words.money(float(known.mean()), currency)
    span = mean_t(known) if with_interval else None
    if span is None:
        return Cell(text)
    ends = words.interval(words.money(span.low, currency), words.money(span.high, currency))
    return Cell(text, f"{ends} · n = {len(known):,}")


@dataclass(frozen=True, slots=True)
class EffectRow:
    """The effects of recommending one action."""

    label: str
    shown: str
    cells: tuple[Cell, ...]
    strength: str
    warnings: tuple[str, ...]


def effect_rows(rows: Sequence[EffectEstimate], currency: str) -> list[EffectRow]:
    """Return a row per action with its effect on each result, those most shown first."""
    by_action: dict[str, dict[str, Told]] = {}
    for row in rows:
        by_action.setdefault(row.action, {})[row.result] = read_told(row)
    ordered = sorted(by_action.items(), key=lambda item: -max(t.n_shown for t in item[1].values()))
    return [_effect_row(action, told, currency) for action, told in ordered]


def _effect_row(action: str, told: dict[str, Told], currency: str) -> EffectRow:
    one = next(iter(told.values()))
    warnings = dict.fromkeys(
        warning
        for name in RESULTS
        if name in told and told[name].effect.estimate is not None
        for warning in told[name].effect.warnings
    )
    best = max((t.effect for t in told.values()), key=lambda e: e.effective_sample_size)
    return EffectRow(
        label=action_label(action),
        shown=f"{one.n_shown:,} against {one.n_reference:,}",
        cells=tuple(effect_cell(told.get(name), name, currency) for name in RESULTS),
        strength=(
            f"Worth {best.effective_sample_size:,.0f} cases of an even trial · overlap "
            f"{words.percent(best.overlap, 0)} · done in {words.percent(_share(one), 0)}"
        ),
        warnings=tuple(warnings),
    )


def _share(told: Told) -> float:
    return told.n_done / told.n_shown if told.n_shown else 0.0


def effect_cell(told: Told | None, result: str, currency: str) -> Cell:
    """Return one effect with its interval; "too few to tell" with the reason when refused."""
    if told is None:
        return Cell("Too few to tell", because="Hardly any case could have been shown either.")
    effect, of = told.effect, RESULTS[result]
    if effect.estimate is None or effect.interval is None:
        return Cell("Too few to tell", because=" ".join(effect.warnings))
    is_sure = told.p_adjusted is not None and told.p_adjusted < 0.05
    is_doubted = effect.placebo is not None and effect.placebo < 0.05
    is_good = (effect.estimate > 0) == (of.better == "higher")
    tone = "" if is_doubted or not is_sure else "good" if is_good else "critical"
    return Cell(
        _effect_text(effect.estimate, currency, is_share=of.is_share),
        _effect_span(effect.interval, currency, is_share=of.is_share),
        tone,
        "The placebo check failed: do not trust it." if is_doubted else "",
    )


def _effect_text(value: float, currency: str, *, is_share: bool) -> str:
    if is_share:
        return f"{words.signed(100 * value, 1)}{words.NBSP}pp"
    return ("+" if value > 0 else "") + words.money(value, currency)


def _effect_span(span: Interval, currency: str, *, is_share: bool) -> str:
    if is_share:
        return words.interval(words.signed(100 * span.low, 1), words.signed(100 * span.high, 1))
    return words.interval(words.money(span.low, currency), words.money(span.high, currency))


@dataclass(frozen=True, slots=True)
class CohortRow:
    """The effects of all actions in one cohort."""

    label: str
    n: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CohortTable:
    """Cohorts by actions, for one result."""

    actions: tuple[str, ...]
    rows: tuple[CohortRow, ...]


def cohort_table(rows: Sequence[EffectEstimate], result: str, currency: str) -> CohortTable:
    """Return the effects per cohort and action; actions refused in every cohort are left out."""
    told = {(row.cohort, row.action): read_told(row) for row in rows}
    cohorts = list(dict.fromkeys(cohort for cohort, _ in told))
    actions = [
        action
        for action in dict.fromkeys(action for _, action in told)
        if any(told[key].effect.estimate is not None for key in told if key[1] == action)
    ]
    lines = [
        CohortRow(
            _cohort_label(cohort),
            max((t.n_shown + t.n_reference for (c, _), t in told.items() if c == cohort)),
            tuple(effect_cell(told.get((cohort, action)), result, currency) for action in actions),
        )
        for cohort in cohorts
    ]
    lines.sort(key=lambda line: -line.n)
    return CohortTable(tuple(action_label(a) for a in actions), tuple(lines))


def _cohort_label(cohort: str) -> str:
    return ", ".join(value_label(part) for part in cohort.split("|") if part) or "Not given"


def _digits(metric: Metric) -> int:
    return 0 if metric.unit == "points" else 1


def _of(metric: Metric) -> str:
    return {"%": f"{words.NBSP}pp", "days": f"{words.NBSP}d"}.get(metric.unit, "")


def _tone(now: Metric, before: Metric, change: float | None) -> Literal["", "good", "critical"]:
    """Return good or critical when the change is more than chance explains (95 %)."""
    if not change or now.interval is None or before.interval is None:
        return ""
    error = sum(((m.high - m.low) / 2) ** 2 for m in (now.interval, before.interval)) ** 0.5
    if abs(change) <= error:
        return ""
    return "good" if (change > 0) == (now.better == "higher") else "critical"


def _target(metric: Metric) -> str:
    target = TARGETS.get(metric.name)
    if target is None:
        return ""
    text = words.signed(target, 0) if metric.unit == "points" else words.number(target)
    return text + {"%": f"{words.NBSP}%", "days": f"{words.NBSP}d"}.get(metric.unit, "")


def _sure(metric: Metric) -> str:
    text = f"n = {metric.n:,}"
    if metric.interval is None:
        return text
    low, high = (words.number(v) for v in (metric.interval.low, metric.interval.high))
    return f"{words.interval(low, high)} · {text}"
