"""What people do about an alert: permission, rule and change in one transaction."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import access, can
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts import raising
from amends.web.alerts.models import Alert
from amends.web.alerts.queries import Told
from amends.web.detect import actions as breakdowns
from amends.web.detect.models import Judgement
from amends.web.ui.live import publish


@transaction.atomic
def acknowledge(actor: User, alert: Alert) -> Alert:
    """Say that one knows of it: nobody else is woken. The first one counts.

    Of a breakdown it says the same, where the actor may handle that.

    Raises
    ------
    ValidationError
        It has ended.
    """
    seen = alert.breakdown if alert.waits else None
    if seen is not None and can(actor, Verb.BREAKDOWN_HANDLE, seen):
        breakdowns.acknowledge(actor, seen)  # before the alert, as the watch locks them
    mine = _handled(actor, alert)
    if not mine.is_open:
        raise ValidationError("It has ended meanwhile: there is nothing to acknowledge.")
    if mine.waits:
        raising.acknowledged(mine, timezone.now(), actor.pk)
        publish(raising.TOPIC)
    return mine


@transaction.atomic
def close(actor: User, alert: Alert, because: str) -> Alert:
    """End an alert, whatever it is of; it is raised again only if that becomes worse.

    Raises
    ------
    ValidationError
        Without a reason, or it has ended already.
    """
    mine = _handled(actor, alert)
    because = because.strip()
    if not mine.is_open:
        raise ValidationError("It has ended already.")
    if len(because) < breakdowns.LEAST_REASON:
        raise ValidationError("Say why in a few words: others look for it here.")
    raising.end(mine, because, timezone.now())
    publish(raising.TOPIC)
    return mine


@transaction.atomic
def judge(actor: User, alert: Alert, judgement: str) -> Alert:
    """Say what it was in truth: real, a false alarm, a known event; or take that back with "".

    Who judges it knows of it. One that was none, or was known beforehand, has ended with that. What
    is judged of a breakdown's alert is judged of the breakdown, and moves its measure's budget.

    Raises
    ------
    ValidationError
        There is no such judgement.
    """
    if judgement not in Judgement.values:
        raise ValidationError(f"There is no judgement {judgement!r}.")
    if alert.breakdown is not None:
        breakdowns.judge(actor, alert.breakdown, judgement)  # first, as the watch locks them
    mine, now = _handled(actor, alert), timezone.now()
    if mine.breakdown is None:
        mine.judgement = judgement
        mine.save(update_fields=["judgement"])
    if judgement and mine.waits:
        raising.acknowledged(mine, now, actor.pk)
    if mine.is_open and judgement in {Judgement.FALSE, Judgement.KNOWN}:
        raising.end(mine, raising.judged_words(judgement), now)
    publish(raising.TOPIC)
    return mine


def _handled(actor: User, alert: Alert) -> Alert:
    mine = (
        Alert.objects.select_for_update(no_key=True, of=("self",))
        .select_related("breakdown")
        .get(pk=alert.pk)
    )
    access(actor, Told(mine, actor), see=Verb.ALERT_READ, do=Verb.ALERT_HANDLE)
    return mine
