"""What people do about rows that could not be read: mend, discard, send many again."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app as jobs

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.intake.models import QuarantinedRow, QuarantineState, Redrive
from amends.web.intake.quarantine import Asked, rows_of, with_column, with_reason
from amends.web.intake.receiving import Answer, InboxIsFull
from amends.web.intake.redriving import CHANGED, drive
from amends.web.ui.live import publish

TOPIC: Final = "quarantine"
REDRIVE: Final = "amends.web.intake.jobs.redrive"
"""The job that does what `ask_redrive` asks for."""
LEAST_REASON: Final = 3
"""Characters that a reason has at least."""
AT_ONCE: Final = 500
"""Rows of a redrive that are committed together."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed in each of many rows before they are sent again."""

    column: str
    before: str
    after: str


@transaction.atomic
def mend(actor: User, row: QuarantinedRow, record: Mapping[str, str]) -> QuarantinedRow:
    """Keep what somebody made of a row and send it again; still bad, it stays with the new reason.

    Raises
    ------
    ValidationError
        It is not in quarantine any more, nothing is left of it, or the inbox is full.
    """
    locked = _open(actor, row)
    kept = {name: value for name, value in record.items() if value}
    if not kept:
        raise ValidationError("Every field is empty. Fill one in, or discard the row.")
    if kept != locked.record:
        locked.edited = json.dumps(kept, ensure_ascii=False)
    try:
        drive([locked], timezone.now(), actor)
    except InboxIsFull as error:
        raise ValidationError(str(error)) from None
    publish(TOPIC)
    return locked


@transaction.atomic
def discard(actor: User, row: QuarantinedRow, because: str) -> QuarantinedRow:
    """Give a row up, with a reason; it is kept and can be taken back.

    Raises
    ------
    ValidationError
        It is not in quarantine any more, or there is no reason.
    """
    locked = _open(actor, row)
    because = because.strip()
    if len(because) < LEAST_REASON:
        raise ValidationError("Say in a few words why it is not needed.")
    locked.state, locked.closed_because = QuarantineState.DISCARDED, because[:200]
    locked.closed_at, locked.closed_by = timezone.now(), actor
    _save(locked)
    return locked


@transaction.atomic
def take_back(actor: User, row: QuarantinedRow) -> QuarantinedRow:
    """Put a discarded row into quarantine again.

    Raises
    ------
    ValidationError
        It was not discarded.
    """
    require(actor, Verb.SIGNAL_MEND)
    locked = QuarantinedRow.objects.select_for_update().get(pk=row.pk)
    if locked.state != QuarantineState.DISCARDED:
        raise ValidationError("Only a discarded row can be taken back.")
    locked.state, locked.closed_because = QuarantineState.OPEN, ""
    locked.closed_at, locked.closed_by = None, None
    _save(locked)
    return locked


def meant(asked: Asked, change: Change | None = None) -> QuerySet[Any]:
    """Return the open rows that a redrive would send: those in which there is what is changed."""
    rows = rows_of(Asked(asked.source, asked.field, asked.reason))
    return with_column(rows, change.column, change.before) if change else rows


@transaction.atomic
def ask_redrive(actor: User, asked: Asked, change: Change | None = None) -> Redrive:
    """Have many rows sent again by a worker.

    Raises
    ------
    ValidationError
        There is no such row, or nothing would change.
    """
    require(actor, Verb.SIGNAL_MEND)
    if change and change.before == change.after:
        raise ValidationError("The old and the new value are the same.")
    rows = meant(asked, change)
    total = rows.count()
    if not total:
        raise ValidationError("No row in quarantine is meant by this.")
    asking = Redrive.objects.create(
        asked_by=actor,
        chosen=asked.chosen(),
        change={"column": change.column, "before": change.before, "after": change.after}
        if change
        else {},
        last_row=rows.order_by().aggregate(last=Max("pk"))["last"],
        total=total,
    )
    jobs.configure_task(REDRIVE).defer(pk=asking.pk)
    return asking


@transaction.atomic
def drive_on(pk: int) -> bool:
    """Send the next rows of a redrive again; False when it is finished. A worker calls this.

    Raises
    ------
    InboxIsFull
        Too much waits already: to be tried again.
    """
    asking = Redrive.objects.select_for_update().select_related(None).get(pk=pk)
    if asking.finished_at:
        return False
    change = Change(**asking.change) if asking.change else None
    todo = meant(Asked(**asking.chosen), change).filter(
        pk__gt=asking.after_row, pk__lte=asking.last_row
    )
    rows = list(todo.order_by("pk").select_for_update(of=("self",))[:AT_ONCE])
    now = timezone.now()
    if change:
        for row in rows:
            record = {**(row.record or {}), change.column: change.after}
            row.edited = json.dumps({n: v for n, v in record.items() if v}, ensure_ascii=False)
    if rows:
        _note(asking, rows, now)
    if len(rows) < AT_ONCE:
        asking.finished_at = now
    asking.save()
    publish(TOPIC)
    return asking.finished_at is None


def _note(asking: Redrive, rows: list[QuarantinedRow], now: datetime) -> None:
    driven = drive(rows, now, asking.asked_by)
    asking.after_row = rows[-1].pk
    asking.done += len(rows)
    asking.accepted += driven.answers[Answer.ACCEPTED]
    asking.duplicates += driven.answers[Answer.DUPLICATE]
    asking.superseded += driven.answers[Answer.SUPERSEDED]
    asking.still_bad += driven.still_bad + driven.answers[Answer.QUARANTINED]
    bad = QuarantinedRow.objects.filter(pk__in=[r.pk for r in rows], state=QuarantineState.OPEN)
    for reason, n in Counter(with_reason(bad).values_list("bare_reason", flat=True)).items():
        asking.reasons[reason] = asking.reasons.get(reason, 0) + n


def _open(actor: User, row: QuarantinedRow) -> QuarantinedRow:
    require(actor, Verb.SIGNAL_MEND)
    locked = QuarantinedRow.objects.select_for_update().get(pk=row.pk)
    if locked.state != QuarantineState.OPEN:
        who = f" by {locked.closed_by}" if locked.closed_by else ""
        raise ValidationError(f"{locked.get_state_display()} meanwhile{who}: nothing was changed.")
    return locked


def _save(row: QuarantinedRow) -> None:
    row.save(update_fields=[*CHANGED])
    publish(TOPIC)
