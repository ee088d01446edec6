"""What the worker does about alerts: climb, gather, send; silences; the drill, once a month."""

import threading
from typing import Final

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.web.alerts import drills, sending
from amends.web.alerts.climbing import climb
from amends.web.alerts.gathering import gather
from amends.web.alerts.models import Rule
from amends.web.alerts.raising import raise_for_breakdowns
from amends.web.detect import rollups
from amends.web.detect.keeping import landed
from amends.web.detect.silences import watch_sources

DELIVER: Final = "alerts.deliver"


def deliver_due() -> list[threading.Thread]:
    """Do everything that is due now; the threads that are returned send."""
    now = timezone.now()
    climb(now)
    gather(now)
    return sending.send_due(now)


def ask() -> None:
    """Have the worker deliver at once."""
    try:
        deliver.defer()
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * *")
@app.task(queueing_lock=DELIVER, pass_context=False)
def deliver(timestamp: int | None = None) -> None:  # noqa: ARG001  (given when it is periodic)
    """Tell who is due to be told, every minute and whenever something was raised."""
    deliver_due()


@app.periodic(cron="0 10 1 * *")
@app.task(queueing_lock="alerts.drill", pass_context=False)
def drill(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Prove every channel, on the first of the month."""
    drills.hold_drill(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="alerts.watch_for_silence", pass_context=False)
def watch_for_silence(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Look every minute whether a source fell silent, or came back, and tell of it."""
    now = timezone.now()
    with transaction.atomic():
        watch_sources(now)
        raise_for_breakdowns(now)


@app.task(pass_context=False)
def follow(pk: int) -> None:
    """Make the series that a rule holds against its threshold, so that looking costs nothing."""
    rule = Rule.objects.get(pk=pk)
    with rollups.exclusively():
        rollups.make_series(landed(), [rule.key], timezone.now())
