"""A version of the taxonomy takes the place of the one before; the history follows behind."""

from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.dispatch import Signal
from django.utils import timezone

from amends.flows.learning import split_in
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.classify.asking import HISTORY, ask
from amends.web.classify.in_force import put_in_force, taxonomy_in_force
from amends.web.classify.models import ConfirmedCause, HistoryRun, TaxonomyState, TaxonomyVersion
from amends.web.classify.moving import Move
from amends.web.classify.previewing import classifier_of
from amends.web.classify.taxonomies import change_of
from amends.web.intake.lake import lake
from amends.web.ui.live import publish as tell

LIVE: Final = "taxonomy"
LEAST_REASON: Final = 3
causes_moved: Final = Signal()
"""Sent in the transaction of a publication with `renamed`, old path → new: what names causes by
their paths in the apps above follows."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('classify.taxonomy'))"


def publish(actor: User, pk: int, because: str) -> TaxonomyVersion:
    """Put the draft in force as it was previewed; the history follows.

    Raises
    ------
    ValidationError
        It is no longer the draft, was changed since its preview, or no reason is given.
    """
    require(actor, Verb.TAXONOMY_EDIT)
    because = because.strip()
    if len(because) < LEAST_REASON:
        raise ValidationError("Say why, in a few words.")
    with transaction.atomic():
        alone()
        mine = TaxonomyVersion.objects.filter(pk=pk, state=TaxonomyState.DRAFT).first()
        if mine is None or mine.base != taxonomy_in_force().version:
            raise ValidationError("This draft is gone: somebody published or discarded it.")
        if not mine.changes:
            raise ValidationError("The draft changes nothing.")
        if mine.preview is None:
            raise ValidationError("Look at what would move first: the draft was changed since.")
        learnt = classifier_of(mine) if mine.learns else None
        return put_taxonomy_in_force(actor, mine, because, Move(change_of(mine), learnt))


def put_taxonomy_in_force(
    actor: User, mine: TaxonomyVersion, because: str, how: Move, *, history: bool = True
) -> TaxonomyVersion:
    """Make a version the one in force, in the caller's transaction and under `alone`."""
    now = timezone.now()
    _rename_confirmed(how)
    TaxonomyVersion.objects.filter(is_current=True).update(is_current=False)
    mine.state, mine.is_current = TaxonomyState.PUBLISHED, True
    mine.publisher, mine.published_at, mine.because = actor, now, because[:300]
    mine.parameters = b""
    mine.save()
    if how.classifier is not None:
        put_in_force(how.classifier, now, f"Taxonomy {mine.version}: {because}"[:300])
    causes_moved.send(TaxonomyVersion, renamed=how.change.renamed())
    if history:
        HistoryRun.objects.create(taxonomy=mine, began_at=now)
        ask(HISTORY)
    tell(LIVE)
    return mine


def alone() -> None:
    """Have nobody else change the taxonomy until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)


def _rename_confirmed(how: Move) -> None:
    """Have what people confirmed go by its new names, all at once."""
    parts = split_in(how.change)
    moved = {old: new for old, new in how.change.went.items() if old != new}
    rows = ConfirmedCause.objects.filter(cause__in=moved)
    for old in parts:
        names = [row.hex for row in rows.filter(cause=old).values_list("signal_id", flat=True)]
        if names:
            signals = lake().by_id(names).drop_columns(["delivery"])
            given = how.confirmed(signals)
            for row in rows.filter(cause=old):
                row.cause = given.get(row.signal_id.hex) or moved[old]
                row.save(update_fields=["cause"])
    plain = {old: new for old, new in moved.items() if old not in parts}
    by_new: dict[str, list[UUID]] = {}
    for old, new in plain.items():
        ids = list(ConfirmedCause.objects.filter(cause=old).values_list("signal_id", flat=True))
        by_new.setdefault(new, []).extend(ids)
    for new, ids in by_new.items():
        ConfirmedCause.objects.filter(signal_id__in=ids).update(cause=new)
