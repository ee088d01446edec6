"""Breakdowns as they are kept: opened as they were found, written anew when they changed."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa

from amends.engine.contracts import Breakdown as Told
from amends.engine.contracts import Severity, Taxonomy, as_datetime, check_signals
from amends.engine.detect import Finding, severity_of, to_breakdown
from amends.flows.analyze.telling import customers_in, default_severity, rise, value_at_risk
from amends.flows.analyze.watching import Watched
from amends.flows.watch import Found
from amends.web.detect.models import Breakdown, Series
from amends.web.detect.queries import signals_of
from amends.web.detect.rollups import exclusively, make_series
from amends.web.intake.lake import lake
from amends.web.intake.models import Landing
from amends.web.intake.replaced import remove_replaced

WORTH_SAYING: Final = 0.05
"""Growth from which an open breakdown is written anew; less waits until it is `STALE`."""
STALE: Final = timedelta(minutes=10)
HIT_COLUMNS: Final = (
    "signal_id", "source", "external_id", "version", "kind", "customer_id", "value_at_risk",
    "currency",
)  # fmt: skip


def update(
    known: Sequence[Breakdown], judged: Sequence[Watched], taxonomy: Taxonomy, now: datetime
) -> bool:
    """Bring open breakdowns up to date with what their own series shows now."""
    by_key = {key: (w, row) for w in judged for row, key in enumerate(w.batch.keys)}
    changed = False
    for breakdown in known:
        place = by_key.get(breakdown.series.key)
        if place is None:
            continue
        watched, row = place
        mine = [
            f
            for f in watched.findings
            if f.row == row
            and as_datetime(watched.batch.starts[f.detected]) <= now
            and as_datetime(watched.batch.starts[f.last]) >= breakdown.onset_at - timedelta(days=1)
        ]
        if not mine:
            continue
        latest = max(mine, key=lambda f: f.last)
        changed |= _write(breakdown, latest, watched, taxonomy, now)
    return changed


def _write(
    breakdown: Breakdown, finding: Finding, watched: Watched, taxonomy: Taxonomy, now: datetime
) -> bool:
    """Write what changed, when it is worth an entry of the audit."""
    told = to_breakdown(finding, watched.batch, severity=(Severity(breakdown.severity), ()))
    is_same = (told.state.value, told.ended_at) == (breakdown.state, breakdown.ended_at)
    grown = abs(told.evidence.observed - breakdown.observed)
    is_recent = now - breakdown.updated_at < STALE
    if is_same and (grown < WORTH_SAYING * breakdown.observed or not grown) and is_recent:
        return False
    hit = check_signals(lake().fetch(signals_of(breakdown).select(*HIT_COLUMNS)))
    at_risk = value_at_risk(hit, breakdown.currency)
    severity, reasons = severity_of(
        finding,
        bucket_days=1.0,
        customers=customers_in(hit),
        value_at_risk=at_risk,
        worst_cause=default_severity(taxonomy, breakdown.cause),
    )
    fields = {
        "title": f"{breakdown.title.rpartition(': ')[0]}: {rise(told.evidence)}",
        "state": told.state.value,
        "ended_at": told.ended_at,
        "severity": severity.value,
        "severity_reasons": list(reasons),
        "customers": customers_in(hit),
        "value_at_risk": at_risk.amount if at_risk else None,
        **_evidence(told),
    }
    for name, value in fields.items():
        setattr(breakdown, name, value)
    breakdown.save(update_fields=[*fields, "updated_at"])
    return True


def _evidence(told: Told) -> dict[str, float]:
    evidence = told.evidence
    return {
        "observed": evidence.observed,
        "expected": evidence.expected,
        "expected_low": evidence.expected_range.low,
        "expected_high": evidence.expected_range.high,
        "ratio": evidence.ratio,
        "ratio_low": evidence.ratio_interval.low,
        "ratio_high": evidence.ratio_interval.high,
        "score": evidence.score,
    }


def keep(found: Collection[Found], now: datetime) -> list[Breakdown]:
    """Write breakdowns that are not known yet, with the series that tell them."""
    have = set(Breakdown.objects.values_list("uid", flat=True))
    fresh = [f for f in found if f.breakdown.breakdown_id not in have]
    if not fresh:
        return []
    keys = [f.key for f in fresh]
    there = {s.key: s for s in Series.objects.filter(measure__in={k.measure for k in keys})}
    if missing := [key for key in keys if key not in there]:
        with exclusively():
            made = make_series(landed(), missing, now)
        there |= dict(zip(missing, made, strict=True))
    return Breakdown.objects.bulk_create([_row(f, there[f.key], now) for f in fresh])


def _row(found: Found, series: Series, now: datetime) -> Breakdown:
    told = found.breakdown
    return Breakdown(
        uid=told.breakdown_id,
        series=series,
        title=found.title[:200],
        measure=told.measure,
        cause=found.cause,
        slices=[
            {
                "terms": part.slice.as_dict(),
                "actual": part.actual,
                "expected": part.expected,
                "share": part.share_explained,
            }
            for part in told.slices
        ],
        causes=[{"cause": c.cause, "n": c.n, "share": c.share} for c in told.causes],
        also=list(found.also),
        stands_for=found.stands_for,
        state=told.state.value,
        severity=told.severity.value,
        severity_reasons=list(told.severity_reasons),
        onset_at=told.onset_at,
        onset_earliest_at=told.onset_earliest_at,
        onset_latest_at=told.onset_latest_at,
        # The bucket that alarmed may still be running: nothing is detected in the future.
        detected_at=min(told.detected_at, now),
        ended_at=told.ended_at,
        false_alarm_every_days=told.evidence.false_alarm_every_days,
        customers=told.customers,
        value_at_risk=told.value_at_risk.amount if told.value_at_risk else None,
        currency=told.value_at_risk.currency if told.value_at_risk else "",
        **_evidence(told),
    )


def landed() -> pa.Table:
    """Return all signals that have landed: to be called within `exclusively`.

    The lake may hold more, of a worker that died between lake and database; those come again.
    """
    remove_replaced(wait=True)
    signals = lake().signals()
    open_ones = list(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    return lake().fetch(signals.filter(signals.delivery.notin(open_ones)) if open_ones else signals)
