"""What the worker does for accounts, by the clock."""

from django.contrib.sessions.models import Session
from django.utils import timezone
from procrastinate.contrib.django import app

from amends.web.accounts.log_in_limits import forget_old_attempts


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="accounts.tidy", pass_context=False)
def tidy(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes when it was due)
    """Forget expired sessions and old attempts to log in, once a night."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    forget_old_attempts()
