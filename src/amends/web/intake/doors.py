"""Who may deliver: a source's token for the API, a vendor's signature for its webhook.

`accounts.access.with_token` calls these before a view; what they find out lies on the request.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from amends.web.intake.answering import Refusal, refusals_answered
from amends.web.intake.models import SourceToken, TokenScope

PREFIX: Final = "amends_"
"""How tokens begin, so that scanners of leaked secrets know them."""


@refusals_answered
def token_door(request: HttpRequest, parts: Mapping[str, Any]) -> HttpResponse | None:  # noqa: ARG001 - a door
    """Let a request through that bears a token in force and is within its limit."""
    now = timezone.now()
    token = _token_of(request, now)
    _count(token, now)
    request.source_token = token  # type: ignore[attr-defined]
    return None


def token_on(request: HttpRequest, scope: TokenScope = TokenScope.WRITE) -> SourceToken:
    """Return the token that the door let through.

    Raises
    ------
    Refusal
        It does not open this.

    """
    token: SourceToken = request.source_token  # type: ignore[attr-defined]
    if scope == TokenScope.WITHDRAW and token.scope != TokenScope.WITHDRAW:
        raise Refusal(
            403,
            "This token may send signals, but not withdraw them.",
            where=f"token {token.label}",
            remedy="Ask an administrator for a token that may withdraw.",
        )
    return token


def digest_of(secret: str) -> str:
    """Return what is kept of a token: SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token_of(request: HttpRequest, now: datetime) -> SourceToken:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise _unknown("The request bears no token.", "Send the header Authorization: Bearer ….")
    digest = digest_of(secret.strip())
    token = SourceToken.objects.select_related("source").filter(digest=digest).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        raise _unknown("The token is not known.", "Ask an administrator for a new one.")
    if token.revoked_at is not None:
        raise _unknown("The token was revoked.", "Ask an administrator for a new one.")
    if token.expires_at <= now:
        raise _unknown(
            f"The token expired on {token.expires_at:%Y-%m-%d}.",
            "Ask an administrator for a new one.",
        )
    return token


def _unknown(what: str, remedy: str) -> Refusal:
    return Refusal(401, what, where="header Authorization", remedy=remedy)


def _count(token: SourceToken, now: datetime) -> None:
    """Count a use in the minute, in the database: all web processes count together.

    Raises
    ------
    Refusal
        429: the minute's requests are used up.

    """
    minute = now.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_tokenuse AS used (token_id, minute, requests) VALUES (%s, %s, 1)"
            " ON CONFLICT (token_id) DO UPDATE SET minute = excluded.minute, requests ="
            " CASE WHEN used.minute = excluded.minute THEN used.requests + 1 ELSE 1 END",
            [token.pk, minute],
        )
        cursor.execute("SELECT requests FROM intake_tokenuse WHERE token_id = %s", [token.pk])
        [requests] = cursor.fetchone()
    if requests == 1:
        SourceToken.objects.filter(pk=token.pk).update(last_used_at=now)
    if requests > token.requests_per_minute:
        wait = math.ceil((minute + timedelta(minutes=1) - now).total_seconds())
        raise Refusal(
            429,
            f"More than {token.requests_per_minute:,} requests in a minute.",
            where=f"token {token.label}",
            remedy=f"Send the same again in {wait} s.",
            retry_after=wait,
        )
