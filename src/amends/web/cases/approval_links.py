"""Links in mails by which somebody decides one request, once, without logging in.

A link is signed for one purpose (its salt), one action and one person, and expires with the
request. Opening it shows; only a button decides: mail scanners open links. Whoever decides by it
has exactly the authority they have on pages.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import pghistory
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts.models import Channel, ChannelKind
from amends.web.alerts.outlets import send
from amends.web.cases.approving import approve_action, refuse_action, waiting_action
from amends.web.cases.models import Action, ActionState, ApprovalLink, Case
from amends.web.cases.remedies import words_of
from amends.web.cases.transitions import RefusedError
from amends.web.intake.sealing import unseal

SALT: Final = "amends approval by mail"
PAUSE: Final = timedelta(minutes=2)
MOST_TRIES: Final = 8


class Opened(NamedTuple):
    """What a link leads to, and why it no longer decides; "" while it does."""

    link: ApprovalLink
    why_not: str


def token_of(link: ApprovalLink) -> str:
    """Return the part of the address that proves a link."""
    return signing.dumps([link.pk, link.action_id, link.person_id], salt=SALT)


def opened(token: str, now: datetime) -> Opened | None:
    """Return what a token leads to; None: it was not made here."""
    try:
        pk, action, person = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = ApprovalLink.objects.filter(pk=pk, action=action, person=person)
    link = rows.select_related("action__case__customer", "action__decided_by", "person").first()
    return None if link is None else Opened(link, _why_not(link, now))


def decide(token: str, now: datetime, *, approve: bool, reason: str = "") -> Action:
    """Approve or refuse by a link, once.

    Raises
    ------
    RefusedError
        It decides no longer, or its person may not.
    Http404, PermissionDenied
        The person has lost sight of the case, or the right to approve.
    """
    found = opened(token, now)
    if found is None:
        raise RefusedError("This link was not made here.")
    person = found.link.person
    with transaction.atomic(), pghistory.context(user=person.pk, source="mail link"):
        case = Case.objects.select_for_update().get(pk=found.link.action.case_id)
        link = ApprovalLink.objects.select_for_update(of=("self",)).get(pk=found.link.pk)
        if why_not := _why_not(link, now):
            raise RefusedError(why_not)
        link.used_at, link.mail_due_at = now, None
        link.save()
        if approve:
            return approve_action(person, case, case.version)
        return refuse_action(person, case, case.version, reason)


def mail_links(now: datetime) -> int:
    """Mail the links that are due, each to its person; return how many were delivered."""
    channel = _mail_channel()
    delivered = 0
    for pk in list(_due(now).values_list("pk", flat=True)):
        delivered += _mail(pk, channel, now)
    return delivered


def _due(now: datetime) -> QuerySet[ApprovalLink]:
    waiting = Q(action__state=ActionState.WAITING, expires_at__gt=now)
    return ApprovalLink.objects.filter(waiting, used_at=None, mail_due_at__lte=now)


def _mail(pk: int, channel: Channel | None, now: datetime) -> bool:
    """Claim a link by putting its next try off, then send it."""
    with transaction.atomic():
        mine = _due(now).filter(pk=pk).select_for_update(skip_locked=True, of=("self",))
        link = mine.select_related("action__case", "action__decided_by", "person").first()
        if link is None:
            return False
        link.n_tries += 1
        link.mail_due_at = now + PAUSE * link.n_tries if link.n_tries < MOST_TRIES else None
        link.answer = "" if channel else "There is no e-mail channel that reaches each person."
        link.save()
    if channel is None:
        return False
    title, body = message_of(link)
    receipt = send(unseal(channel.address).get("url", ""), link.person.email, title, body)
    known = {"mail_due_at": None} if receipt.is_delivered else {}
    ApprovalLink.objects.filter(pk=pk).update(answer=receipt.answer[:300], **known)
    return receipt.is_delivered


def message_of(link: ApprovalLink) -> tuple[str, str]:
    """Return title and text of the mail: what is asked, by whom, and nothing of the customer."""
    action = link.action
    words = words_of(action)
    what = f"Take back: {words}" if action.reverses_id else words
    address = settings.PUBLIC_URL + reverse("cases:approval_link", args=[token_of(link)])
    by = action.decided_by.first_name if action.decided_by else "Somebody"
    lines = [
        f"{by} asks you to approve in {action.case.ref}: {what}.",
        *([f"Why: {action.reason}"] if action.reason else []),
        f"Look and decide until {link.expires_at:%d %b %H:%M} UTC: {address}",
        "The link decides this one request, once. Do not forward it.",
    ]
    return f"amends: approve in {action.case.ref}?", "\n\n".join(lines)


def _why_not(link: ApprovalLink, now: datetime) -> str:
    if link.used_at is not None:
        return "This link was used already."
    if link.expires_at <= now:
        return "This link has expired."
    person = User.objects.get(pk=link.person_id)
    if not person.may(Verb.ACTION_APPROVE):
        return f"{person.first_name} may no longer approve."
    waiting = waiting_action(link.action.case)
    if waiting is None or waiting.pk != link.action_id:
        return "This was decided already, or taken back."
    return ""


def _mail_channel() -> Channel | None:
    """Return the first e-mail channel of everybody that writes to each reader alone."""
    rows = Channel.objects.filter(kind=ChannelKind.EMAIL, is_on=True, is_personal=True, person=None)
    return rows.order_by("position", "pk").first()
