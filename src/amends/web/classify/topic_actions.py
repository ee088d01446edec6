"""What people make of topics, one verb each: a cause of its own, or nothing, and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import BadInput, Cause, Severity, add, unchanged, write_taxonomy
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.classify.asking import LEARN_ALL, TOPICS, ask, ask_for_relabelling
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import (
    ConfirmedCause,
    TaxonomyVersion,
    Topic,
    TopicMember,
    TopicState,
)
from amends.web.classify.moving import Move
from amends.web.classify.publishing import alone, put_taxonomy_in_force
from amends.web.classify.taxonomies import draft
from amends.web.classify.taxonomy_actions import carry_into_draft
from amends.web.ui.live import publish

LIVE: Final = "topics"
LEAST_REASON: Final = 3
_NOT_KEY: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class NewCause:
    """What people say of a cause that a topic becomes."""

    label: str
    parent: str
    """Path of a branch; empty: the top."""
    description: str
    examples: Sequence[str] = ()
    severity: Severity = Severity.MEDIUM

    def cause(self) -> Cause:
        """Return the cause."""
        key = _NOT_KEY.sub("_", self.label.lower()).strip("_") or "cause"
        path = f"{self.parent}/{key}" if self.parent else key
        return Cause(
            path,
            self.label.strip(),
            self.description.strip(),
            tuple(example.strip() for example in self.examples if example.strip()),
            default_severity=self.severity,
        )


@transaction.atomic
def make_cause(actor: User, topic: Topic, new: NewCause) -> Cause:
    """Make a topic a cause: the taxonomy gets a version with it, and its signals get the cause.

    Each of its signals counts as if the actor had said so of it; the classifier learns from them.

    Raises
    ------
    ValidationError
        The topic was decided meanwhile, or there is such a cause already.
    """
    require(actor, Verb.TAXONOMY_EDIT)
    mine = _open(topic)
    if not new.label.strip() or not new.description.strip():
        raise ValidationError("A cause needs a name and a sentence that says what it is.")
    alone()
    tree, cause = taxonomy_in_force(), new.cause()
    try:
        change = unchanged(tree).then(add(tree, cause))
    except BadInput as error:
        raise ValidationError(str(error)) from error
    now = timezone.now()
    version = TaxonomyVersion(
        name=tree.name,
        version=change.taxonomy.version,
        base=tree.version,
        document=write_taxonomy(change.taxonomy),
        went=dict(change.went),
        changes=[f"Added “{cause.label}”, which was a topic"],
        learns=True,
        author=actor,
        made_at=now,
    )
    waiting = draft()
    if waiting is not None:
        carry_into_draft(waiting, cause, change.taxonomy.version)
    because = f"Topic {mine.pk} became “{cause.label}”"
    put_taxonomy_in_force(actor, version, because, Move(change, None), history=False)
    names = TopicMember.objects.filter(topic=mine).values_list("signal_id", flat=True)
    ConfirmedCause.objects.bulk_create(
        [ConfirmedCause(signal_id=n, cause=cause.path, confirmed_at=now) for n in names],
        update_conflicts=True,
        unique_fields=["signal_id"],
        update_fields=["cause", "confirmed_at", "applied_at", "is_withdrawn"],
    )
    _decide(mine, actor, state=TopicState.CAUSE, cause=cause.path)
    ask_for_relabelling()
    ask(LEARN_ALL)
    return cause


@transaction.atomic
def dismiss(actor: User, topic: Topic, because: str) -> None:
    """Say that a topic is none; it stays so when it is found again.

    Raises
    ------
    ValidationError
        No reason is given, or it was decided meanwhile.
    """
    require(actor, Verb.TAXONOMY_EDIT)
    because = because.strip()
    if len(because) < LEAST_REASON:
        raise ValidationError("Say why, in a few words.")
    _decide(_open(topic), actor, state=TopicState.DISMISSED, because=because[:300])


@transaction.atomic
def reopen(actor: User, topic: Topic) -> None:
    """Take a dismissal back."""
    require(actor, Verb.TAXONOMY_EDIT)
    mine = Topic.objects.select_for_update().get(pk=topic.pk)
    if mine.state == TopicState.DISMISSED:
        _decide(mine, actor, state=TopicState.OPEN)


def look_again(actor: User) -> None:
    """Have topics searched for now."""
    require(actor, Verb.TAXONOMY_EDIT)
    ask(TOPICS)


def _open(topic: Topic) -> Topic:
    mine = Topic.objects.select_for_update().get(pk=topic.pk)
    if mine.state != TopicState.OPEN:
        raise ValidationError(f"It was decided meanwhile: {mine.get_state_display().lower()}.")
    return mine


def _decide(
    topic: Topic, actor: User, *, state: TopicState, because: str = "", cause: str = ""
) -> None:
    topic.state, topic.because, topic.cause = state, because, cause
    topic.decided_by, topic.decided_at = actor, timezone.now()
    topic.save(update_fields=["state", "because", "cause", "decided_by", "decided_at"])
    publish(LIVE)
