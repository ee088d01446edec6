"""Other causes for signals that have landed: what people confirm, and what a newer classifier says.

A landing of its own puts the same signals with other causes in the place of their rows: rollups and
lake follow as for any landing, once, whatever crashes. A signal that a newer version overtakes
meanwhile is left alone; it was given its cause when it landed.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import check_signals
from amends.web.cases.corrections import follow_causes
from amends.web.classify.confirmed import with_confirmed
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import ConfirmedCause
from amends.web.detect import rollups
from amends.web.intake.identities import are_current
from amends.web.intake.inbox import pack, rows_where, unpack
from amends.web.intake.lake import lake
from amends.web.intake.models import Delivery, Landing
from amends.web.intake.replaced import remove_replaced
from amends.web.intake.sequences import next_ids
from amends.web.ui.live import publish

MOST_AT_ONCE: Final = 5_000
IS_NEW: Final = "is_new"
NAMES: Final = ("cause", "cause_confidence", "severity", "model_version")

Change = Callable[[pa.Table], pa.Table]


def prepare_confirmed() -> int:
    """Make a landing of what people confirmed and lake and rollups do not say yet.

    Returns how many signals it concerns; those that are not there any more are done with.
    """
    with transaction.atomic():
        asked = list(
            ConfirmedCause.objects.filter(applied_at=None)
            .select_for_update(skip_locked=True)
            .order_by("signal_id")[:MOST_AT_ONCE]
        )
        if not asked:
            return 0
        taxonomy = taxonomy_in_force()
        names = [one.signal_id.hex for one in asked]
        n = prepare(names, lambda signals: with_confirmed(signals, taxonomy))
        ConfirmedCause.objects.filter(pk__in=[one.pk for one in asked]).update(
            applied_at=timezone.now()
        )
    return n


def prepare(signal_ids: list[str], change: Change) -> int:
    """Make a landing that changes the causes of signals; return of how many they change.

    To be called in a transaction. `change` is given the signals (`SIGNAL_SCHEMA`) as they are.
    """
    remove_replaced(wait=True, only=signal_ids)
    there = lake().by_id(signal_ids)
    open_ones = set(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    landed = [number not in open_ones for number in there["delivery"].to_pylist()]
    before = there.filter(pa.array(landed, pa.bool_())).drop_columns(["delivery"])
    after = change(before)
    told = [table.select(NAMES).to_pylist() for table in (before, after)]
    differs = np.array([old != new for old, new in zip(*told, strict=True)], dtype=bool)
    if differs.any():
        old, new = (rows_where(rows, differs) for rows in (before, after))
        both = pa.concat_tables([_marked(old, is_new=False), _marked(new, is_new=True)])
        [number] = next_ids(Delivery, 1)
        Landing.objects.create(pk=number, rows=int(differs.sum()), relabels=pack(both))
    return int(differs.sum())


def land(landing: Landing) -> None:
    """Put the signals of a landing with their new causes in place, in the caller's transaction."""
    both = unpack(bytes(landing.relabels))
    before, after = (
        check_signals(both.filter(pc.equal(both[IS_NEW], is_new)).drop_columns([IS_NEW]))
        for is_new in (False, True)
    )
    with rollups.exclusively():
        is_current, _ = are_current(before, is_withdrawal=False)
        before, after = rows_where(before, is_current), rows_where(after, is_current)
        now = timezone.now()
        rollups.add(after, now, instead_of=before)
        follow_causes(after)
        if len(after):
            lake().append(after, delivery=landing.pk)
            landing.relabels = pack(_marked(after, is_new=True))
        else:
            landing.relabels = b""
        landing.done_at, landing.error = now, ""
        landing.save(update_fields=["done_at", "error", "relabels"])
    publish("signals")


def _marked(signals: pa.Table, is_new: bool) -> pa.Table:
    return signals.append_column(IS_NEW, pa.array([is_new] * len(signals), pa.bool_()))
