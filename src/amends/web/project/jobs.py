"""What the worker does for the whole: empty the inbox, watch, tidy the lake."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status

from amends.web.alerts.firing import look
from amends.web.alerts.raising import raise_for_breakdowns
from amends.web.cases.opening import link_to_breakdown
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.detect import watching
from amends.web.intake.inbox import INBOX
from amends.web.intake.lake import lake
from amends.web.intake.models import Upkeep
from amends.web.intake.receiving import WORK_OFF
from amends.web.project import pipeline, relabelling, rewriting
from amends.web.project.erasing import keep_retention
from amends.web.project.sifting import Unready

WATCH_AFTER_SECONDS = 8
"""Signals that land within this time are watched together."""
GATHERING_SECONDS: Final = 0.1
"""Between two landings: what arrives meanwhile lands together."""
PAUSES: Final = (1, 2, 4, 8, 16)
"""Seconds between tries when something outside the signals is in the way; then the clock asks."""
TIDYING: Final = "amends.tidying"
"""Lock of the jobs that tidy the lake: one at a time, however many workers there are."""
MOST_OPEN: Final = 3
"""Landings of the history that may wait to be worked off: each is some megabytes."""
STALLED_SECONDS: Final = 60
"""A worker whose heart has not beaten for so long is dead."""
log = logging.getLogger(__name__)
_at_work, _asked = threading.Lock(), threading.Event()


@app.periodic(cron="* * * * *")
@app.task(queue=INBOX, queueing_lock=WORK_OFF, pass_context=False)
def work_off(timestamp: int | None = None) -> None:  # noqa: ARG001  (given when it is periodic)
    """Process what waits in the inbox, then have what changed watched.

    One thread of a process does so: it is asked to look again, not to be joined.
    """
    _asked.set()
    while _asked.is_set() and _at_work.acquire(blocking=False):
        try:
            _asked.clear()
            _work_off()
        finally:
            _at_work.release()


def _work_off() -> None:
    for pause in PAUSES:
        try:
            while pipeline.process_next():
                _soon()
                time.sleep(GATHERING_SECONDS)
        except (Unready, DatabaseError) as error:
            log.warning("The inbox is not worked off for %s s: %s", pause, error)
            connection.close()
            time.sleep(pause)
        else:
            return


@app.task(queueing_lock="amends.web.project.jobs.watch", lock="amends.watch", pass_context=False)
def watch() -> None:
    """Judge the series that changed, raise alerts of it, link the cases that lie in it."""
    now = timezone.now()
    with transaction.atomic():
        found = watching.watch(now, taxonomy_in_force())
        raise_for_breakdowns(now)
        look(now)
    for breakdown in found:
        link_to_breakdown(breakdown)


@app.periodic(cron="*/5 * * * *")
@app.task(
    queueing_lock="amends.web.project.jobs.look_at_rules", lock="amends.watch", pass_context=False
)
def look_at_rules(timestamp: int) -> None:  # noqa: ARG001
    """Hold rules against what time alone changes: deadlines pass, and days end without a signal."""
    with transaction.atomic():
        look(timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(
    queueing_lock="amends.web.project.jobs.relabel_confirmed",
    lock="amends.relabelling",
    pass_context=False,
)
def relabel_confirmed(timestamp: int | None = None) -> None:  # noqa: ARG001
    """Tell lake and rollups which causes people confirmed, then have the change watched.

    The clock asks, too, for those that lay in an open landing when somebody confirmed them.
    """
    while relabelling.prepare_confirmed():
        work_off()


@app.periodic(cron="*/10 * * * *")
@app.task(
    queueing_lock="amends.web.project.jobs.relabel_history",
    lock="amends.relabelling",
    pass_context=False,
)
def relabel_history(timestamp: int | None = None) -> None:  # noqa: ARG001
    """Have the history follow the taxonomy; the clock takes up what a worker that died has left."""
    began = rewriting.rewrite_next()
    is_going_on = began
    while is_going_on:
        work_off()
        while relabelling.open_landings() > MOST_OPEN:  # another thread is at them
            time.sleep(1)
        is_going_on = rewriting.rewrite_next()
    if began:  # what is frequent now has other names
        watching.choose_series(timezone.now())
        _soon()


@app.periodic(cron="*/2 * * * *")
@app.task(queueing_lock="amends.web.project.jobs.compact", lock=TIDYING, pass_context=False)
def compact(timestamp: int) -> None:  # noqa: ARG001
    """Make large files of the small ones that landings leave in the lake."""
    _tidy("compaction", lake().compact)


@app.periodic(cron="41 2 * * *")
@app.task(queueing_lock="amends.web.project.jobs.vacuum", lock=TIDYING, pass_context=False)
def vacuum(timestamp: int) -> None:  # noqa: ARG001
    """Remove files that no snapshot needs any more."""
    _tidy("vacuum", lake().vacuum)


@app.periodic(cron="23 1 * * *")
@app.task(queueing_lock="amends.web.project.jobs.choose_series", pass_context=False)
def choose_series(timestamp: int) -> None:  # noqa: ARG001
    """Make series for what has become frequent enough to be watched."""
    watching.choose_series(timezone.now())


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="amends.web.project.jobs.retention", pass_context=False)
def retention(timestamp: int) -> None:  # noqa: ARG001
    """Remove what has outlived its retention."""
    keep_retention(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="amends.web.project.jobs.take_up", pass_context=True)
async def take_up(context: JobContext, timestamp: int) -> None:  # noqa: ARG001
    """Take up the jobs of workers that died: their locks would hold back all of their kind."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        try:
            await jobs.retry_job(job)
        except UniqueViolation:  # another of its kind waits already
            await jobs.finish_job(job, Status.FAILED, delete_job=True)


def _tidy(name: str, verb: Callable[[], int]) -> None:
    began = time.monotonic()
    files = verb()
    Upkeep.objects.update_or_create(
        name=name,
        defaults={
            "ran_at": timezone.now(),
            "seconds": time.monotonic() - began,
            "files": files,
        },
    )


def _soon() -> None:
    try:
        watch.configure(schedule_in={"seconds": WATCH_AFTER_SECONDS}).defer()
    except AlreadyEnqueued:
        return
