"""What the worker does about outcomes, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.track.effects import estimate_effects
from amends.web.track.settling import settle


@app.periodic(cron="11 * * * *")
@app.task(queueing_lock="track.settle", pass_context=False)
def settle_cases(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Give cases whose window is over their end, every hour."""
    settle(timezone.now())


@app.periodic(cron="7 3 * * *")
@app.task(queueing_lock="track.effects", pass_context=False)
def estimate(timestamp: int | None = None) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Estimate what the actions effected, once a night."""
    estimate_effects(timezone.now())
