"""What the worker does about fixes, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.prevent.costing import price_causes
from amends.web.prevent.verifying import verify_fixes


@app.periodic(cron="41 4 * * *")
@app.task(queueing_lock="prevent.verify", pass_context=False)
def judge_fixes(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Judge every fix, once a night."""
    verify_fixes(timezone.now())


@app.periodic(cron="23 */2 * * *")
@app.task(queueing_lock="prevent.price", pass_context=False)
def price(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Work out what each cause costs, every two hours."""
    price_causes(timezone.now())


@app.task(pass_context=False)
def judge_fix(pk: int) -> None:
    """Judge one fix, after somebody changed it."""
    verify_fixes(timezone.now(), [pk])
