"""What people say of causes, one verb each: permission, rule and change in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import UNSURE, BadInput
from amends.flows.learning import load_classifier
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Reach, Verb
from amends.web.classify.asking import LEARN, ask, ask_for_relabelling
from amends.web.classify.in_force import VERSIONS_KEPT, put_back
from amends.web.classify.models import ClassifierVersion, ConfirmedCause, Review, Verdict
from amends.web.classify.queries import taxonomy

LEARN_AFTER_SECONDS: Final = 45
MOST_FURTHER: Final = 3
LEAST_REASON: Final = 3
"""Characters that a reason has at least."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person saw before they decided."""

    suggested: str = ""
    confidence: float | None = None
    model_version: str = ""
    was_unsure: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a signal."""

    verdict: Verdict
    cause: str = ""
    also: Sequence[str] = field(default=())
    note: str = ""


@transaction.atomic
def review(
    actor: User, signal_id: str, said: Said, shown: Shown = Shown(), *, is_second: bool = False
) -> Review:
    """Write down what somebody says a signal tells of; the first opinion holds from now on.

    Raises
    ------
    PermissionDenied
    ValidationError
        The cause is none of the taxonomy, or the verdict lacks one.

    """
    if actor.reach(Verb.CAUSE_CORRECT) is not Reach.ALL:
        raise PermissionDenied(Verb.CAUSE_CORRECT)
    cause, also = _checked(said)
    now = timezone.now()
    found, _ = Review.objects.update_or_create(
        signal_id=UUID(signal_id),
        reviewer=actor,
        defaults={
            "suggested": shown.suggested,
            "confidence": shown.confidence,
            "model_version": shown.model_version,
            "was_unsure": shown.was_unsure,
            "verdict": said.verdict,
            "cause": cause,
            "also": list(also),
            "note": said.note.strip()[:200],
            "is_second": is_second,
            "reviewed_at": now,
            "learnt_by": "",
        },
    )
    if not is_second:
        _confirm(found)
    return found


@transaction.atomic
def take_back(actor: User, signal_id: str) -> None:
    """Take one's own review back: another person's first one holds again, else the classifier."""
    reviews = Review.objects.filter(signal_id=UUID(signal_id))
    held = reviews.filter(reviewer=actor, is_second=False).exists()
    reviews.filter(reviewer=actor).delete()
    if not held:
        return
    other = reviews.filter(is_second=False).order_by("reviewed_at").last()
    if other is not None:
        _confirm(other)
        return
    ConfirmedCause.objects.filter(signal_id=UUID(signal_id)).update(
        is_withdrawn=True, confirmed_at=timezone.now(), applied_at=None
    )
    ask_for_relabelling()


@transaction.atomic
def put_in_force_again(actor: User, version: ClassifierVersion, because: str) -> None:
    """Make an earlier classifier the current one: it labels what comes from now on.

    Raises
    ------
    PermissionDenied
    ValidationError
        It is in force already, cannot be read any more, or no reason is given.

    """
    require(actor, Verb.TAXONOMY_EDIT)
    because = because.strip()
    if len(because) < LEAST_REASON:
        raise ValidationError("Say why, in a few words.")
    locked = ClassifierVersion.objects.select_for_update().get(pk=version.pk)
    if locked.is_current:
        raise ValidationError("This classifier is in force already.")
    if not locked.parameters:
        raise ValidationError(
            f"Only the newest {VERSIONS_KEPT} classifiers are kept whole, and this is an older one."
            " Choose a newer one."
        )
    try:
        load_classifier(bytes(locked.parameters))
    except BadInput as error:
        raise ValidationError(str(error)) from None
    put_back(locked, actor, timezone.now(), because[:300])


def _checked(said: Said) -> tuple[str, tuple[str, ...]]:
    known = taxonomy()
    if said.verdict not in {Verdict.ACCEPTED, Verdict.OTHER}:
        return "", ()
    for path in (said.cause, *said.also):
        if known.get(path) is None:
            raise ValidationError(f"“{path}” is no cause of the taxonomy. Choose one of the list.")
    also = tuple(dict.fromkeys(path for path in said.also if path != said.cause))
    if len(also) > MOST_FURTHER:
        raise ValidationError(f"At most {MOST_FURTHER} further causes, please.")
    return said.cause, also


def _confirm(review: Review) -> None:
    """Have it hold; a new cause holds as soon as the taxonomy has it."""
    cause = UNSURE if review.verdict == Verdict.NEW else review.cause
    ConfirmedCause.objects.update_or_create(
        signal_id=review.signal_id,
        defaults={
            "cause": cause,
            "confirmed_at": review.reviewed_at,
            "applied_at": None,
            "is_withdrawn": False,
        },
    )
    ask_for_relabelling()
    ask(LEARN, LEARN_AFTER_SECONDS)
