"""Telling one person something that is no alert: by their channels in order, with receipts.

Whoever lies above alerts says what: nothing climbs, nobody acknowledges it.
"""

from datetime import datetime

from amends.web.accounts.models import User
from amends.web.alerts import soon
from amends.web.alerts.dispatching import dispatch
from amends.web.alerts.models import Notice, NoticeKind


def notify(person: User, title: str, detail: str, href: str, now: datetime) -> Notice:
    """Tell a person, once this transaction has committed; many in an hour stay on the pages.

    Parameters
    ----------
    person
        Who reads it.
    title, detail
        Plain text, and no customer's words: it leaves amends.
    href
        Where it leads within this installation, and where it is seen without any channel.
    now
        When it was written.

    """
    notice = Notice.objects.create(
        kind=NoticeKind.WORD,
        person=person,
        title=title[:200],
        detail=detail[:500],
        href=href[:200],
        created_at=now,
    )
    dispatch(notice, now)
    soon.deliver()
    return notice
