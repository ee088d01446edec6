"""Sending: every attempt is claimed by one worker, tried without a transaction, and has a receipt.

Each channel is worked off by a thread of its own: one that hangs holds up nothing but itself. A
claim is committed before anything is sent; when its worker dies, the attempt is found later, told
as lost, and the next channel is tried: rather twice than never.
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.web.alerts.dispatching import arrived, rest, send_on
from amends.web.alerts.messages import message_of
from amends.web.alerts.models import (
    Attempt,
    AttemptState,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
)
from amends.web.alerts.outlets import DEADLINE_SECONDS, Receipt, send
from amends.web.alerts.raising import CHANNELS, TOPIC
from amends.web.intake.sealing import unseal
from amends.web.ui.live import publish

LOST_AFTER: Final = timedelta(seconds=3 * DEADLINE_SECONDS)
"""No try lasts as long: its worker has ended."""
log = logging.getLogger(__name__)
_at_work: set[int] = set()
_lock = threading.Lock()


def send_due(now: datetime) -> list[threading.Thread]:
    """Start a thread for every channel that has something due and none at work; return them."""
    take_up_lost(now)
    open_ones = Attempt.objects.filter(state=AttemptState.DUE, due_at__lte=now)
    started = []
    for channel_id in open_ones.order_by().values_list("channel_id", flat=True).distinct():
        with _lock:
            if channel_id in _at_work:
                continue
            _at_work.add(channel_id)
        thread = threading.Thread(
            target=_work_off, args=(channel_id,), name=f"amends channel {channel_id}", daemon=True
        )
        thread.start()
        started.append(thread)
    return started


def take_up_lost(now: datetime) -> int:
    """Tell attempts as lost whose worker ended in the middle; return how many."""
    lost = Attempt.objects.filter(state=AttemptState.SENDING, started_at__lt=now - LOST_AFTER)
    answer = "There is no receipt: the worker ended while it was sending."
    return sum(
        settle(pk, Receipt(is_delivered=False, answer=answer), now)
        for pk in list(lost.values_list("pk", flat=True))
    )


def claim(channel_id: int, now: datetime) -> Attempt | None:
    """Take the oldest attempt of a channel that is due and that nobody else has; None: no more."""
    while True:
        with transaction.atomic():
            due = Attempt.objects.filter(
                channel=channel_id, state=AttemptState.DUE, due_at__lte=now
            )
            mine = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).order_by("pk")
            attempt = mine.select_related("notice__alert", "notice__person", "channel").first()
            if attempt is None:
                return None
            if _is_needed(attempt):
                attempt.state, attempt.started_at = AttemptState.SENDING, timezone.now()
                attempt.save(update_fields=["state", "started_at"])
                return attempt


def settle(pk: int, receipt: Receipt, now: datetime) -> bool:
    """Write down how an attempt ended and what follows; False when somebody else already has."""
    with transaction.atomic():
        attempt = Attempt.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
        if attempt.state != AttemptState.SENDING:
            return False
        attempt.state = AttemptState.DELIVERED if receipt.is_delivered else AttemptState.FAILED
        attempt.ended_at, attempt.answer = now, receipt.answer
        attempt.save(update_fields=["state", "ended_at", "answer"])
        channel = Channel.objects.select_for_update(no_key=True).get(pk=attempt.channel_id)
        rest(channel, now, has_failed=not receipt.is_delivered)
        notice = Notice.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=attempt.notice_id
        )
        if notice.state == NoticeState.WAITING:
            if receipt.is_delivered:
                arrived(notice, now)
            else:
                send_on(notice, now)
        publish(TOPIC)
        publish(CHANNELS)
    return True


def _work_off(channel_id: int) -> None:
    """Send what is due on one channel, one after another."""
    try:
        while (attempt := claim(channel_id, timezone.now())) is not None:
            settle(attempt.pk, _sent(attempt), timezone.now())
            send_due(timezone.now())  # a failure may have given work to another channel
    finally:
        with _lock:
            _at_work.discard(channel_id)
        connection.close()
    send_due(timezone.now())  # what came while this one was about to end
    connection.close()


def _sent(attempt: Attempt) -> Receipt:
    """Try it. Whatever happens there is a receipt."""
    try:
        message = message_of(attempt.notice)
        address = unseal(attempt.channel.address).get("url", "")
        reader = attempt.notice.person.email if attempt.notice.person else ""
        connection.close()  # nobody waits for a connection while the other side thinks
        return send(address, reader, message.title, message.body)
    except BadInput as error:  # its address was sealed with another secret key
        return Receipt(is_delivered=False, answer=f"{error.what} {error.remedy}")
    except Exception:  # an attempt without a receipt would hold up the notice until it is lost
        log.exception("Attempt %s on channel %s failed in amends", attempt.pk, attempt.channel_id)
        return Receipt(
            is_delivered=False, answer="amends itself failed: the worker's log says how."
        )


def _is_needed(attempt: Attempt) -> bool:
    """Whether it still has to go out; else it is passed over."""
    notice, now = attempt.notice, timezone.now()
    is_known = notice.kind == NoticeKind.ALERT and not (notice.alert and notice.alert.waits)
    is_over = is_known or notice.state != NoticeState.WAITING
    is_off = notice.channel_id is None and not attempt.channel.is_on
    if not (is_over or is_off):
        return True
    why = "It was acknowledged, or over," if is_over else "The channel was switched off"
    attempt.state, attempt.ended_at = AttemptState.PASSED, now
    attempt.answer = f"{why} before it went out."
    attempt.save(update_fields=["state", "ended_at", "answer"])
    if is_over:
        mine = Notice.objects.filter(pk=notice.pk, state=NoticeState.WAITING)
        mine.update(state=NoticeState.WITHDRAWN)
    else:
        send_on(notice, now)
    return False
