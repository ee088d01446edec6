"""The company goes on living: what happens in the world is put into the inbox as it happens.

A minute after every start something breaks, each time something else.
"""

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import DatabaseError, connection
from django.utils import timezone

from amends.engine.contracts import SIGNAL_SCHEMA
from amends.engine.worlds import Play
from amends.flows.living import Future, next_signals, split
from amends.web.project.demo.record import DemoRecord, read_record, write_record
from amends.web.project.demo.rehearsal import world_of
from amends.web.project.demo.sources import receive_by_source
from amends.web.project.start import prepared

STEP_SECONDS: Final = 2.0
OUTBREAK_AFTER: Final = timedelta(seconds=60)
SAY_EVERY: Final = timedelta(days=1)
"""After a long stop the company tells of one day at a time."""
log = logging.getLogger(__name__)


def run_world(folder: Path | None) -> None:
    """Tell what happens until told to stop."""
    started_at = timezone.now()
    with prepared(folder) as home:
        record = read_record(home.path)
        if record is None or not record.is_loaded:
            return
        record = replace(record, starts=record.starts + 1)
        write_record(home.path, record)
        play = world_of(record).play(record.signals, record.seed)
        _, future = split(play, record.now)
        sudden = _outbreak(play, record, started_at + OUTBREAK_AFTER)
        told_until = _told_until(record)
        while told_until < future.ends_at:
            until = min(timezone.now(), told_until + SAY_EVERY)
            if _tell(future, sudden, told_until, until):
                told_until = until
                record = replace(record, told_until=until.isoformat())
                write_record(home.path, record)
            time.sleep(STEP_SECONDS)
        log.warning("The company's future is told. Start a new demo in another folder.")


def _told_until(record: DemoRecord) -> datetime:
    return datetime.fromisoformat(record.told_until) if record.told_until else record.now


def _outbreak(play: Play, record: DemoRecord, at: datetime) -> pa.Table:
    """Return what is heard of the sudden breakdown of this start, by time."""
    company = play.played.scene.company
    planned = company.outbreak
    if planned is None:
        return SIGNAL_SCHEMA.empty_table()
    known = [(b.cause, b.slice) for b in company.breakdowns]
    places = [(planned.cause, planned.slice), *known]
    cause, where = places[(record.starts - 1) % len(places)]
    seed = record.seed + record.starts
    return play.outbreak(cause, where, at, planned.minutes, planned.per_minute, seed=seed)


def _tell(future: Future, sudden: pa.Table, since: datetime, until: datetime) -> bool:
    """Put what happened in an interval into the inbox; False when that has to be tried again."""
    parts = [next_signals(future, since, until), _between(sudden, since, until)]
    heard = pa.concat_tables(parts)
    if not len(heard):
        return True
    try:
        receive_by_source(heard, until)
    except DatabaseError:
        log.warning("The inbox cannot be reached; the world tells again in a moment.")
        connection.close()
        return False
    return True


def _between(signals: pa.Table, since: datetime, until: datetime) -> pa.Table:
    at = signals["occurred_at"]
    low, high = (pa.scalar(t, at.type) for t in (since, until))
    return signals.filter(pc.and_(pc.greater(at, low), pc.less_equal(at, high)))
