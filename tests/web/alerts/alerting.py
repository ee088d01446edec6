"""Rotas, channels and alerts, written down in a line each."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from tests.breakdowns import make_breakdown
from tests.web.signals import signal

from amends.web.accounts.models import User
from amends.web.alerts import sending
from amends.web.alerts.climbing import climb
from amends.web.alerts.gathering import gather
from amends.web.alerts.models import (
    Alert,
    Channel,
    ChannelKind,
    Rota,
    RotaPerson,
    Step,
    StepKind,
)
from amends.web.alerts.outlets import EMAIL, shown
from amends.web.alerts.raising import raise_for_breakdowns
from amends.web.intake.sealing import seal


def make_rota(*people: User, waits: tuple[int, ...] = (15, 30), **fields: Any) -> Rota:
    """Write down a rota whose steps tell who is on call, then who comes next."""
    given = {
        "name": "Everything",
        "time_zone": "Europe/Berlin",
        "starts_on": date(2026, 1, 5),
        "handover_at": time(9),
        "rounds": 1,
    }
    rota = Rota.objects.create(**{**given, **fields})
    for n, person in enumerate(people):
        RotaPerson.objects.create(rota=rota, person=person, position=n)
    kinds = (StepKind.ON_CALL, StepKind.NEXT, StepKind.OWNER)
    for n, wait in enumerate(waits):
        Step.objects.create(rota=rota, position=n, kind=kinds[n], wait_minutes=wait)
    return rota


def make_channel(address: str, person: User | None = None, **fields: Any) -> Channel:
    """Write down a channel; later ones come later."""
    kind = ChannelKind.EMAIL if address.startswith("mailto") else ChannelKind.WEBHOOK
    place = Channel.objects.count() + 1
    given = {
        "name": f"Channel {place}",
        "kind": kind,
        "person": person,
        "position": place,
        "address": seal({"url": address}),
        "shown": shown(address),
        "is_personal": EMAIL in address,
    }
    return Channel.objects.create(**{**given, **fields})


def burst(n: int, days_ago: int = 20) -> list[dict[str, object]]:
    """Return complaints that came together at noon of a day, whatever the hour is now."""
    noon = timezone.now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    at = noon - timedelta(days=days_ago)
    return [
        signal(external_id=f"burst {days_ago} {i}", occurred_at=at, received_at=at)
        for i in range(n)
    ]


def make_alert(now: datetime | None = None, **breakdown: Any) -> Alert:
    """Let a breakdown raise its alert."""
    made = make_breakdown(**breakdown)
    raise_for_breakdowns(now or timezone.now())
    return Alert.objects.get(breakdown=made)


def deliver(now: datetime | None = None) -> None:
    """Do what the worker does, and wait until all that is due has been sent."""
    at = now or timezone.now()
    climb(at)
    gather(at)
    send_all(at)


def send_all(now: datetime | None = None) -> None:
    """Send what is due until nothing is left."""
    sending.send_due(now or timezone.now())
    while threads := [t for t in threading.enumerate() if t.name.startswith("amends channel")]:
        for thread in threads:
            thread.join()
