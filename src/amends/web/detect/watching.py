"""The watch: series that changed are judged again, and breakdowns are opened, updated, ended."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from amends.engine.contracts import (
    SILENCE,
    Severity,
    Slice,
    Taxonomy,
    as_datetime,
    check_signals,
)
from amends.engine.contracts import Breakdown as Told
from amends.engine.detect import Finding, severity_of, to_breakdown
from amends.flows.analyze.telling import customers_in, default_severity, rise, value_at_risk
from amends.flows.analyze.watching import Watched
from amends.flows.watch import Found, config_for, judge, keys_to_watch, only, overlaps, tell
from amends.web.detect.models import Breakdown, Series, WatchRun, slice_text
from amends.web.detect.queries import signals_of
from amends.web.detect.rollups import countable, exclusively, first_day, make_series, read
from amends.web.intake.lake import lake
from amends.web.intake.models import Landing
from amends.web.intake.replaced import remove_replaced
from amends.web.ui.live import publish

Tick = Callable[[str, int, int], None]

TOPIC: Final = "breakdowns"
WATCH_LOCK: Final = 7_204_002
"""Advisory lock: two workers never watch at the same time, so they never alarm twice."""
RECENT: Final = timedelta(days=200)
"""How far back a series is read when it is judged again: its baseline hardly looks further."""
WORTH_SAYING: Final = 0.05
"""Growth from which an open breakdown is written anew; less waits until it is `STALE`."""
STALE: Final = timedelta(minutes=10)
HIT_COLUMNS: Final = (
    "signal_id", "source", "external_id", "version", "kind", "customer_id", "value_at_risk",
    "currency",
)  # fmt: skip
STILL_NEWS: Final = timedelta(days=4)
"""A finding whose last bad bucket is older than this is history, and told by a whole watch only."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


def choose_series(now: datetime, tick: Tick = _silent) -> int:
    """Make series for what the lake holds enough of and fill them; return how many there are."""
    with exclusively():
        tick("filling series", 0, 2)
        signals = landed()
        tick("filling series", 1, 2)
        make_series(signals, keys_to_watch(countable(signals)), now)
        tick("filling series", 2, 2)
    return Series.objects.count()


@transaction.atomic
def watch(
    now: datetime, taxonomy: Taxonomy, *, whole: bool = False, tick: Tick = _silent
) -> list[Breakdown]:
    """Judge what changed since the last run; return the breakdowns that are new.

    Parameters
    ----------
    now
        The end of what is known, aware.
    taxonomy
        Gives causes their names and severities.
    whole
        Judge every series over its whole history, and tell of what is over, too.

    """
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WATCH_LOCK])
    begins = first_day()
    if begins is None:
        return []
    since = begins if whole else max(begins, now - RECENT)
    rolled_up = Series.objects.exclude(measure=SILENCE.name)
    series = list(rolled_up if whole else _changed(rolled_up))
    config = config_for(Series.objects.count())
    judged = judge(read(series, since, now), config, tick)
    going_on = Breakdown.objects.filter(state__in=["suspected", "confirmed", "recovering"])
    known = list(going_on.exclude(measure=SILENCE.name))
    is_updated = _update(known, judged, taxonomy, now)
    wanted = only(judged, lambda w, f: _is_news(w, f, known, now, whole=whole))
    new = []
    if any(w.findings for w in wanted):
        signals = countable(lake().fetch(lake().signals(since, now)))
        told = list(tell(signals, wanted, config, taxonomy, _currency(signals), tick))
        new = _keep(told, now)
    WatchRun.objects.create(
        ran_at=now, n_series=len(series), n_found=len(new), seconds=time.monotonic() - began
    )
    if new or is_updated:
        publish(TOPIC)
    return new


def _changed(rolled_up: QuerySet[Series]) -> Iterable[Series]:
    """Return the series that changed since the last run, those of open breakdowns, and the roots.

    The roots are those of everything: they carry the others when there is little of them.
    """
    last = WatchRun.objects.order_by("-pk").values_list("ran_at", flat=True).first()
    is_root = Q(slice=slice_text(Slice()))
    is_open = Q(breakdowns__state__in=["suspected", "confirmed", "recovering"])
    changed = Q(changed_at__gt=last) if last else Q()
    return rolled_up.filter(is_root | is_open | changed).distinct()


def _is_news(
    watched: Watched, finding: Finding, known: Sequence[Breakdown], now: datetime, *, whole: bool
) -> bool:
    if finding.part_of is not None or finding.evidence.ratio_interval.low <= 1:
        return False
    if whole:
        return True
    last = as_datetime(watched.batch.starts[finding.last]) + timedelta(days=1)
    onset = as_datetime(watched.batch.starts[finding.onset])
    is_fresh = last >= now - STILL_NEWS and not finding.is_new_normal
    return is_fresh and not any(_covers(b, finding, onset) for b in known)


def _covers(breakdown: Breakdown, finding: Finding, onset: datetime) -> bool:
    """Whether a finding is a part or a symptom of a breakdown that is known."""
    if breakdown.ended_at is not None and breakdown.ended_at <= onset:
        return False
    terms = dict(breakdown.where.terms)
    if breakdown.cause:
        terms["cause"] = breakdown.cause
    return overlaps(list(terms.items()), finding.key.slice.terms)


def _update(
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


def _keep(found: Collection[Found], now: datetime) -> list[Breakdown]:
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


def landed() -> pa.Table:
    """Return all signals that have landed: to be called within `exclusively`.

    The lake may hold more, of a worker that died between lake and database; those come again.
    """
    remove_replaced(wait=True)
    signals = lake().signals()
    open_ones = list(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    return lake().fetch(signals.filter(signals.delivery.notin(open_ones)) if open_ones else signals)


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


def _currency(signals: pa.Table) -> str:
    known = pc.unique(signals["currency"].drop_null()).to_pylist()
    return known[0] if len(known) == 1 else ""
