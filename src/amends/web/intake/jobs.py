"""What the worker does for intake: pull the sources that are due."""

from typing import Final

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.web.intake import pulling

MOST_AT_ONCE: Final = 2
"""Sources that are pulled at the same time; others wait, so that other jobs have their turn."""


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="amends.web.intake.jobs.pull_due", pass_context=False)
def pull_due(timestamp: int) -> None:  # noqa: ARG001
    """Have the sources pulled whose time has come."""
    now = timezone.now()
    free = max(0, MOST_AT_ONCE - pulling.running(now))
    for source in pulling.due(now)[:free]:
        call(source.pk)


@app.task(pass_context=False)
def pull(source: int) -> None:
    """Pull one source; when it has more than one run may take, go on at once."""
    run = pulling.pull_source(source)
    if run is not None and run.is_cut and run.next_at is not None:
        call(source, wait_seconds=max(0, int((run.next_at - timezone.now()).total_seconds())))


def call(source: int, *, wait_seconds: int = 0) -> None:
    """Ask for a source to be pulled; once is enough however often it is asked."""
    lock = f"amends.pull.{source}"
    job = pull.configure(queueing_lock=lock, schedule_in={"seconds": wait_seconds})
    try:
        with transaction.atomic():  # a refusal undoes nothing else
            job.defer(source=source)
    except AlreadyEnqueued:
        return
