"""Signals that were accepted and cannot be processed: to quarantine, as if they had come so."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db.models import F

from amends.engine.contracts import QuarantinedRow as Unreadable
from amends.web.intake.identities import give_back
from amends.web.intake.inbox import REPLACES, ROW, ids_and_versions
from amends.web.intake.models import Arrival, Delivery
from amends.web.intake.receiving import as_json, keep_aside


@dataclass(frozen=True, slots=True)
class Refused:
    """One signal that cannot be processed, and why."""

    signal: pa.Table
    """Its row of `SIGNAL_SCHEMA`."""
    marks: Mapping[str, Any]
    """Its row, replaces and delivery_id, as a delivery has them."""
    error: Exception

    @property
    def key(self) -> tuple[str, int]:
        """Return its id and version."""
        return ids_and_versions(self.signal)[0]


def put_aside(refused: Sequence[Refused], older: pa.Table, now: datetime) -> int:
    """Move signals from the accepted to the quarantined, in the ledger, too; return how many.

    Their identities are given back, so that they are accepted once mended: where the lake holds an
    `older` version, that is the one in force again. What a newer version has overtaken is left.
    """
    if not refused:
        return 0
    deliveries = Delivery.objects.in_bulk({r.marks["delivery_id"] for r in refused})
    there = dict(ids_and_versions(older)) if len(older) else {}
    landings = dict(zip(older["signal_id"].to_pylist(), older["delivery"].to_pylist(), strict=True))
    gone, revived = Counter[int](), Counter[int]()
    rows: dict[int, list[Unreadable]] = defaultdict(list)
    for one in refused:
        (name, version), delivery = one.key, deliveries[one.marks["delivery_id"]]
        instead = None
        if name in there:
            landed = Delivery.objects.filter(landing=landings[name]).order_by("pk")
            first = landed.filter(source=delivery.source).first() or landed.first()
            instead = there[name], first.pk if first else delivery.pk
        if not give_back(name, version, delivery.pk, instead):
            continue
        gone[delivery.arrival_id] += 1
        revived[delivery.arrival_id] += instead is not None and one.marks[REPLACES]
        reason = f"It could not be processed: {str(one.error) or type(one.error).__name__}"
        row = Unreadable(delivery.source, one.marks[ROW], "", reason[:2000], as_json(one.signal))
        rows[delivery.arrival_id].append(row)
    for arrival, n in gone.items():
        keep_aside(rows[arrival], arrival, rows[arrival][0].file, now)
        Arrival.objects.filter(pk=arrival).update(
            accepted=F("accepted") - n,
            quarantined=F("quarantined") + n,
            superseding=F("superseding") - revived[arrival],
        )
    return gone.total()
