"""One thing done to many cases, and taking it back.

Each case is done alone, by its own verb: what is refused for one does not keep the others. Entries
are never changed: what is taken back has an entry that says so, and clocks no longer hear it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from amends.flows.report import words
from amends.web.accounts.access import access
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases import actions
from amends.web.cases.models import Batch, BatchItem, Bulk, Case, Entry, State
from amends.web.cases.models.views import UNDO_FOR
from amends.web.cases.transitions import RefusedError
from amends.web.ui.live import publish

Picked = Sequence[tuple[Case, int]]
"""Cases, each with the version that was seen."""


@dataclass(frozen=True, slots=True)
class Done:
    """How many cases it was done to, and why not to the others, in words."""

    n: int
    refused: list[str]
    batch: Batch | None = None


def assign(actor: User, picked: Picked, person: User) -> Done:
    """Give cases to somebody."""

    def does(case: Case, version: int) -> None:
        actions.assign(actor, case, version, person)

    whose = "yours now" if person == actor else f"{person.short_name}’s now"
    return _each(actor, picked, Bulk.ASSIGN, does, whose)


def acknowledge(actor: User, picked: Picked) -> Done:
    """Note that the customers were told that they were heard."""

    def does(case: Case, version: int) -> None:
        actions.acknowledge(actor, case, version)

    return _each(actor, picked, Bulk.ACKNOWLEDGE, does, "acknowledged")


def add_note(actor: User, picked: Picked, text: str) -> Done:
    """Write the same note into cases."""

    def does(case: Case, _version: int) -> None:
        actions.add_note(actor, case, text)

    return _each(actor, picked, Bulk.NOTE, does, "noted")


def _each(
    actor: User, picked: Picked, did: Bulk, does: Callable[[Case, int], None], ending: str
) -> Done:
    items, refused = [], []
    for case, version in picked:
        try:
            with transaction.atomic():
                does(case, version)
                items.append(_item(actor, case))
        except RefusedError as error:
            refused.append(" ".join(error.messages))
        except PermissionDenied:
            refused.append(f"{case.ref}: this is not yours to do.")
    if not items:
        return Done(0, refused)
    verb = "is" if len(items) == 1 else "are"
    title = f"{words.count(len(items), 'case')} {verb} {ending}"
    with transaction.atomic():
        batch = Batch.objects.create(person=actor, at=timezone.now(), did=did, title=title)
        for item in items:
            item.batch = batch
        BatchItem.objects.bulk_create(items)
    return Done(len(items), refused, batch)


def _item(actor: User, before: Case) -> BatchItem:
    """Return what was just done to a case; its lock is still held, or nothing but an entry came."""
    after = Case.objects.only("version").get(pk=before.pk)
    return BatchItem(
        entry=before.entries.filter(by=actor).latest("pk"),
        version=after.version,
        owner_before_id=before.owner_id,
        was_acknowledged=before.acknowledged_at is not None,
    )


def undoable(actor: User, now: datetime) -> Batch | None:
    """Return the newest thing that a person can still take back: one query."""
    recent = Batch.objects.filter(person=actor, at__gt=now - UNDO_FOR)
    newest = recent.order_by("-at", "-pk").first()
    return newest if newest is not None and newest.undone_at is None else None


def undo(actor: User, pk: int) -> Done:
    """Take back what the actor did to many cases; those that changed since stay as they are.

    Raises
    ------
    Http404
        It is not the actor's.
    RefusedError
        It was taken back already, or too much time has passed.
    """
    with transaction.atomic():
        batch = Batch.objects.select_for_update().filter(pk=pk, person=actor).first()
        if batch is None:
            raise Http404
        if batch.undone_at is not None:
            raise RefusedError("This was taken back already.")
        if batch.at <= timezone.now() - UNDO_FOR:
            raise RefusedError("It is too late to take this back. Change the cases one by one.")
        batch.undone_at = timezone.now()
        batch.save(update_fields=["undone_at"])
        refused = []
        items = list(batch.items.select_related("entry__case").order_by("pk"))
        for item in items:
            try:
                with transaction.atomic():
                    _take_back(actor, batch, item)
            except RefusedError as error:
                refused.append(" ".join(error.messages))
            except (PermissionDenied, Http404):
                refused.append(f"{item.entry.case.ref}: this is not yours to do any more.")
        return Done(len(items) - len(refused), refused, batch)


def _take_back(actor: User, batch: Batch, item: BatchItem) -> None:
    case = item.entry.case
    if batch.did == Bulk.NOTE:
        locked = Case.objects.select_for_update().get(pk=case.pk)
        access(actor, locked, see=Verb.CASE_READ, do=Verb.CASE_WORK)
        _tell(actor, item.entry)
        publish(actions.TOPIC)
        return
    with actions.changing(actor, case, item.version, do=Verb.CASE_WORK) as locked:
        locked.owner_id = item.owner_before_id
        if batch.did == Bulk.ACKNOWLEDGE:
            locked.state = State.NEW
            if not item.was_acknowledged:
                locked.acknowledged_at = None
        _tell(actor, item.entry)


def _tell(actor: User, entry: Entry) -> None:
    Entry.objects.create(
        case_id=entry.case_id,
        at=timezone.now(),
        kind=entry.kind,
        title=f"Taken back: {entry.title}"[:200],
        by=actor,
        takes_back=entry,
    )
