"""What the worker does for intake: pull what is due, look after imports, send mended rows again."""

import logging
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.engine.contracts import BadInput
from amends.web.intake import pulling
from amends.web.intake.actions.imports import CARRY_OUT, REHEARSE, ask_for, give_up
from amends.web.intake.actions.quarantine import drive_on
from amends.web.intake.importing import TOPIC, BusyElsewhere, carry_out, finish
from amends.web.intake.models import OPEN_IMPORTS, Import, ImportState
from amends.web.intake.receiving import InboxIsFull
from amends.web.intake.rehearsing import as_json, rehearse
from amends.web.intake.uploads import path_of, remove_upload
from amends.web.ui.live import publish

MOST_AT_ONCE: Final = 2
"""Sources that are pulled at the same time; others wait, so that other jobs have their turn."""
PATIENCE_SECONDS: Final = 60
"""A worker waits so long for room in the inbox; then it may be the one that makes room."""
HALTED_AFTER: Final = timedelta(minutes=2)
ABANDONED_AFTER: Final = timedelta(days=1)
MOST_ATTEMPTS: Final = 5
ROOM_AFTER_SECONDS: Final = 15
UNTIL_THERE_IS_ROOM = RetryStrategy(
    max_attempts=200, wait=ROOM_AFTER_SECONDS, retry_exceptions=[InboxIsFull]
)
log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="amends.web.intake.jobs.pull_due", pass_context=False)
def pull_due(timestamp: int) -> None:  # noqa: ARG001
    """Have the sources pulled whose time has come."""
    now = timezone.now()
    free = max(0, MOST_AT_ONCE - pulling.running(now))
    for source in pulling.due(now)[:free]:
        call(source.pk)


@app.task(pass_context=False)
def pull(source: int) -> None:
    """Pull one source; when it has more than one run may take, go on at once."""
    run = pulling.pull_source(source)
    if run is not None and run.is_cut and run.next_at is not None:
        call(source, wait_seconds=max(0, int((run.next_at - timezone.now()).total_seconds())))


def call(source: int, *, wait_seconds: int = 0) -> None:
    """Ask for a source to be pulled; once is enough however often it is asked."""
    lock = f"amends.pull.{source}"
    job = pull.configure(queueing_lock=lock, schedule_in={"seconds": wait_seconds})
    try:
        with transaction.atomic():  # a refusal undoes nothing else
            job.defer(source=source)
    except AlreadyEnqueued:
        return


@app.task(pass_context=False)
def rehearse_import(pk: int) -> None:
    """Read an uploaded file to its end and note what would become of its rows."""
    found = Import.objects.get(pk=pk)
    if found.state != ImportState.REHEARSING:
        return
    if found.attempts >= MOST_ATTEMPTS:
        _note(pk, state=ImportState.UPLOADED, error=f"It was halted {found.attempts} times.")
        return
    _note(pk, attempts=found.attempts + 1)
    try:
        rehearsal = rehearse(
            path_of(found.upload),
            name=found.file_name,
            source=found.source,
            preset=found.preset,
            told=found.mapping,
            tick=lambda _rows, share: _note(pk, share=share),
        )
    except FileNotFoundError:
        return  # somebody gave it up meanwhile
    except BadInput as error:
        _note(pk, state=ImportState.UPLOADED, error=str(error))
    else:
        _note(pk, state=ImportState.UPLOADED, rehearsal=as_json(rehearsal), share=1.0)


@app.task(pass_context=False)
def carry_out_import(pk: int) -> None:
    """Take an uploaded file in, or what is left of it; then delete the file."""
    found = Import.objects.get(pk=pk)
    if found.state not in OPEN_IMPORTS or not found.upload:
        return
    if found.attempts >= MOST_ATTEMPTS:
        finish(pk, ImportState.FAILED, f"It was halted {found.attempts} times at the same row.")
    else:
        try:
            found = carry_out(pk, path_of(found.upload), lambda _: None, patience=PATIENCE_SECONDS)
        except (BusyElsewhere, FileNotFoundError):
            return  # another is at it, or somebody cancelled it
        except BadInput:
            log.info("Import %s has failed; its page says why.", pk)
        else:
            if found.state == ImportState.RUNNING:  # no room: others first
                ask_for(CARRY_OUT, pk)
                return
    remove_upload(found.upload)
    Import.objects.filter(pk=pk).update(upload="")


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="amends.web.intake.jobs.look_after_imports", pass_context=False)
def look_after_imports(timestamp: int) -> None:  # noqa: ARG001  (procrastinate passes it)
    """Go on with what a worker was killed at; delete what nobody came back to for a day."""
    now = timezone.now()
    uploads = Import.objects.exclude(upload="")
    for found in uploads.filter(state__in=OPEN_IMPORTS, touched_at__lt=now - HALTED_AFTER):
        ask_for(REHEARSE if found.state == ImportState.REHEARSING else CARRY_OUT, found.pk)
    with transaction.atomic():
        left = uploads.select_for_update().filter(
            state=ImportState.UPLOADED, touched_at__lt=now - ABANDONED_AFTER
        )
        for found in left:
            give_up(found)


@app.task(lock="intake.redrive", retry=UNTIL_THERE_IS_ROOM, pass_context=False)
def redrive(pk: int) -> None:
    """Send the rows of a redrive again, part by part; whoever takes over goes on where it stood."""
    while drive_on(pk):
        pass


def _note(pk: int, **fields: object) -> None:
    """Note how a dry run goes on, unless it was cancelled."""
    waiting = Import.objects.filter(pk=pk, state=ImportState.REHEARSING)
    waiting.update(touched_at=timezone.now(), **fields)
    publish(TOPIC)
