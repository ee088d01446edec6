"""Dispatching: a notice finds its channel, the next one when that fails, and what is left of it.

In amends itself every notice is there at once. Beyond that a reader's channels are tried in their
order; when all have failed, the whole list again after a while, four times.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from amends.engine.contracts import Severity
from amends.web.alerts.models import (
    Alert,
    AlertState,
    Attempt,
    AttemptState,
    Channel,
    ChannelKind,
    Notice,
    NoticeKind,
    NoticeState,
)
from amends.web.alerts.raising import TOPIC
from amends.web.ui.live import publish

PER_HOUR: Final = 6
PER_HOUR_CRITICAL: Final = 12
"""Notices that one reader is sent in an hour; what is more waits for the digest."""
ROUNDS: Final = 4
FIRST_PAUSE: Final = timedelta(seconds=30)
"""Before the second round; four times as long before each further one."""
RESTS_AFTER: Final = 2
"""Failures in a row from which a channel rests."""
FIRST_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(minutes=15)


def dispatch(notice: Notice, now: datetime) -> None:
    """Send a new notice on its way, or hold it for the digest."""
    if notice.kind == NoticeKind.WORD:
        _show(notice, now)
        if _has_enough(notice, PER_HOUR, now):
            arrived(notice, now)  # it stands on the pages
        else:
            send_on(notice, now)
        return
    if _is_too_much(notice, now):
        notice.state = NoticeState.HELD
        notice.save(update_fields=["state"])
        return
    if notice.channel_id is None:
        _show(notice, now)
    send_on(notice, now)


def send_on(notice: Notice, now: datetime) -> None:
    """Give a waiting notice to the next channel of its list; without any left, begin it again."""
    channels = channels_of(notice)
    if not channels:
        arrived(notice, now)
        return
    tried = set(notice.attempts.filter(round=notice.round).values_list("channel_id", flat=True))
    for channel in channels:
        if channel.pk in tried:
            continue
        if notice.channel_id is None and channel.rests_until and channel.rests_until > now:
            _pass_over(notice, channel, now)
            continue
        Attempt.objects.create(notice=notice, channel=channel, round=notice.round, due_at=now)
        return
    _begin_round(notice, channels, now)


def channels_of(notice: Notice) -> list[Channel]:
    """Return the channels that lead out of amends to a notice's reader, in their order."""
    if notice.channel is not None:
        return [notice.channel]
    on = Channel.objects.filter(is_on=True).exclude(kind=ChannelKind.IN_APP)
    return list(on.filter(Q(person=None) | Q(person=notice.person_id)).order_by("position", "pk"))


def in_app() -> Channel:
    """Return the channel that is always there: the pages themselves."""
    channel, _ = Channel.objects.get_or_create(
        kind=ChannelKind.IN_APP,
        defaults={"name": ChannelKind.IN_APP.label, "position": 0},
    )
    return channel


def arrived(notice: Notice, at: datetime) -> None:
    """Write down that a notice was delivered, and with it its alert and what it gathers."""
    notice.state, notice.delivered_at = NoticeState.DELIVERED, at
    notice.save(update_fields=["state", "delivered_at"])
    notice.gathered.update(state=NoticeState.DELIVERED, delivered_at=at)
    told = Q(notices=notice) | Q(notices__gathered_in=notice)
    raised = Alert.objects.filter(state=AlertState.RAISED)
    for pk in raised.filter(told).order_by("pk").values_list("pk", flat=True).distinct():
        # Not what somebody acknowledged or closed since it was read.
        raised.filter(pk=pk).update(state=AlertState.DELIVERED, delivered_at=at)
    publish(TOPIC)


def rest(channel: Channel, now: datetime, *, has_failed: bool) -> None:
    """Remember how a channel fared: after some failures in a row it rests, longer each time."""
    channel.failures = min(channel.failures + 1, 100) if has_failed else 0
    over = channel.failures - RESTS_AFTER
    pause = min(FIRST_REST * 2 ** min(over, 10), LONGEST_REST) if over >= 0 else None
    channel.rests_until = now + pause if pause else None
    channel.save(update_fields=["failures", "rests_until"])


def _is_too_much(notice: Notice, now: datetime) -> bool:
    if notice.kind != NoticeKind.ALERT or notice.alert is None:
        return False
    if notice.alert.severity == Severity.LOW.value:
        return True
    is_critical = notice.alert.severity == Severity.CRITICAL.value
    return _has_enough(notice, PER_HOUR_CRITICAL if is_critical else PER_HOUR, now)


def _has_enough(notice: Notice, limit: int, now: datetime) -> bool:
    recent = Notice.objects.filter(
        person=notice.person_id,
        kind__in=[NoticeKind.ALERT, NoticeKind.DIGEST, NoticeKind.WORD],
        created_at__gt=now - timedelta(hours=1),
        gathered_in=None,
    ).exclude(state=NoticeState.HELD)
    return recent.exclude(pk=notice.pk).count() >= limit


def _show(notice: Notice, now: datetime) -> None:
    Attempt.objects.create(
        notice=notice,
        channel=in_app(),
        state=AttemptState.DELIVERED,
        due_at=now,
        started_at=now,
        ended_at=now,
        answer="Shown on the pages.",
    )


def _pass_over(notice: Notice, channel: Channel, now: datetime) -> None:
    Attempt.objects.create(
        notice=notice,
        channel=channel,
        round=notice.round,
        state=AttemptState.PASSED,
        due_at=now,
        ended_at=now,
        answer=f"It failed {channel.failures} times in a row and rests; the next one is tried.",
    )


def _begin_round(notice: Notice, channels: Sequence[Channel], now: datetime) -> None:
    """Begin the list again after a pause; after the last round the notice has failed."""
    if notice.round >= ROUNDS or notice.kind == NoticeKind.TEST:
        notice.state = NoticeState.FAILED
        notice.save(update_fields=["state"])
        if notice.alert is not None and notice.alert.waits:  # whoever comes next need not wait
            Alert.objects.filter(pk=notice.alert.pk, next_at__isnull=False).update(next_at=now)
        publish(TOPIC)
        return
    pause = FIRST_PAUSE * 4 ** (notice.round - 1)
    notice.round += 1
    notice.save(update_fields=["round"])
    Attempt.objects.create(
        notice=notice, channel=channels[0], round=notice.round, due_at=now + pause
    )
