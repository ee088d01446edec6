"""What people do to the book of playbooks: draft a version, publish somebody else’s, discard it."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.utils import timezone

from amends.engine.contracts import BadInput
from amends.engine.recommend.playbooks import SHIPPED, Book, read_book, shipped_book
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import TOPIC
from amends.web.cases.models import BookVersion
from amends.web.cases.transitions import RefusedError
from amends.web.ui.live import publish

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('cases.book'))"


def book_in_force() -> tuple[Book, BookVersion | None]:
    """Return the playbooks that hold now, and their version; None: the shipped ones."""
    rows = BookVersion.objects.filter(published_at__isnull=False).select_related("publisher")
    newest = rows.order_by("published_at", "pk").last()
    return (read_book(newest.text), newest) if newest else (shipped_book(), None)


def book_text() -> str:
    """Return the text of the book in force."""
    version = book_in_force()[1]
    return version.text if version else SHIPPED.read_text(encoding="utf-8")


def current_book_draft() -> BookVersion | None:
    """Return the draft, if there is one."""
    return BookVersion.objects.filter(published_at=None).select_related("author").first()


def draft_book(actor: User, text: str, reason: str) -> BookVersion:
    """Keep a draft in place of the one before; it is checked, and no case follows it yet.

    Raises
    ------
    RefusedError
        With the keys `text`, `reason`.
    """
    require(actor, Verb.PLAYBOOK_EDIT)
    if not reason.strip():
        raise RefusedError({"reason": "Say why: whoever publishes it reads this."})
    try:
        read_book(text)
    except BadInput as error:
        raise RefusedError({"text": str(error)}) from error
    with transaction.atomic():
        _alone()
        BookVersion.objects.filter(published_at=None).delete()
        return BookVersion.objects.create(text=text, reason=reason.strip(), author=actor)


def publish_book(actor: User, pk: int, approvals: Mapping[str, str]) -> BookVersion:
    """Publish somebody else's draft, with who in legal or finance approved its templates.

    Raises
    ------
    RefusedError
        It is the actor's own, no longer the draft, or an approval is missing.
    """
    require(actor, Verb.POLICY_PUBLISH)
    with transaction.atomic():
        _alone()
        draft = BookVersion.objects.filter(pk=pk, published_at=None).first()
        if draft is None:
            raise RefusedError("This draft is gone: somebody changed or published it. Look again.")
        if draft.author_id == actor.pk:
            raise RefusedError("You drafted this yourself: somebody else publishes it.")
        needed = read_book(draft.text).approvals
        given = {name: approvals.get(name, "").strip()[:120] for name in needed}
        if missing := [name for name, who in given.items() if not who]:
            raise RefusedError(f"Say who in {' and '.join(missing)} approved the templates.")
        draft.published_at, draft.publisher, draft.approvals = timezone.now(), actor, given
        draft.save()
        publish(TOPIC)
        return draft


def discard_book(actor: User, pk: int) -> None:
    """Throw a draft away."""
    require(actor, Verb.PLAYBOOK_EDIT)
    BookVersion.objects.filter(pk=pk, published_at=None).delete()


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
