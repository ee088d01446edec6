"""A file is taken in: a batch a transaction, from where it was left, as fast as there is room.

A batch's signals, its quarantined rows, its line in the ledger and the number of the row that was
reached are committed together: whoever goes on after a crash goes on there, and no row is lost or
counted twice. One process at a time does this for an import; it holds an advisory lock meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.flows.importing import Part, plan_import, read_parts
from amends.web.intake.models import Import, ImportState, Way
from amends.web.intake.receiving import InboxIsFull, check_room, receive
from amends.web.ui.live import publish

TOPIC: Final = "imports"
IMPORTING: Final = 0x696D706F
"""The class of the advisory locks of imports ("impo"); the number in it is the import's."""

Tell = Callable[[Import], None]


class BusyElsewhere(Exception):  # noqa: N818 - it reads so where it is raised
    """Another process is taking this file in."""


def carry_out(pk: int, path: Path, tell: Tell, *, patience: float | None = None) -> Import:
    """Take in what is left of a file; return the import as it stands then.

    Parameters
    ----------
    pk
        The import.
    path
        Where its file lies.
    tell
        Called after every batch, and while the inbox is full.
    patience
        Seconds to wait for room in the inbox before the rest is left for later (the state stays
        "running"); None: as long as it takes.

    Raises
    ------
    BadInput
        The file is broken where it has come to, or does not fit what was told of it. The import is
        noted as failed; what was committed stays.
    BusyElsewhere
        Another process is at it.

    """
    with _alone(pk):
        found = _begin(pk)
        if found.state != ImportState.RUNNING:
            return found
        try:
            plan = plan_import(path, name=found.file_name, preset=found.preset, told=found.mapping)
            for part in read_parts(plan, found.source, timezone.now(), after=found.reached):
                if not _wait_for_room(pk, tell, patience):
                    return Import.objects.get(pk=pk)
                found = _take_in(pk, part)
                tell(found)
                if found.state != ImportState.RUNNING:
                    return found
        except BadInput as error:
            finish(pk, ImportState.FAILED, str(error))
            raise
        return finish(pk, ImportState.DONE)


@transaction.atomic
def finish(pk: int, state: ImportState, error: str = "") -> Import:
    """Note how an import ended, unless it has ended already."""
    found = Import.objects.select_for_update().get(pk=pk)
    if found.state in {ImportState.CANCELLED, ImportState.DONE}:
        return found
    found.state, found.error, found.is_held = state, error, False
    found.finished_at = found.touched_at = timezone.now()
    if state is ImportState.DONE:
        found.share = 1.0
    found.save()
    publish(TOPIC)
    return found


@contextmanager
def _alone(pk: int) -> Iterator[None]:
    """Hold the import for this process, as long as its connection lives."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [IMPORTING, pk])
        if not cursor.fetchone()[0]:
            raise BusyElsewhere
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [IMPORTING, pk])


@transaction.atomic
def _begin(pk: int) -> Import:
    found = Import.objects.select_for_update().get(pk=pk)
    if found.state in {ImportState.WAITING, ImportState.RUNNING}:
        found.state, found.attempts = ImportState.RUNNING, found.attempts + 1
        found.started_at = found.started_at or timezone.now()
        found.touched_at = timezone.now()
        found.save()
        publish(TOPIC)
    return found


def _wait_for_room(pk: int, tell: Tell, patience: float | None) -> bool:
    waited = 0.0
    while True:
        try:
            check_room()
        except InboxIsFull as full:
            found = _hold(pk)
            tell(found)
            if found.state != ImportState.RUNNING or (patience is not None and waited >= patience):
                return False
            seconds = min(full.retry_after_seconds, patience or full.retry_after_seconds)
            time.sleep(seconds)
            waited += seconds
        else:
            return True


@transaction.atomic
def _hold(pk: int) -> Import:
    found = Import.objects.select_for_update().get(pk=pk)
    found.is_held, found.touched_at = True, timezone.now()
    found.save(update_fields=["is_held", "touched_at"])
    publish(TOPIC)
    return found


@transaction.atomic
def _take_in(pk: int, part: Part) -> Import:
    found = Import.objects.select_for_update().get(pk=pk)
    if found.state != ImportState.RUNNING:
        return found
    now = timezone.now()
    receipt = receive(part.signals, found.source, now, way=Way.FILE, quarantined=part.quarantined)
    found.reached, found.share = part.reached, part.share
    found.rows += receipt.rows
    found.accepted += receipt.accepted
    found.superseding += receipt.superseding
    found.duplicates += receipt.duplicates
    found.superseded += receipt.superseded
    found.quarantined += receipt.quarantined
    found.arrivals = [*found.arrivals, receipt.arrival]
    # What came through says that the file can be read: only halts in a row count.
    found.attempts, found.is_held, found.touched_at = 1, False, now
    found.save()
    publish(TOPIC)
    return found
