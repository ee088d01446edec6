"""Fixes in words: verdicts with their reasons, the course around them, and what failures cost."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import CostAssumption, Verification
from amends.engine.prevent import CostOfFailure, VerifyConfig
from amends.flows.report import words
from amends.web.intake.naming import cause_label, value_label
from amends.web.prevent.costing import YEAR, Prevented, read_prevented
from amends.web.prevent.models import Fix, FixState
from amends.web.prevent.verifying import Shown, read_course, read_verification
from amends.web.ui.parts import Bar, Chart, Tone

TONES: Final[dict[str, Tone]] = {
    FixState.VERIFIED: "good",
    FixState.REFUTED: "critical",
    FixState.TOO_EARLY: "medium",
    FixState.PROPOSED: "brand",
}
RUNNING: Final = "Being judged"


@dataclass(frozen=True, slots=True)
class FixRow:
    """One line of the list."""

    fix: Fix
    state: str
    tone: Tone
    cause: str
    where: str
    effect: str
    interval: str
    prevented: str
    prevented_interval: str


def row_of(fix: Fix) -> FixRow:
    """Return a fix as the list shows it."""
    told, prevented = read_verification(fix), read_prevented(fix)
    return FixRow(
        fix=fix,
        state=state_label(fix),
        tone=TONES[fix.state],
        cause=cause_label(fix.cause),
        where=where_label(fix),
        effect=words.signed_percent(told.effect)
        if told and told.effect is not None
        else words.NONE,
        interval=_span(told),
        prevented=words.NONE if prevented is None else _money(prevented.amount, prevented),
        prevented_interval=""
        if prevented is None
        else words.interval(_money(prevented.low, prevented), _money(prevented.high, prevented)),
    )


def state_label(fix: Fix) -> str:
    """Return where a fix is, in words."""
    if fix.state == FixState.PROPOSED and fix.fixed_at is not None:
        return RUNNING
    return fix.get_state_display()


def where_label(fix: Fix) -> str:
    """Return where a fix works."""
    return ", ".join(value_label(v) for v in fix.slice.values()) or "Everywhere"


def _span(told: Verification | None) -> str:
    if told is None or told.interval is None:
        return ""
    low, high = told.interval.low, told.interval.high
    return words.interval(words.signed_percent(low), words.signed_percent(high))


def _money(amount: float, prevented: Prevented) -> str:
    return words.money(_rounded(amount), prevented.currency)


def _rounded(amount: float) -> float:
    """Return an estimate with no more digits than it deserves."""
    return float(f"{amount:.2g}")


@dataclass(frozen=True, slots=True)
class FixTold:
    """One fix with everything that is said of it."""

    headline: str
    reasons: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    """Label, value and a small note."""
    refutes: str
    prevented: Prevented | None
    prevented_text: str
    prevented_note: str


def tell(fix: Fix) -> FixTold:
    """Return what is known of a fix, in words."""
    told, prevented = read_verification(fix), read_prevented(fix)
    return FixTold(
        headline=_headline(fix, told),
        reasons=() if told is None else tuple(_minus(reason) for reason in told.reasons),
        facts=_facts(told),
        refutes=what_refutes(),
        prevented=prevented,
        prevented_text="" if prevented is None else _money(prevented.amount, prevented),
        prevented_note="" if prevented is None else _prevented_note(prevented),
    )


def _minus(text: str) -> str:
    """Return a sentence with true minus signs before its numbers."""
    return re.sub(r"(?<![\w.])-(?=\d)", words.MINUS, text)


def what_refutes(config: VerifyConfig | None = None) -> str:
    """Return what would refute a fix, said before anybody knows."""
    config = config or VerifyConfig()
    weeks = config.min_blocks * config.block_days / 7
    return (
        f"After at least {weeks:g} weeks the {words.percent(config.level, 0)} interval of the "
        f"change against the controls lies above {words.signed_percent(config.hoped)}: then a "
        "change worth the effort "
        "is ruled out. It is verified when the interval lies below zero and the series did not "
        "already move that way before the fix."
    )


def _headline(fix: Fix, told: Verification | None) -> str:
    cause = cause_label(fix.cause)
    if fix.fixed_at is None:
        return "Proposed: it is judged once it is in effect."
    if told is None:
        return "It is being judged: the verdict shows here by itself."
    if fix.state == FixState.VERIFIED and told.effect is not None:
        return f"It worked: {words.percent(-told.effect, 0)} less of “{cause}” than without it."
    if fix.state == FixState.REFUTED:
        return f"It did not work: “{cause}” is as frequent as it would have been without it."
    if told.effect is None:
        return "Too early to tell."
    return "Undecided: the data still allow both that it worked and that it did not."


def _facts(told: Verification | None) -> tuple[tuple[str, str, str], ...]:
    if told is None:
        return ()
    facts = []
    if told.effect is not None:
        facts.append(("Change", words.signed_percent(told.effect), f"95 %: {_span(told)}"))
    if told.p_value is not None:
        facts.append(("Chance alone", words.p_value(told.p_value), "of no change at all"))
    facts.append(
        (
            "Compared",
            f"{words.count(told.blocks_before, 'block')} before, {told.blocks_after} after",
            "of 14 days each",
        )
    )
    if told.placebo_p_value is not None:
        is_bad = told.placebo_p_value < 0.01
        note = "it moved before the fix, too" if is_bad else "nothing there, as it should be"
        facts.append(("Placebo fix before", f"p = {told.placebo_p_value:.2f}", note))
    return tuple(facts)


def _prevented_note(prevented: Prevented) -> str:
    low, high = _money(prevented.low, prevented), _money(prevented.high, prevented)
    cost = words.money(prevented.cost, prevented.currency)
    return (
        f"{words.interval(low, high)} a year. {words.count(prevented.n, 'case')} in the last "
        f"{prevented.days} days still cost {cost}; without the fix it would have been more."
    )


def chart_of(fix: Fix) -> Chart | None:
    """Return the course around a fix: what was, and what would have been without it."""
    shown = read_course(fix)
    if shown is None or len(shown.starts) < 3 or fix.fixed_at is None:
        return None
    scale = _scale(shown)
    days = [words.day(start) for start in shown.starts]
    at = min(shown.n_before, len(days) - 1)
    mark = {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": "$text", "type": "dashed", "width": 1},
        "label": {"formatter": "Fix", "color": "$text", "position": "insideEndTop"},
        "data": [{"xAxis": days[at]}],
    }
    actual: dict[str, object] = _line("With the fix", shown.actual, scale, "$brand")
    expected = _line("Without it, by the controls", shown.expected, scale, "$muted")
    expected["lineStyle"] = {"color": "$muted", "width": 2, "type": "dashed"}
    option = {
        "grid": {"left": 6, "right": 14, "top": 18, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": days, "boundaryGap": False},
        "yAxis": {"type": "value", "min": 0, "splitNumber": 4},
        "series": [expected, actual | {"markLine": mark}],
    }
    return Chart("fix-course", option, _label(fix, shown), height=280)


def _line(name: str, values: Sequence[float], scale: float, color: str) -> dict[str, object]:
    return {
        "type": "line",
        "name": name,
        "data": [float(f"{v * scale:.3g}") for v in values],
        "symbol": "none",
        "lineStyle": {"color": color, "width": 2},
        "itemStyle": {"color": color},
    }


def _label(fix: Fix, shown: Shown) -> str:
    n = len(shown.starts)
    return (
        f"{cause_label(fix.cause)} in {n} weeks, {shown.n_before} before the fix and "
        f"{n - shown.n_before} after it, beside what the controls say it would have been"
    )


def unit_of(fix: Fix) -> str:
    """Return what the chart shows."""
    shown = read_course(fix)
    if shown is None:
        return ""
    scale = _scale(shown)
    return f"Per {shown.per}" if scale == 1 else f"Per {scale:,} {shown.per}s"


def _scale(shown: Shown) -> int:
    """Return per how many a rate reads well: 1, a thousand, a million."""
    top = max([*shown.actual, *shown.expected], default=1.0) or 1.0
    return next((scale for scale in (1, 1_000, 1_000_000) if top * scale >= 1), 1_000_000)


@dataclass(frozen=True, slots=True)
class WorthRow:
    """A cause that is worth fixing."""

    bar: Bar
    a_year: str
    parts: str
    cause: str
    fixes: int


def worth_fixing(
    costs: CostOfFailure, days: int, fixes: Sequence[Fix], most: int
) -> list[WorthRow]:
    """Return the dearest causes with their cost a year and how many fixes they have already."""
    top = max((c.total for c in costs.causes), default=0.0) or 1.0
    rows = []
    for cost in costs.causes[:most]:
        a_year = words.money(_rounded(cost.total / days * YEAR), costs.currency)
        parts = [
            f"{name} {words.money(value, costs.currency)}"
            for name, value in (
                ("handling", cost.handling),
                ("remedies", cost.remedy),
                ("customers lost", cost.churn),
            )
            if value > 0
        ]
        text = f"{words.count(cost.n, 'case')} in {days} days"
        rows.append(
            WorthRow(
                bar=Bar(cause_label(cost.cause), text, cost.total / top),
                a_year=a_year,
                parts=", ".join(parts),
                cause=cost.cause,
                fixes=sum(f.cause == cost.cause for f in fixes),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class AssumptionRow:
    """A figure that a cost rests on."""

    label: str
    value: str
    source: str


def assumption_rows(given: Sequence[CostAssumption]) -> list[AssumptionRow]:
    """Return assumptions in words."""
    return [
        AssumptionRow(words.label(a.name), f"{words.number(a.value)} {a.unit}", a.source)
        for a in given
    ]
