"""The monthly drill: every channel is used as an alert would use it, and its readers confirm.

A channel has passed when its message was accepted and, within `CONFIRM_WITHIN`, somebody who reads
it said so. What cannot be proved is told by `amends doctor` and on the page of channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.core import signing
from django.db import transaction

from amends.web.accounts.models import User
from amends.web.alerts import soon
from amends.web.alerts.dispatching import dispatch
from amends.web.alerts.messages import SALT
from amends.web.alerts.models import (
    AttemptState,
    Channel,
    ChannelKind,
    Notice,
    NoticeKind,
    NoticeState,
    RotaPerson,
)
from amends.web.alerts.raising import CHANNELS
from amends.web.ui.live import publish

CONFIRM_WITHIN: Final = timedelta(days=3)
LINK_LASTS: Final = timedelta(days=30)


class Proof(StrEnum):
    """What is known of a channel from its last drill."""

    NEVER = "never"
    ON_ITS_WAY = "on its way"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Drilled:
    """The last drill of one channel."""

    channel: Channel
    proof: Proof
    at: datetime | None = None
    confirmed: int = 0
    asked: int = 0
    error: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether the channel has not been proved."""
        return self.proof in {Proof.FAILED, Proof.UNCONFIRMED}


def outward() -> list[Channel]:
    """Return the channels that are on and lead out of amends."""
    on = Channel.objects.filter(is_on=True).exclude(kind=ChannelKind.IN_APP)
    return list(on.select_related("person"))


@transaction.atomic
def hold_drill(now: datetime, channels: Sequence[Channel] | None = None) -> list[Notice]:
    """Write through every channel to its readers; return the notices."""
    made = []
    for channel in outward() if channels is None else channels:
        for person in readers_of(channel):
            notice = Notice.objects.create(
                kind=NoticeKind.DRILL, channel=channel, person=person, created_at=now
            )
            dispatch(notice, now)
            made.append(notice)
    publish(CHANNELS)
    soon.deliver()
    return made


def readers_of(channel: Channel) -> list[User | None]:
    """Return whom a drill writes to: its person, who is on a rota, or whoever reads the room."""
    if channel.person is not None:
        return [channel.person]
    if not channel.is_personal:
        return [None]
    on_rotas = RotaPerson.objects.filter(person__is_active=True).values("person")
    return list(User.objects.filter(pk__in=on_rotas)) or [None]


def drill_of(token: str) -> Notice:
    """Return the drill that a link belongs to.

    Raises
    ------
    signing.BadSignature
        The link is not ours, or too old.
    Notice.DoesNotExist
    """
    pk = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    drills = Notice.objects.select_related("channel").filter(kind=NoticeKind.DRILL)
    return drills.get(pk=pk)


@transaction.atomic
def confirm(token: str, now: datetime) -> Notice:
    """Take the word of a reader that a drill arrived; the first one counts. See `drill_of`."""
    notice = Notice.objects.select_for_update(no_key=True, of=("self",)).get(pk=drill_of(token).pk)
    if notice.confirmed_at is None:
        notice.confirmed_at = now
        notice.save(update_fields=["confirmed_at"])
        publish(CHANNELS)
    return notice


def last_drills(now: datetime) -> list[Drilled]:
    """Return how each channel that is on fared in its last drill, in the order of channels."""
    return [_last_of(channel, now) for channel in outward()]


def _last_of(channel: Channel, now: datetime) -> Drilled:
    drills = Notice.objects.filter(channel=channel, kind=NoticeKind.DRILL)
    newest = drills.order_by("-created_at").values_list("created_at", flat=True).first()
    if newest is None:
        return Drilled(channel, Proof.NEVER)
    notices = list(drills.filter(created_at=newest))
    confirmed = sum(n.confirmed_at is not None for n in notices)
    failed = [n for n in notices if n.state == NoticeState.FAILED]
    error = ""
    if failed:
        tried = failed[0].attempts.filter(state=AttemptState.FAILED).order_by("-pk")
        error = tried.values_list("answer", flat=True).first() or ""
        proof = Proof.FAILED
    elif confirmed == len(notices):
        proof = Proof.CONFIRMED
    elif any(n.state == NoticeState.WAITING for n in notices):
        proof = Proof.ON_ITS_WAY
    else:
        proof = Proof.UNCONFIRMED if now - newest > CONFIRM_WITHIN else Proof.ACCEPTED
    return Drilled(channel, proof, newest, confirmed, len(notices), error)
