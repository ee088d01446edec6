"""The headline and the handful of findings that open the report."""

from collections.abc import Sequence

from amends.engine.contracts import (
    UNSURE,
    BreakdownReport,
    BreakdownState,
    CauseReport,
    CauseShare,
    Metric,
    RowAccount,
    Severity,
)
from amends.flows.report import words

from .watching import Watch


def headline(
    breakdowns: Sequence[BreakdownReport], causes: Sequence[CauseReport], watch: Watch
) -> str:
    """Say in one sentence what a manager has to know first."""
    open_now = [b for b in breakdowns if b.breakdown.state is not BreakdownState.OVER]
    if open_now:
        more = len(open_now) - 1
        rest = f"; {words.count(more, 'more breakdown')} going on" if more else ""
        return f"{open_now[0].headline}{rest}."
    if breakdowns:
        return (
            f"Nothing is broken now; {words.count(len(breakdowns), 'breakdown')} came and went. "
            f"The worst: {breakdowns[0].headline}."
        )
    if watch.period is None:
        top = f"Most is about “{causes[0].label}”. " if causes else ""
        return f"{top}Whether something broke cannot be told: {watch.why_not}."
    top = f" Most is about “{causes[0].label}”." if causes else ""
    return f"Nothing broke beyond what chance explains.{top}"


def findings(
    breakdowns: Sequence[BreakdownReport],
    causes: Sequence[CauseReport],
    totals: Sequence[CauseShare],
    metrics: Sequence[Metric],
    rows: RowAccount,
) -> tuple[str, ...]:
    """Return three to five sentences, the most telling first."""
    found = [b.headline + "." for b in breakdowns[:3]]
    if causes:
        found.append(_main_causes(causes))
    unsure = next((t for t in totals if t.cause == UNSURE), None)
    if unsure and unsure.share >= 0.3:
        found.append(
            f"{words.percent(unsure.share, 0)} of the texts fit no cause well enough and are left "
            "unsure rather than guessed."
        )
    severe = [c for c in causes if c.severity is Severity.CRITICAL]
    if severe:
        found.append(f"Critical by nature: {words.join([c.label for c in severe[:3]])}.")
    found += _figures(metrics)
    if rows.quarantined:
        found.append(
            f"{words.count(rows.quarantined, 'row')} could not be read; each is in quarantine.csv "
            "with its reason."
        )
    return tuple(found[:5])


def _main_causes(causes: Sequence[CauseReport]) -> str:
    told = [f"{c.label} ({words.percent(c.share, 0)})" for c in causes[:3]]
    return f"Most frequent {'causes' if len(told) > 1 else 'cause'}: {words.join(told)}."


def _figures(metrics: Sequence[Metric]) -> list[str]:
    wanted = ("nps", "recontact_rate", "resolution_median_days")
    known = {m.name: m for m in metrics if m.value is not None}
    told = [
        f"{known[name].label} {words.number(known[name].value)}"
        f"{words.NBSP if known[name].unit else ''}{known[name].unit} (n = {known[name].n:,})"
        for name in wanted
        if name in known
    ]
    return [f"{'; '.join(told)}."] if told else []
