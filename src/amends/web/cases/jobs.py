"""What the worker does about cases, by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.cases.approval_links import mail_links
from amends.web.cases.approving import expire_requests
from amends.web.cases.escalating import escalate_stalled
from amends.web.cases.letters import LETTERS
from amends.web.cases.pacing import close_days
from amends.web.cases.paying import PAYMENTS
from amends.web.cases.reminding import remind_of_forgotten


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="cases.escalate", lock="cases.escalate", pass_context=False)
def escalate(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Look every five minutes whether a handoff has waited too long, or a case was forgotten."""
    escalate_stalled(timezone.now())
    remind_of_forgotten(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.pay", pass_context=False)
def pay(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Send the payments that are due, every minute."""
    PAYMENTS.run()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.post", pass_context=False)
def post(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Send the letters that are due, every minute."""
    LETTERS.run()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.approvals", pass_context=False)
def ask_for_approvals(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Mail those who are asked to approve, and end what nobody approved in time, every minute."""
    expire_requests(timezone.now())
    mail_links(timezone.now())


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="cases.close_days", pass_context=False)
def close_budget_days(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Keep what was spent of the budgets of days that are over, every hour."""
    close_days(timezone.now())
