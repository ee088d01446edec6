"""What people do about channels. Addresses are sealed before they are kept and never shown."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts import drills, soon
from amends.web.alerts.dispatching import dispatch, in_app
from amends.web.alerts.models import Channel, ChannelKind, Notice, NoticeKind
from amends.web.alerts.outlets import EMAIL, check_address, shown
from amends.web.alerts.raising import CHANNELS
from amends.web.intake.sealing import seal
from amends.web.ui.live import publish


@transaction.atomic
def add_channel(
    actor: User, name: str, kind: str, address: str, person: User | None = None
) -> Channel:
    """Add a channel behind those that there are; a test shows whether it works.

    Raises
    ------
    ValidationError
        The address is none of this kind, or the name is taken.
    """
    require(actor, Verb.SYSTEM_MANAGE)
    last = Channel.objects.aggregate(last=Max("position"))["last"] or 0
    channel = Channel(kind=kind, position=last + 1)
    return _fill(channel, name, address, person)


@transaction.atomic
def change_channel(
    actor: User, channel: Channel, name: str, address: str, person: User | None
) -> Channel:
    """Change a channel; without an address the one that is kept holds on."""
    require(actor, Verb.SYSTEM_MANAGE)
    return _fill(_locked(channel), name, address, person)


@transaction.atomic
def switch_channel(actor: User, channel: Channel, *, is_on: bool) -> Channel:
    """Take a channel out of every list, or back into it."""
    require(actor, Verb.SYSTEM_MANAGE)
    mine = _locked(channel)
    if mine.kind == ChannelKind.IN_APP:
        raise ValidationError("What is shown in amends itself cannot be switched off.")
    mine.is_on, mine.failures, mine.rests_until = is_on, 0, None
    mine.save(update_fields=["is_on", "failures", "rests_until"])
    publish(CHANNELS)
    return mine


@transaction.atomic
def move_channel(actor: User, channel: Channel, *, up: bool) -> None:
    """Have a channel tried one place earlier, or later."""
    require(actor, Verb.SYSTEM_MANAGE)
    order = list(Channel.objects.select_for_update(no_key=True).exclude(kind=ChannelKind.IN_APP))
    place = order.index(channel)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for position, each in enumerate(order, start=1):
        if each.position != position:
            each.position = position
            each.save(update_fields=["position"])
    publish(CHANNELS)


@transaction.atomic
def send_test(actor: User, channel: Channel, now: datetime) -> Notice:
    """Send a test to oneself, or to the person whose channel it is."""
    require(actor, Verb.SYSTEM_MANAGE)
    notice = Notice.objects.create(
        kind=NoticeKind.TEST, channel=channel, person=channel.person or actor, created_at=now
    )
    dispatch(notice, now)
    soon.deliver()
    return notice


def hold_drill(actor: User) -> list[Notice]:
    """Hold the drill now, whatever day it is."""
    require(actor, Verb.SYSTEM_MANAGE)
    return drills.hold_drill(timezone.now())


def _fill(channel: Channel, name: str, address: str, person: User | None) -> Channel:
    in_app()  # the one that is always there, and comes first
    channel.name, channel.person = name.strip(), person
    if address:
        try:
            check_address(channel.kind, address.strip())
        except BadInput as error:
            raise ValidationError({"address": f"{error.what} {error.remedy}"}) from None
        channel.address = seal({"url": address.strip()})
        channel.shown = shown(address.strip())
        channel.is_personal = EMAIL in address
        channel.failures, channel.rests_until = 0, None
    elif not channel.address:
        raise ValidationError({"address": "Enter where messages are sent to."})
    channel.full_clean()
    channel.save()
    publish(CHANNELS)
    return channel


def _locked(channel: Channel) -> Channel:
    return Channel.objects.select_for_update(no_key=True, of=("self",)).get(pk=channel.pk)
