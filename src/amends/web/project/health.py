"""What is healthy and what is not: the checks behind `amends doctor`, the System page, `/readyz`.

A check never raises: what it cannot find out is a finding.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from amends.engine.contracts import BadInput
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Role
from amends.web.detect.models import Series, WatchRun
from amends.web.intake import accounting
from amends.web.intake.lake import lake
from amends.web.intake.models import Delivery, DeliveryState, Landing, Upkeep
from amends.web.intake.room import count_waiting
from amends.web.project.alert_health import check_alerts
from amends.web.project.assets import is_prepared
from amends.web.project.audit_health import check_audit
from amends.web.project.findings import Finding, State, first_line
from amends.web.project.home import LITTLE_SPACE_MB, open_home
from amends.web.project.tables import pending_migrations

INBOX_IS_LATE: Final = timedelta(minutes=10)
UPKEEP_IS_LATE: Final = timedelta(minutes=15)
MOST_NAMED: Final = 3
DAY: Final = timedelta(days=1)
WORKER_IS_LATE: Final = timedelta(seconds=60)
"""A worker writes its heartbeat every ten seconds."""


def check_database() -> Finding:
    """Reach the database and say which it is."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone() or ("unknown",)
    except DatabaseError as error:
        return Finding(
            "Database",
            State.BROKEN,
            f"It cannot be reached: {first_line(error)}",
            "Start `amends serve`, which brings its own; or start the server in DATABASE_URL.",
        )
    where = "at DATABASE_URL" if settings.ENVIRONMENT.database_url else "in the data folder"
    return Finding("Database", State.WELL, f"PostgreSQL {version} {where}")


def check_migrations() -> Finding:
    """Compare the tables with what this version of amends expects."""
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        return Finding("Tables", State.BROKEN, f"They cannot be read: {first_line(error)}")
    if pending:
        return Finding(
            "Tables",
            State.BROKEN,
            f"{len(pending)} migrations are pending, the first is {pending[0]}.",
            "Run `amends migrate`; `amends serve` does so when it starts.",
        )
    return Finding("Tables", State.WELL, "All migrations are applied")


def check_home() -> Finding:
    """Look at the data folder and the space on its disk."""
    try:
        home = open_home(settings.AMENDS_HOME)
    except BadInput as error:
        return Finding("Data folder", State.BROKEN, f"{error.where}: {error.what}", error.remedy)
    free = home.free_mb
    if free < LITTLE_SPACE_MB:
        return Finding(
            "Data folder",
            State.WARNING,
            f"{home.path} has {free:,} MB left; PostgreSQL stops when a disk is full.",
            "Make room, or move the folder to a larger disk and set AMENDS_HOME.",
        )
    return Finding("Data folder", State.WELL, f"{home.path}, {free / 1024:,.0f} GB free")


def check_worker() -> Finding:
    """Look for the heartbeat of a worker."""
    try:
        newest = ProcrastinateWorker.objects.order_by("-last_heartbeat").first()
    except DatabaseError as error:
        return Finding("Worker", State.BROKEN, f"It cannot be looked up: {first_line(error)}")
    if newest is None:
        remedy = "Start `amends worker`, or `amends serve` for everything."
        return Finding(
            "Worker", State.BROKEN, "No worker is running: nothing is processed.", remedy
        )
    silence = timezone.now() - newest.last_heartbeat
    if silence > WORKER_IS_LATE:
        return Finding(
            "Worker",
            State.BROKEN,
            f"The worker has been silent for {int(silence.total_seconds() // 60)} minutes.",
            "Restart `amends worker`; what it was doing is taken up again.",
        )
    return Finding("Worker", State.WELL, "Its heart beat less than a minute ago")


def check_jobs() -> Finding:
    """Look for jobs that failed for good in the last day."""
    day_ago = timezone.now() - DAY
    try:
        failed = ProcrastinateJob.objects.filter(
            status="failed", procrastinateevent__at__gt=day_ago
        ).distinct()
        names = sorted({job.task_name for job in failed[:100]})
    except DatabaseError as error:
        return Finding("Jobs", State.BROKEN, f"They cannot be read: {first_line(error)}")
    if names:
        return Finding(
            "Jobs",
            State.WARNING,
            f"Failed in the last day: {', '.join(names)}.",
            "The worker's log says why; a failed periodic job runs again at its next time.",
        )
    return Finding("Jobs", State.WELL, "None failed in the last day")


def check_inbox() -> Finding:
    """Look whether what arrives is processed."""
    try:
        failed = Delivery.objects.filter(state=DeliveryState.FAILED)
        first, n_failed = failed.order_by("pk").first(), failed.count()
        waiting = Delivery.objects.filter(state=DeliveryState.WAITING)
        oldest = waiting.order_by("received_at").first()
        n_waiting, _ = count_waiting()
        stuck = Landing.objects.filter(done_at=None, attempts__gt=0).order_by("pk").first()
    except DatabaseError as error:
        return Finding("Inbox", State.BROKEN, f"It cannot be read: {first_line(error)}")
    if first is not None:
        return Finding(
            "Inbox",
            State.BROKEN,
            f"{n_failed} deliveries cannot be read any more; the first, {first.pk}, from "
            f"{first.source}: {first.error}",
            "They are kept as they are. Restore a backup, or have the source send them again.",
        )
    if stuck is not None:
        return Finding(
            "Inbox",
            State.BROKEN,
            f"{n_waiting:,} signals wait; something is in the way, at the "
            f"{_ordinal(stuck.attempts)} try: {stuck.error}",
            "Make room or bring back what is away: the worker goes on by itself, and nothing is "
            "lost.",
        )
    if oldest is not None and timezone.now() - oldest.received_at > INBOX_IS_LATE:
        return Finding(
            "Inbox",
            State.WARNING,
            f"{n_waiting:,} signals wait, the oldest since {oldest.received_at:%-d %b %H:%M} UTC.",
            "Start another `amends worker`, or look at the one that runs.",
        )
    return Finding("Inbox", State.WELL, "Everything that arrived is processed")


def check_lake() -> Finding:
    """Reach the lake and say how much it holds."""
    try:
        signals = lake().fetch(lake().signals().count())[0][0].as_py()
    except (BadInput, OSError, RuntimeError) as error:
        what = error.what if isinstance(error, BadInput) else first_line(error)
        return Finding(
            "Lake",
            State.BROKEN,
            f"It cannot be read: {what}",
            "See that AMENDS_LAKE names a folder or bucket that amends may read and write.",
        )
    return Finding("Lake", State.WELL, f"{signals:,} signals")


def check_ledger() -> Finding:
    """Prove that every row that was received is somewhere, once."""
    try:
        sums = accounting.terms()
        lost = accounting.sources_that_do_not_add_up() if sums.unaccounted else []
    except DatabaseError as error:
        return Finding("Ledger", State.BROKEN, f"It cannot be read: {first_line(error)}")
    if sums.unaccounted:
        where = ", ".join(f"{source} {n:+,}" for source, n in lost[:MOST_NAMED])
        return Finding(
            "Ledger",
            State.BROKEN,
            f"{abs(sums.unaccounted):,} of {sums.received:,} rows received are "
            f"{'nowhere' if sums.unaccounted > 0 else 'counted twice'}. "
            f"Received less accounted for: {where or 'no single source'}.",
            "Tables were changed by hand or restored in part: restore a backup as a whole.",
        )
    return Finding(
        "Ledger",
        State.WELL,
        f"{sums.received:,} rows received = {sums.landed:,} landed + {sums.waiting:,} waiting + "
        f"{sums.superseded:,} superseded + {sums.duplicates:,} duplicate + "
        f"{sums.quarantined:,} quarantined + {sums.withdrawn:,} withdrawn"
        f" + {sums.erased:,} erased",
    )


def check_lake_against_ledger() -> Finding:
    """Prove that the lake holds what has landed, each signal once and in its newest version."""
    name = "Lake and ledger"
    try:
        found = accounting.gaps()
    except (BadInput, DatabaseError, OSError, RuntimeError) as error:
        return Finding(name, State.BROKEN, f"They cannot be compared: {first_line(error)}")
    if found is None:
        return Finding(name, State.WELL, "Too much is on its way to compare them just now")
    if found:
        told = "; ".join(
            f"{gap.rows:,} of {gap.source} (delivery {gap.delivery}) are {gap.what}"
            for gap in found[:MOST_NAMED]
        )
        more = f"; and {len(found) - MOST_NAMED} more deliveries" * (len(found) > MOST_NAMED)
        return Finding(
            name,
            State.BROKEN,
            f"They differ in {sum(gap.rows for gap in found):,} signals: {told}{more}.",
            "Restore the lake's folder from the backup that belongs to the database.",
        )
    return Finding(name, State.WELL, "The lake holds every landed signal once, in its version")


def check_upkeep() -> Finding:
    """Look whether the lake is being tidied."""
    try:
        done = {row.name: row for row in Upkeep.objects.all()}
        rows = Landing.objects.filter(done_at__gt=timezone.now() - UPKEEP_IS_LATE).exists()
    except DatabaseError as error:
        return Finding("Upkeep", State.BROKEN, f"It cannot be looked up: {first_line(error)}")
    last = done.get("compaction")
    is_late = last is None or timezone.now() - last.ran_at > UPKEEP_IS_LATE
    if is_late and rows:
        when = "never" if last is None else f"last on {last.ran_at:%-d %b %H:%M} UTC"
        return Finding(
            "Upkeep",
            State.WARNING,
            f"Signals land, and the lake was compacted {when}: reads become slower.",
            "The worker does so every two minutes; its log says why it does not.",
        )
    told = ", ".join(
        f"{row.name} on {row.ran_at:%-d %b %H:%M} UTC ({row.files} files, {row.seconds:.1f} s)"
        for row in sorted(done.values(), key=lambda row: row.name)
    )
    return Finding("Upkeep", State.WELL, f"Last {told}" if told else "Nothing to tidy yet")


def check_watch() -> Finding:
    """Look whether series are watched."""
    try:
        run = WatchRun.objects.order_by("-pk").first()
        series = Series.objects.count()
    except DatabaseError as error:
        return Finding("Watch", State.BROKEN, f"It cannot be looked up: {first_line(error)}")
    if not series:
        return Finding("Watch", State.WELL, "No series yet: they are chosen every night")
    if run is None:
        remedy = "The worker watches when signals land; see the checks of worker and jobs."
        return Finding("Watch", State.WARNING, f"{series:,} series, never watched.", remedy)
    return Finding("Watch", State.WELL, f"{series:,} series, last on {run.ran_at:%-d %b %H:%M} UTC")


def check_static_files() -> Finding:
    """Look whether what browsers load was built and prepared."""
    if is_prepared():
        return Finding("Static files", State.WELL, "Built and prepared")
    return Finding(
        "Static files",
        State.BROKEN,
        "Style sheet and scripts are missing or of another version: pages look bare.",
        "Restart `amends serve`. From a clone run `make setup` first.",
    )


def check_people() -> Finding:
    """Look whether anybody can administrate."""
    try:
        admins = User.objects.filter(roles__contains=[Role.ADMIN], is_active=True).count()
    except DatabaseError as error:
        return Finding("People", State.BROKEN, f"They cannot be read: {first_line(error)}")
    if not admins:
        remedy = "Run `amends user add you@example.com --role admin`."
        return Finding("People", State.WARNING, "There is no administrator.", remedy)
    noun = "administrator" if admins == 1 else "administrators"
    return Finding("People", State.WELL, f"{admins} {noun}")


def check_address() -> Finding:
    """Look whether log-ins travel encrypted."""
    environment = settings.ENVIRONMENT
    if settings.DEBUG:
        remedy = "Unset AMENDS_DEBUG."
        return Finding("Address", State.WARNING, "Debugging shows source code to visitors.", remedy)
    if not environment.is_https and environment.url.hostname not in {
        "localhost",
        "127.0.0.1",
        "::1",
    }:
        return Finding(
            "Address",
            State.WARNING,
            f"{environment.origin} is not encrypted: passwords can be read on the way.",
            "Put a reverse proxy with HTTPS in front and set AMENDS_URL=https://…",
        )
    return Finding("Address", State.WELL, environment.origin)


CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    check_home,
    check_database,
    check_migrations,
    check_worker,
    check_jobs,
    check_inbox,
    check_lake,
    check_ledger,
    check_lake_against_ledger,
    check_upkeep,
    check_watch,
    check_alerts,
    check_audit,
    check_static_files,
    check_people,
    check_address,
)


def examine() -> list[Finding]:
    """Run every check, in the order in which one would mend things."""
    return [check() for check in CHECKS]


def _ordinal(n: int) -> str:
    ending = "th" if 10 < n % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
