"""The digest: what was too much for one reader, or not grave enough, in one message."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from amends.web.accounts.models import User
from amends.web.alerts.climbing import quiet_of
from amends.web.alerts.dispatching import dispatch
from amends.web.alerts.models import Alert, Notice, NoticeKind, NoticeState

EVERY: Final = timedelta(minutes=30)
"""A reader has one digest in this time."""


def gather(now: datetime) -> int:
    """Make the digests that are due; return how many."""
    held = Notice.objects.filter(state=NoticeState.HELD)
    readers = held.order_by().values_list("person_id", flat=True).distinct()
    return sum(_gather(person, now) for person in list(readers) if person is not None)


@transaction.atomic
def _gather(person: int, now: datetime) -> bool:
    User.objects.select_for_update(no_key=True).get(pk=person)  # one digest, also of two workers
    before = Notice.objects.filter(person=person, kind=NoticeKind.DIGEST)
    if before.filter(created_at__gt=now - EVERY).exists():
        return False
    held = list(
        Notice.objects.filter(person=person, state=NoticeState.HELD)
        .select_related("alert__breakdown")
        .order_by("pk")
    )
    needed = [n for n in held if n.alert is not None and n.alert.waits]
    over = [n.pk for n in held if n not in needed]
    Notice.objects.filter(pk__in=over).update(state=NoticeState.WITHDRAWN)
    alerts = {n.alert_id: n.alert for n in needed if n.alert}
    if not any(_is_loud(alert, now) for alert in alerts.values()):
        return False
    digest = Notice.objects.create(kind=NoticeKind.DIGEST, person_id=person, created_at=now)
    Notice.objects.filter(pk__in=[n.pk for n in needed]).update(
        state=NoticeState.WAITING, gathered_in=digest
    )
    dispatch(digest, now)
    return True


def _is_loud(alert: Alert, now: datetime) -> bool:
    quiet = quiet_of(alert)
    return quiet is None or not quiet.cover(now)
