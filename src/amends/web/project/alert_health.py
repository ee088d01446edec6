"""The check of alerts behind `amends doctor`: whether they arrive, whether channels are proved."""

from datetime import timedelta
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from amends.web.alerts import drills, queries
from amends.web.alerts.models import Notice, NoticeState
from amends.web.project.findings import Finding, State, first_line

DAY: Final = timedelta(days=1)
MOST_NAMED: Final = 3


def check_alerts() -> Finding:
    """Look whether alerts reach somebody, and whether every channel is proved."""
    now = timezone.now()
    try:
        lost, nobodys = queries.undelivered(now).count(), queries.unaddressed(now).count()
        failed = Notice.objects.filter(state=NoticeState.FAILED, created_at__gt=now - DAY).count()
        drilled = drills.last_drills(now)
    except DatabaseError as error:
        return Finding("Alerts", State.BROKEN, f"They cannot be looked up: {first_line(error)}")
    if lost:
        return Finding(
            "Alerts",
            State.BROKEN,
            f"{lost:,} open alerts have reached nobody; {failed:,} messages failed in a day.",
            "Their receipts on the page of alerts say why; send a test on the page of channels.",
        )
    if nobodys:
        return Finding(
            "Alerts",
            State.WARNING,
            f"{nobodys:,} open alerts have nobody to tell: no owner, and nobody on call.",
            "Make a rota on the page Alerts, On call.",
        )
    unproved = [d for d in drilled if d.has_failed]
    if unproved:
        told = "; ".join(
            f"{d.channel}: {d.error or 'nobody confirmed it'}" for d in unproved[:MOST_NAMED]
        )
        return Finding(
            "Alerts",
            State.WARNING,
            f"{len(unproved)} of {len(drilled)} channels failed their drill. {told}",
            "Mend the address on the page of channels, send a test, and hold the drill again.",
        )
    proved = sum(d.proof is drills.Proof.CONFIRMED for d in drilled)
    return Finding(
        "Alerts",
        State.WELL,
        f"All open alerts were delivered; {proved} of {len(drilled)} channels proved by drill",
    )
