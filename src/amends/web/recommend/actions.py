"""What people do to policy tables: draft a version, publish somebody else’s, discard it."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.engine.recommend import Policy, Table, check, failures, parse_table, succeeded
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.recommend.models import PolicyVersion
from amends.web.recommend.queries import policy_in_force

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('recommend.policy'))"


def draft_policy(
    actor: User, table: str, text: str, reason: str, *, replaces: int | None = None
) -> PolicyVersion:
    """Keep a draft of a table in place of the one before; nothing is decided by it yet.

    It can be read; gaps, overlaps, shadowed rows and examples that fail are shown with it and keep
    it from being published. `replaces` is the draft that was edited (0: there was none): another
    one that somebody kept meanwhile is not overwritten.

    Raises
    ------
    ValidationError
        With the keys `text`, `reason`.
    """
    require(actor, Verb.POLICY_DRAFT)
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever reviews it reads this."})
    try:
        read = parse_table(text, table, tested=False)
    except BadInput as error:
        raise ValidationError({"text": str(error)}) from error
    if read.name != table:
        raise ValidationError({"text": f"This is the table {read.name}, not {table}."})
    with transaction.atomic():
        _alone()
        drafts = PolicyVersion.objects.filter(table=table, published_at=None)
        found = drafts.select_related("author").first()
        if replaces is not None and replaces != (found.pk if found else 0):
            raise ValidationError({"text": _meanwhile(found)})
        drafts.delete()
        return PolicyVersion.objects.create(
            table=table, text=text, reason=reason.strip(), author=actor
        )


def _meanwhile(draft: PolicyVersion | None) -> str:
    if draft is None:
        return "The draft that you changed was published or discarded meanwhile. Look at the table."
    return f"{draft.author} kept another draft meanwhile: open it in another tab and compare."


def publish_policy(actor: User, pk: int) -> PolicyVersion:
    """Publish somebody else's draft: it decides cases received from its first day on.

    Raises
    ------
    ValidationError
        It is the actor's own, no longer the draft, begins before tomorrow, or has faults.
    """
    require(actor, Verb.POLICY_PUBLISH)
    with transaction.atomic():
        _alone()
        draft = PolicyVersion.objects.filter(pk=pk, published_at=None).first()
        if draft is None:
            raise ValidationError("This draft is gone: somebody changed or published it.")
        if draft.author_id == actor.pk:
            raise ValidationError("You drafted this yourself: somebody else reviews it.")
        if reasons := obstacles(parse_table(draft.text, tested=False), timezone.localdate()):
            raise ValidationError(reasons)
        draft.published_at, draft.reviewer = timezone.now(), actor
        draft.save()
        return draft


def discard_policy(actor: User, pk: int) -> None:
    """Throw a draft away."""
    require(actor, Verb.POLICY_DRAFT)
    PolicyVersion.objects.filter(pk=pk, published_at=None).delete()


def obstacles(table: Table, today: date) -> list[str]:
    """Return why a draft cannot be published as it is."""
    found = list(check(table).faults(table.hit))
    found += [f"Example {f.example} fails: {f.what}." for f in failures(table)]
    if table.effective_from <= today:
        found.append(
            f"It would begin on {table.effective_from}: let it begin tomorrow or later, so that "
            "nothing is rewritten that was decided already."
        )
    if not table.examples:
        found.append("It has no examples that say what it must decide: add tests.")
    if not found:
        try:
            Policy(succeeded(policy_in_force().tables, [table]))
        except BadInput as error:
            found.append(str(error))
    return found


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
