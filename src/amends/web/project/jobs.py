"""What the worker does for the whole: empty the inbox, watch, tidy the lake."""

from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.web.cases.opening import link_to_breakdown
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.detect import watching
from amends.web.intake.lake import lake
from amends.web.project import pipeline
from amends.web.project.erasing import keep_retention

WATCH_AFTER_SECONDS = 8
"""Signals that land within this time are watched together."""


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="amends.web.project.jobs.work_off", pass_context=False)
def work_off(timestamp: int | None = None) -> None:  # noqa: ARG001  (given when it is periodic)
    """Process what waits in the inbox, then have what changed watched."""
    if pipeline.work_off():
        _soon()


@app.task(queueing_lock="amends.web.project.jobs.watch", lock="amends.watch", pass_context=False)
def watch() -> None:
    """Judge the series that changed; link the cases that lie in what was found."""
    now = timezone.now()
    for breakdown in watching.watch(now, taxonomy_in_force()):
        link_to_breakdown(breakdown)


@app.periodic(cron="*/2 * * * *")
@app.task(queueing_lock="amends.web.project.jobs.compact", pass_context=False)
def compact(timestamp: int) -> None:  # noqa: ARG001
    """Make large files of the small ones that deliveries leave in the lake."""
    lake().compact()


@app.periodic(cron="41 2 * * *")
@app.task(queueing_lock="amends.web.project.jobs.vacuum", pass_context=False)
def vacuum(timestamp: int) -> None:  # noqa: ARG001
    """Remove files that no snapshot needs any more."""
    lake().vacuum()


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


def _soon() -> None:
    try:
        watch.configure(schedule_in={"seconds": WATCH_AFTER_SECONDS}).defer()
    except AlreadyEnqueued:
        return
