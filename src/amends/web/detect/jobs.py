"""What the worker does about breakdowns, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.detect.silences import watch_sources


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="detect.watch_for_silence", pass_context=False)
def watch_for_silence(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Look every minute whether a source fell silent, or came back."""
    watch_sources(timezone.now())
