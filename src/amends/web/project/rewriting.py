"""The history follows the taxonomy: signals are labelled as the version in force says.

A batch at a time, from the oldest signal to the newest: a landing of its own (`relabelling.py`) and
how far the run has come are one transaction, so a worker that dies leaves nothing twice or undone.
"""

from datetime import UTC, datetime
from typing import Any, Final

import ibis
from django.db import transaction
from django.utils import timezone

from amends.store import reads
from amends.web.classify.in_force import classifier_in_force
from amends.web.classify.models import HistoryRun, TaxonomyVersion
from amends.web.classify.moving import Move
from amends.web.classify.taxonomies import change_of
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake
from amends.web.project import relabelling
from amends.web.ui.live import publish

AT_ONCE: Final = 10_000
"""Signals of one landing."""
LIVE: Final = "taxonomy"
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rewrite_next() -> bool:
    """Make the next landing of the oldest open run.

    False when every run is finished, or what is left lies in landings that wait for something.
    """
    with transaction.atomic():
        run = HistoryRun.objects.filter(finished_at=None).order_by("pk").select_for_update().first()
        if run is None:
            return False
        move = _move_of(run)
        if not run.total:
            run.total = _count(move)
        handled = _batch(run, move) or _rest(run, move)
        if not handled and not run.waiting:
            run.finished_at, handled = timezone.now(), 1
        run.save()
        publish(LIVE)
    return bool(handled)


def _batch(run: HistoryRun, move: Move) -> int:
    """Look at the next signals; return how many."""
    found = _after(run, move)
    if found:
        done = relabelling.prepare([str(row["signal_id"]) for row in found], move)
        run.reached_at, run.reached = found[-1]["at"], found[-1]["signal_id"]
        run.done += len(found)
        run.total = max(run.total, run.done)
        run.changed += done.changed
        run.waiting = [*run.waiting, *done.waiting]
    return len(found)


def _rest(run: HistoryRun, move: Move) -> int:
    """Look again at signals that lay in an open landing; return of how many it is done now."""
    names = list(run.waiting[:AT_ONCE])
    if not names:
        return 0
    done = relabelling.prepare(names, move)
    run.changed += done.changed
    run.waiting = [*done.waiting, *run.waiting[AT_ONCE:]]
    return done.handled


def _move_of(run: HistoryRun) -> Move:
    version = TaxonomyVersion.objects.defer("parameters").get(pk=run.taxonomy_id)
    classifier = classifier_in_force() if version.learns else None
    return Move(change_of(version), classifier, is_published=True)


def _told(move: Move) -> ibis.Table:
    """Return the signals that may have to change, with the time by which they are ordered."""
    signals = reads.where(lake().signals(), kinds=TOLD)
    told = signals.filter(signals["cause"].notnull())
    if move.classifier is None:
        moved = [old for old, new in move.change.went.items() if old != new]
        told = told.filter(told["cause"].isin(moved))
    at = ibis.coalesce(told["occurred_at"], told["received_at"], ibis.literal(_FIRST))
    return told.select("signal_id", at=at)


def _count(move: Move) -> int:
    return int(lake().fetch(_told(move).count().name("n"))["n"][0].as_py())


def _after(run: HistoryRun, move: Move) -> list[dict[str, Any]]:
    told = _told(move)
    if run.reached_at is not None:
        since = ibis.literal(run.reached_at)
        told = told.filter(
            (told["at"] > since) | ((told["at"] == since) & (told["signal_id"] > run.reached))
        )
    found: list[dict[str, Any]] = (
        lake().fetch(told.order_by("at", "signal_id").limit(AT_ONCE)).to_pylist()
    )
    return found
