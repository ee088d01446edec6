"""What the worker does about outcomes, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.track.settling import settle


@app.periodic(cron="11 * * * *")
@app.task(queueing_lock="track.settle", pass_context=False)
def settle_cases(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Give cases whose window is over their end, every hour."""
    settle(timezone.now())
