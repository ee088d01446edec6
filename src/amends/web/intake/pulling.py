"""Pulling a source: what a page brings and where to go on are committed together.

One process at a time pulls a source: an advisory lock says so, and a process that dies lets go of
it. A pull ends after a while although there is more, so that other jobs have their turn; it goes on
at once. A source that fails is left alone for longer each time, and says why.
"""

import json
import logging
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from amends.connectors import pull_named
from amends.connectors.pulling import Asked, Gone, Later, Patience
from amends.engine.contracts import BadInput
from amends.flows.pulling import Pulled, Rules, pull
from amends.web.intake.accepting import kind_of, take_in
from amends.web.intake.models import PullRun, Source, Way
from amends.web.intake.receiving import InboxIsFull, check_room, withdraw
from amends.web.intake.sealing import unseal
from amends.web.ui.live import publish

TOPIC: Final = "sources"
LONGEST_RUN_SECONDS: Final = 90.0
LONGEST_BACK_OFF: Final = timedelta(hours=6)
DIED: Final = "The worker stopped in the middle; what was read by then is kept."
DEAD_AFTER: Final = timedelta(minutes=15)
"""A run that has not ended by now is not running any more."""
MOST_KEPT: Final = 200
"""Runs of one source that are kept."""
log = logging.getLogger(__name__)


def due(now: datetime) -> list[Source]:
    """Return the sources that are to be pulled, longest waiting first."""
    last = PullRun.objects.filter(source=OuterRef("pk")).order_by("-started_at", "-pk")
    sources = Source.objects.filter(
        way=Way.PULL, is_paused=False, every_minutes__isnull=False
    ).annotate(
        last_started_at=Subquery(last.values("started_at")[:1]),
        last_finished_at=Subquery(last.values("finished_at")[:1]),
        next_at=Subquery(last.values("next_at")[:1]),
    )
    waiting = [source for source in sources if _is_due(source, now)]
    beginning = datetime.min.replace(tzinfo=now.tzinfo)
    return sorted(waiting, key=lambda source: getattr(source, "next_at", None) or beginning)


def _is_due(source: Source, now: datetime) -> bool:
    started_at, finished_at, next_at = (
        getattr(source, name) for name in ("last_started_at", "last_finished_at", "next_at")
    )
    if started_at is None:
        return True
    if finished_at is None:
        return bool(started_at < now - DEAD_AFTER)
    return next_at is not None and next_at <= now


def running(now: datetime) -> int:
    """Return how many sources are pulled at this moment."""
    return PullRun.objects.filter(finished_at=None, started_at__gte=now - DEAD_AFTER).count()


def pull_source(
    pk: int, *, patience: Patience | None = None, longest_seconds: float = LONGEST_RUN_SECONDS
) -> PullRun | None:
    """Pull a source until it has no more, fails, or its time is up.

    Returns None when somebody else pulls it, it is paused or there is none.
    """
    with _alone(pk) as is_alone:
        source = Source.objects.filter(pk=pk, way=Way.PULL, is_paused=False).first()
        if not is_alone or source is None:
            return None
        PullRun.objects.filter(source=source, finished_at=None).update(
            finished_at=timezone.now(), error=DIED, next_at=timezone.now()
        )
        run = PullRun.objects.create(source=source, started_at=timezone.now())
        pause = 0
        try:
            run.is_cut = _read(source, run, patience or Patience(), longest_seconds)
        except InboxIsFull as full:
            run.is_cut, pause = True, full.retry_after_seconds
        except BadInput as error:
            run.error = str(error)
            pause = error.retry_after_seconds if isinstance(error, Later) else 0
        except Exception as error:  # whatever it is, the source is tried again and says why
            log.exception("Source %s could not be pulled.", source.name)
            run.error = f"Something went wrong here: {type(error).__name__}. The log has more."
        return _finish(source, run, pause)


def _read(source: Source, run: PullRun, patience: Patience, longest_seconds: float) -> bool:
    """Take page after page; return whether there is more."""
    options = {name: str(value) for name, value in source.options.items()}
    asked = Asked(options, unseal(source.secrets), source.state, patience)
    rules = Rules(source.name, source.mapping, kind_of(source))
    until = time.monotonic() + longest_seconds
    for page in pull(pull_named(source.connector), asked, rules):
        check_room()
        if not _keep(page, source, run):
            return False
        if time.monotonic() > until:
            return True
    return False


@transaction.atomic
def _keep(page: Pulled, source: Source, run: PullRun) -> bool:
    """Commit a page with where to go on; False when the source was changed or paused meanwhile."""
    newest = Source.objects.select_for_update().filter(pk=source.pk).first()
    if newest is None or newest.is_paused or _told(newest) != _told(source):
        return False
    receipts = []
    if page.read.read:
        receipts.append(take_in(page.read, source, timezone.now(), Way.PULL))
    if page.gone:
        receipts.append(withdraw(_ids(page.gone, source), source.name, timezone.now(), Way.PULL))
    for receipt in receipts:
        run.rows += receipt.rows
        run.accepted += receipt.accepted
        run.quarantined += receipt.quarantined
    run.pages += 1
    source.state = json.loads(json.dumps(page.state))
    Source.objects.filter(pk=source.pk).update(state=source.state)
    run.save(update_fields=["pages", "rows", "accepted", "quarantined"])
    publish(TOPIC)
    return True


def _ids(gone: Sequence[Gone], source: Source) -> pa.Table:
    latest: dict[str, int] = {}
    for one in gone:
        latest[one.external_id] = max(one.version, latest.get(one.external_id, 0))
    return pa.table(
        {
            "source": pa.array([source.name] * len(latest), pa.string()),
            "external_id": pa.array(list(latest), pa.string()),
            "version": pa.array(list(latest.values()), pa.int32()),
        }
    )


def _told(source: Source) -> tuple[object, ...]:
    """Return what a pull goes by: when somebody changes it, the pull under way ends."""
    return source.state, source.options, source.mapping, bytes(source.secrets)


@transaction.atomic
def _finish(source: Source, run: PullRun, pause_seconds: int) -> PullRun | None:
    """Note how it ended and when it goes on."""
    if not Source.objects.select_for_update().filter(pk=source.pk).exists():
        return None
    run.finished_at = timezone.now()
    if run.error:
        run.next_at = run.finished_at + back_off(_failures(source) + 1, pause_seconds)
    elif run.is_cut:
        run.next_at = run.finished_at + timedelta(seconds=pause_seconds)
    elif source.every_minutes is not None:
        run.next_at = run.started_at + timedelta(minutes=source.every_minutes)
    run.save()
    old = PullRun.objects.filter(source=source).order_by("-started_at", "-pk")
    PullRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[MOST_KEPT:])).delete()
    publish(TOPIC)
    return run


def back_off(failures: int, asked_seconds: int) -> timedelta:
    """Return how long a source is left alone after so many failures in a row.

    1, 2, 4 … minutes, six hours at most; what the source itself asks for, if that is longer.
    """
    by_count = min(timedelta(minutes=2 ** min(failures - 1, 12)), LONGEST_BACK_OFF)
    return max(by_count, timedelta(seconds=asked_seconds))


def _failures(source: Source) -> int:
    """Return how often in a row the last runs failed; a worker that died is no failure."""
    ended = PullRun.objects.filter(source=source).exclude(finished_at=None).exclude(error=DIED)
    errors = ended.order_by("-started_at", "-pk").values_list("error", flat=True)[:12]
    failed = 0
    for error in errors:
        if not error:
            break
        failed += 1
    return failed


@contextmanager
def _alone(pk: int) -> Iterator[bool]:
    """Hold the source's lock as long as this process lives; False when another one has it."""
    key = zlib.crc32(f"amends pull {pk}".encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        [is_alone] = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
