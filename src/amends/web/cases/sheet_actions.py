"""What people do to the sheet of clocks: draft a version, publish somebody else’s, discard it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from amends.engine.clocks import Sheet, SheetError, micros_of, next_deadlines, read_sheet
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import TOPIC
from amends.web.cases.clocks import (
    BATCH,
    Heard,
    clocks_of,
    heard_of,
    retime_open_cases,
    sheets,
)
from amends.web.cases.models import Case, ClockSheet
from amends.web.cases.transitions import RefusedError
from amends.web.ui.live import publish

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('cases.clock_sheet'))"


@dataclass(frozen=True, slots=True)
class SheetEffect:
    """What a sheet would change for the cases that are open now."""

    n: int
    """Open cases."""
    moved: int
    """Those whose next deadline would be another."""
    late_before: int
    late_after: int


def current_draft() -> ClockSheet | None:
    """Return the draft, if there is one."""
    rows = ClockSheet.objects.filter(effective_from=None)
    return rows.select_related("author").first()


def draft_sheet(actor: User, text: str, reason: str) -> ClockSheet:
    """Keep a draft in place of the one before; it is checked, and changes nothing yet.

    Raises
    ------
    RefusedError
        With the keys `text`, `reason`.
    """
    require(actor, Verb.POLICY_DRAFT)
    if not reason.strip():
        raise RefusedError({"reason": "Say why: whoever publishes it reads this."})
    try:
        read_sheet(text)
    except SheetError as error:
        raise RefusedError({"text": str(error)}) from error
    with transaction.atomic():
        _alone()
        ClockSheet.objects.filter(effective_from=None).delete()
        return ClockSheet.objects.create(text=text, reason=reason.strip(), author=actor)


def publish_sheet(actor: User, pk: int) -> int:
    """Put somebody else's draft in force and time all open cases anew; return how many moved.

    Raises
    ------
    RefusedError
        It is the actor's own, or no longer the draft.
    """
    require(actor, Verb.POLICY_PUBLISH)
    with transaction.atomic():
        _alone()
        draft = ClockSheet.objects.filter(pk=pk, effective_from=None).first()
        if draft is None:
            raise RefusedError("This draft is gone: somebody changed or published it. Look again.")
        if draft.author_id == actor.pk:
            raise RefusedError("You drafted this yourself: somebody else publishes it.")
        draft.effective_from, draft.publisher = timezone.now(), actor
        draft.save()
        moved = retime_open_cases(draft.effective_from)
        publish(TOPIC)
        return moved


def discard_sheet(actor: User, pk: int) -> None:
    """Throw a draft away."""
    require(actor, Verb.POLICY_DRAFT)
    with transaction.atomic():
        _alone()
        ClockSheet.objects.filter(pk=pk, effective_from=None).delete()


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)


def effect_of(sheet: Sheet, now: datetime) -> SheetEffect:
    """Return what a sheet would change for the cases that are open now, without changing it."""
    cases = list(Case.objects.is_open().order_by("pk")[:BATCH])
    heard, in_force = heard_of(cases), sheets()
    before = _deadlines(cases, heard, in_force, now)
    after = _deadlines(cases, heard, (*in_force, sheet), now)
    at_now = micros_of(now)
    return SheetEffect(
        len(cases),
        sum(a != b for a, b in zip(before, after, strict=True)),
        sum(0 <= due < at_now for due in before),
        sum(0 <= due < at_now for due in after),
    )


def _deadlines(
    cases: Sequence[Case], heard: Heard, under: Sequence[Sheet], now: datetime
) -> list[int]:
    if not cases:
        return []
    clocks = clocks_of(cases, now, heard=heard, under=under)
    found: list[int] = next_deadlines(clocks, len(cases)).due_at.tolist()
    return found
