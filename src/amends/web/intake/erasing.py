"""Signals leave inbox, quarantine and lake for good; what they were counted in stays.

Identities stay, too, marked as withdrawn at a version that nothing exceeds: a source that sends the
same again is told that it is known, and nothing comes back.
"""

import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from amends.store import reads
from amends.web.intake.bulk import copy_in
from amends.web.intake.inbox import pack, unpack
from amends.web.intake.lake import lake
from amends.web.intake.models import (
    Customer,
    Delivery,
    DeliveryState,
    Landing,
    QuarantinedRow,
    QuarantineState,
)
from amends.web.intake.replaced import remove_replaced

LAST_VERSION: Final = 2**31 - 1
ERASED: Final = "Erased"
_WAIT_SECONDS: Final = 0.2
_PEOPLE: Final = "|".join(
    f"[{word[0].upper()}{word[0]}]{word[1:]}"
    for word in (
        "customer", "client", "requester", "contact", "person", "user", "account", "member",
        "subscriber",
    )
)  # fmt: skip
"""What fields are called that say who somebody is."""


def ids_in_lake(customer_id: str) -> list[str]:
    """Return the signals of a customer that the lake holds."""
    signals = reads.where(lake().signals(), customer_id=customer_id)
    return list(lake().fetch(signals.select("signal_id").distinct())["signal_id"].to_pylist())


def ids_of_kind(kind: str, until: datetime) -> list[str]:
    """Return the signals of a kind that occurred before a time."""
    signals = lake().signals(until=until)
    old = signals.filter(signals["kind"] == kind)
    return list(lake().fetch(old.select("signal_id").distinct())["signal_id"].to_pylist())


def waiting_of(customer_id: str) -> int:
    """Return how many of a customer's signals wait in the inbox."""
    waiting = _waiting().order_by("pk").values_list("payload", flat=True)
    return sum(
        pc.sum(_theirs(unpack(bytes(payload)), customer_id)).as_py() or 0
        for payload in waiting.iterator(chunk_size=1)
    )


def take_from_inbox(customer_id: str, before: datetime) -> int:
    """Take a customer's signals out of all deliveries that wait since before a time.

    A delivery that a worker has in hand is waited for: it lands, and the lake is asked afterwards.
    """
    taken = 0
    seen: set[int] = set()
    while True:
        with transaction.atomic():
            waiting = _waiting().filter(received_at__lte=before).exclude(pk__in=seen)
            if not waiting.exists():
                return taken
            free = waiting.select_for_update(skip_locked=True).order_by("pk").first()
            if free is not None:
                seen.add(free.pk)
                taken += _without(free, customer_id)
                continue
        time.sleep(_WAIT_SECONDS)


def take_from_relabelling(customer_id: str) -> int:
    """Take a customer's signals out of the landings that are to give them other causes.

    One that a worker has in hand is waited for.
    """
    remove_replaced(wait=True)
    taken: set[str] = set()
    with transaction.atomic():
        for landing in _relabelling().select_for_update().order_by("pk"):
            rows = unpack(bytes(landing.relabels))
            is_theirs = _theirs(rows, customer_id)
            theirs = set(rows.filter(is_theirs)["signal_id"].to_pylist())
            if theirs:
                landing.relabels = pack(rows.filter(pc.invert(is_theirs)))
                landing.rows -= len(theirs)
                landing.save(update_fields=["relabels", "rows"])
                taken |= theirs
    return len(taken)


def relabelling_of(customer_id: str) -> int:
    """Return how many of a customer's signals lie in landings that give other causes."""
    found: set[str] = set()
    for relabels in _relabelling().values_list("relabels", flat=True).iterator(chunk_size=1):
        rows = unpack(bytes(relabels))
        found |= set(rows.filter(_theirs(rows, customer_id))["signal_id"].to_pylist())
    return len(found)


def take_from_quarantine(customer_id: str) -> int:
    """Empty the quarantined rows that name a customer."""
    is_record = Q(raw__startswith="{")
    told = Q(raw__regex=named(customer_id)) | Q(edited__regex=named(customer_id))
    mentioned = Q(raw__regex=rf"(?<![\w-]){re.escape(customer_id)}(?![\w-])")
    rows = QuarantinedRow.objects.filter((is_record & told) | (~is_record & mentioned))
    return _emptied(rows.values_list("pk", flat=True))


def take_old_from_quarantine(until: datetime) -> int:
    """Empty the quarantined rows that arrived before a time."""
    old = QuarantinedRow.objects.filter(received_at__lt=until).exclude(raw="")
    return _emptied(old.values_list("pk", flat=True))


def forget_customer(customer_id: str) -> int:
    """Remove what is known of a customer; cases have been taken off it before."""
    return Customer.objects.filter(pk=customer_id).delete()[0]


def never_again(signal_ids: Sequence[str]) -> None:
    """Mark signals as withdrawn for good, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE erasing (signal_id uuid) ON COMMIT DROP")
        copy_in(cursor, pa.table({"signal_id": list(signal_ids)}), "erasing")
        cursor.execute(
            "UPDATE intake_identity AS known SET version = %s, is_withdrawn = true"
            " FROM erasing WHERE known.signal_id = erasing.signal_id",
            [LAST_VERSION],
        )


def named(customer_id: str) -> str:
    """Return the pattern of PostgreSQL that JSON matches where a customer is called by this id.

    The same id may well be that of a case or an order: the name of the field decides.
    """
    return rf'"[^"]*({_PEOPLE})[^"]*": ?"{re.escape(customer_id)}"'


def _waiting() -> QuerySet[Delivery]:
    """Return the deliveries that hold signals nobody has landed; withdrawals name no customer."""
    states = [DeliveryState.WAITING, DeliveryState.FAILED]
    return Delivery.objects.filter(state__in=states, is_withdrawal=False)


def _relabelling() -> QuerySet[Landing]:
    return Landing.objects.exclude(relabels=b"")


def _theirs(signals: pa.Table, customer_id: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(signals["customer_id"], customer_id), False)


def _without(delivery: Delivery, customer_id: str) -> int:
    signals = unpack(bytes(delivery.payload))
    is_theirs = _theirs(signals, customer_id)
    theirs = signals.filter(is_theirs)
    if not len(theirs):
        return 0
    never_again(theirs["signal_id"].to_pylist())
    delivery.payload = pack(signals.filter(pc.invert(is_theirs)))
    delivery.rows -= len(theirs)
    delivery.save(update_fields=["payload", "rows"])
    return len(theirs)


def _emptied(pks: Iterable[int]) -> int:
    changed = 0
    rows = QuarantinedRow.objects.filter(pk__in=list(pks))
    changed += rows.filter(state=QuarantineState.OPEN).update(
        raw="", edited="", reason=ERASED, state=QuarantineState.DISCARDED, closed_because=ERASED
    )
    return changed + rows.filter(~Q(raw="")).update(raw="", edited="", reason=ERASED)
