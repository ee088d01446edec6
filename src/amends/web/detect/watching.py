"""The watch: series that changed are judged again, and breakdowns are opened, updated, ended."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from amends.engine.contracts import SILENCE, Taxonomy, as_datetime
from amends.engine.detect import Finding
from amends.flows.analyze.watching import Watched
from amends.flows.watch import config_for, judge, keys_to_watch, only, overlaps, tell
from amends.web.detect.in_force import (
    FOLLOWED,
    budget_in_force,
    config_in_force,
    levels_in_force,
)
from amends.web.detect.keeping import keep, landed, update
from amends.web.detect.looking import look_at_changed, remember
from amends.web.detect.models import OPEN_STATES, Breakdown, Series, WatchRun, WatchState
from amends.web.detect.rolled_up import first_day, read
from amends.web.detect.rollups import countable, exclusively, make_series
from amends.web.detect.states import RECENT, block_of, settle
from amends.web.intake.lake import lake
from amends.web.ui.live import publish

Tick = Callable[[str, int, int], None]

TOPIC: Final = "breakdowns"
WATCH_LOCK: Final = 7_204_002
"""Advisory lock: two workers never watch at the same time, so they never alarm twice."""
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

    Under a budget of 0 nobody is called for new ones; open ones are followed to their end.

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
    _alone()
    begins = first_day()
    if begins is None:
        return []
    budget = budget_in_force()
    config = config_for(Series.objects.count(), budget or FOLLOWED)
    since = begins if whole else max(begins, now - RECENT)
    if whole:
        series = list(Series.objects.exclude(measure=SILENCE.name))
        looked = None
        judged = tuple(judge(read(series, begins, now), config, tick))
        n_series = len(series)
    else:
        looked = look_at_changed(now)
        judged, n_series = looked.judged, looked.n_series
    known = list(
        Breakdown.objects.filter(state__in=OPEN_STATES)
        .exclude(measure=SILENCE.name)
        .select_related("series")
    )
    is_updated = update(known, judged, taxonomy, now)
    wanted = only(judged, lambda w, f: _is_news(w, f, known, now, whole=whole))
    new = []
    if budget and any(w.findings for w in wanted):
        signals = countable(lake().fetch(lake().signals(since, now)))
        told = list(tell(signals, wanted, config, taxonomy, _currency(signals), tick))
        new = keep(told, now)
    if looked is not None:
        remember(looked)
    WatchRun.objects.create(
        ran_at=now, n_series=n_series, n_found=len(new), seconds=time.monotonic() - began
    )
    if new or is_updated:
        publish(TOPIC)
    return new


@transaction.atomic
def settle_all(now: datetime) -> None:
    """Take the days that are settled by now into the state of every measure that has one."""
    _alone()
    for measure in WatchState.objects.values_list("measure", flat=True):
        levels = levels_in_force(measure)
        block = block_of(measure, config_in_force(measure), levels, now)
        if block is not None:
            settle(block, levels, now)


def _alone() -> None:
    """Hold back other workers until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WATCH_LOCK])


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


def _currency(signals: pa.Table) -> str:
    known = pc.unique(signals["currency"].drop_null()).to_pylist()
    return known[0] if len(known) == 1 else ""
