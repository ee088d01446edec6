"""Other causes for signals that have landed: what people confirm, and what a newer classifier says.

A landing of its own puts the same signals with other causes in the place of their rows: rollups and
lake follow as for any landing, once, whatever crashes. A signal that a newer version overtakes
meanwhile is left alone; it was given its cause when it landed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import check_signals
from amends.flows.enriching import relabelled
from amends.web.cases.corrections import follow_causes
from amends.web.classify.asking import ask_for_relabelling
from amends.web.classify.confirmed import with_confirmed
from amends.web.classify.in_force import classifier_in_force, taxonomy_in_force
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of signals that were to get other causes."""

    handled: int
    """Those that were looked at, or are not there any more."""
    changed: int
    waiting: tuple[str, ...]
    """Those of which rows lie in a landing that is not done: to be asked again afterwards."""


def prepare_confirmed() -> int:
    """Make a landing of what people confirmed, or took back, and lake and rollups do not say yet.

    Returns how many signals are done with. Those that lie in an open landing are left for later.
    """
    with transaction.atomic():
        asked = list(
            ConfirmedCause.objects.filter(applied_at=None)
            .select_for_update(skip_locked=True)
            .order_by("signal_id")[:MOST_AT_ONCE]
        )
        if not asked:
            return 0
        classifier, taxonomy = classifier_in_force(), taxonomy_in_force()
        withdrawn = [one.signal_id.hex for one in asked if one.is_withdrawn]

        def change(signals: pa.Table) -> pa.Table:
            again = relabelled(signals, withdrawn, classifier, taxonomy)
            return with_confirmed(again, taxonomy)

        done = prepare([one.signal_id.hex for one in asked], change)
        told = ConfirmedCause.objects.filter(pk__in=[one.pk for one in asked])
        told = told.exclude(signal_id__in=done.waiting)
        told.filter(is_withdrawn=True).delete()
        told.update(applied_at=timezone.now())
    return done.handled


def prepare(signal_ids: list[str], change: Change) -> Prepared:
    """Make a landing that changes the causes of signals.

    To be called in a transaction. `change` is given the signals (`SIGNAL_SCHEMA`) as they are.
    """
    remove_replaced(wait=True, only=signal_ids)
    there = lake().by_id(signal_ids)
    open_ones = set(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    pairs = there.select(["signal_id", "delivery"]).to_pylist()
    waiting = {row["signal_id"] for row in pairs if row["delivery"] in open_ones}
    waiting |= _to_be_relabelled(signal_ids)
    is_free = [row["signal_id"] not in waiting for row in pairs]
    before = there.filter(pa.array(is_free, pa.bool_())).drop_columns(["delivery"])
    after = change(before)
    told = [table.select(NAMES).to_pylist() for table in (before, after)]
    differs = np.array([old != new for old, new in zip(*told, strict=True)], dtype=bool)
    if differs.any():
        old, new = (rows_where(rows, differs) for rows in (before, after))
        both = pa.concat_tables([_marked(old, is_new=False), _marked(new, is_new=True)])
        [number] = next_ids(Delivery, 1)
        Landing.objects.create(pk=number, rows=int(differs.sum()), relabels=pack(both))
    left = waiting & set(signal_ids)
    return Prepared(len(set(signal_ids)) - len(left), int(differs.sum()), tuple(sorted(left)))


def open_landings() -> int:
    """Return how many landings wait to give signals other causes."""
    return Landing.objects.filter(done_at=None).exclude(relabels=b"").count()


def land(landing: Landing) -> None:
    """Put the signals of a landing with their new causes in place, in the caller's transaction."""
    both = unpack(bytes(landing.relabels))
    before, after = (
        check_signals(both.filter(pc.equal(both[IS_NEW], is_new)).drop_columns([IS_NEW]))
        for is_new in (False, True)
    )
    with rollups.exclusively():
        is_current, _ = are_current(before, is_withdrawal=False)
        _ask_again(rows_where(before, ~is_current))
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


def _to_be_relabelled(signal_ids: list[str]) -> set[str]:
    """Return those to which an open landing is to give other causes."""
    wanted, found = set(signal_ids), set()
    for relabels in (
        Landing.objects.filter(done_at=None)
        .exclude(relabels=b"")
        .values_list("relabels", flat=True)
    ):
        found |= wanted & set(unpack(bytes(relabels))["signal_id"].to_pylist())
    return found


def _ask_again(overtaken: pa.Table) -> None:
    """Have confirmed causes told again where a newer version landed that may not know of them."""
    ids = [UUID(name) for name in overtaken["signal_id"].to_pylist()]
    if ids and ConfirmedCause.objects.filter(signal_id__in=ids).update(applied_at=None):
        ask_for_relabelling()


def _marked(signals: pa.Table, is_new: bool) -> pa.Table:
    return signals.append_column(IS_NEW, pa.array([is_new] * len(signals), pa.bool_()))
