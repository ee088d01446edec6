"""What the worker does about breakdowns, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.detect.studying import make_study
from amends.web.detect.watching import settle_all


@app.periodic(cron="7 0 * * *")
@app.task(queueing_lock="detect.settle", lock="amends.watch", pass_context=False)
def settle(timestamp: int) -> None:  # noqa: ARG001
    """Take in the days that are settled and fit baselines anew, off the way of signals."""
    settle_all(timezone.now())


@app.periodic(cron="37 4 * * *")
@app.task(queueing_lock="detect.study_budget", pass_context=False)
def study_budget(timestamp: int | None = None) -> None:  # noqa: ARG001  (given when it is periodic)
    """Watch the past again under other budgets: what each would cost."""
    make_study(timezone.now())
