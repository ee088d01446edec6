"""From the inbox to everything that pages show: one delivery, in one order, exactly once.

A delivery is claimed (`FOR UPDATE SKIP LOCKED`), enriched, and appended to the lake under its
number, so that a second append is a no-op. Then, in the transaction that holds the claim, rollups,
cases and outcomes follow and the delivery is done. A crash anywhere leaves it waiting, and the next
worker does the whole again.
"""

import logging
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.utils import timezone

from amends.flows.enriching import enrich
from amends.web.cases.opening import open_cases
from amends.web.classify.in_force import classifier_in_force, taxonomy_in_force
from amends.web.detect import rollups
from amends.web.intake.lake import lake
from amends.web.intake.models import Delivery, DeliveryState
from amends.web.intake.receiving import unpack
from amends.web.track.recording import note_outcomes
from amends.web.ui.live import publish

MOST_ATTEMPTS: Final = 3
log = logging.getLogger(__name__)


def work_off(limit: int | None = None) -> int:
    """Process waiting deliveries, oldest first, until none is left or `limit` are done."""
    done = 0
    while limit is None or done < limit:
        if not process_next():
            return done
        done += 1
    return done


def process_next() -> bool:
    """Process the oldest delivery that no other worker has; False when there is none."""
    pk = None
    try:
        with transaction.atomic():
            delivery = _claim()
            if delivery is None:
                return False
            pk = delivery.pk
            newest = _land(delivery, timezone.now())
    except Exception as error:  # whatever it is, the delivery waits for another attempt
        if pk is None:
            raise
        log.exception("Delivery %s could not be processed.", pk)
        _note_failure(pk, error)
        return True
    if newest is not None:
        lake().remove_superseded(newest)
    return True


def _claim() -> Delivery | None:
    waiting = Delivery.objects.select_for_update(skip_locked=True)
    return waiting.filter(state=DeliveryState.WAITING).order_by("pk").first()


def _land(delivery: Delivery, now: datetime) -> pa.Table | None:
    """Do everything with one delivery; return ids and versions when some supersede others."""
    signals = enrich(unpack(bytes(delivery.payload)), classifier_in_force(), taxonomy_in_force())
    rollups.share_landing()
    older = _older(signals)
    lake().append(signals, delivery=delivery.pk)
    rollups.add(signals, now)
    if older is not None:
        rollups.add(older, now, sign=-1)
    open_cases(signals)
    note_outcomes(signals)
    delivery.state, delivery.done_at, delivery.payload = DeliveryState.DONE, now, b""
    delivery.save(update_fields=["state", "done_at", "payload"])
    publish("signals")
    return None if older is None else signals.select(["signal_id", "version"])


def _older(signals: pa.Table) -> pa.Table | None:
    """Return what the lake has of signals that come in a higher version; None when none do."""
    again = signals.filter(pc.greater(signals["version"], 1))
    if not len(again):
        return None
    newest = dict(zip(again["signal_id"].to_pylist(), again["version"].to_pylist(), strict=True))
    there = lake().by_id(list(newest))
    is_older = [
        version < newest[name]
        for name, version in zip(
            there["signal_id"].to_pylist(), there["version"].to_pylist(), strict=True
        )
    ]
    older = there.filter(pa.array(is_older, pa.bool_()))
    return older if len(older) else None


@transaction.atomic
def _note_failure(pk: int, error: Exception) -> None:
    delivery = Delivery.objects.select_for_update().get(pk=pk)
    delivery.attempts += 1
    delivery.error = f"{type(error).__name__}: {error}"[:2000]
    if delivery.attempts >= MOST_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
    delivery.save(update_fields=["attempts", "error", "state"])
