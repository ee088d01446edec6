"""What lets a source deliver: tokens of the API, the signing secret of its webhook."""

import base64
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from amends.connectors import webhook_of
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.intake.doors import PREFIX, digest_of
from amends.web.intake.models import Source, SourceToken
from amends.web.intake.sealing import seal, unseal
from amends.web.intake.webhooks import BEFORE, BEFORE_UNTIL, SIGNING
from amends.web.ui.live import publish

TOPIC: Final = "sources"
MONTH: Final = timedelta(days=30)
OVERLAP: Final = timedelta(hours=24)
"""How long the secret before a rotation still holds: time to enter the new one at the vendor's."""
SINCE: Final = "signing_since"
"""The option of a source that says when its secret was set; its change is the audit entry."""
_BYTES: Final = 32


@transaction.atomic
def make_token(
    actor: User, source: Source, *, label: str, scope: str, days: int, requests_per_minute: int
) -> tuple[SourceToken, str]:
    """Make a token; return it and its secret, which is kept nowhere."""
    require(actor, Verb.SYSTEM_MANAGE)
    secret = f"{PREFIX}{secrets.token_urlsafe(_BYTES)}"
    token = SourceToken(
        source=source,
        label=label.strip(),
        digest=digest_of(secret),
        scope=scope,
        requests_per_minute=requests_per_minute,
        expires_at=timezone.now() + timedelta(days=days),
        created_by=actor,
    )
    token.full_clean()
    token.save()
    publish(TOPIC)
    return token, secret


@transaction.atomic
def revoke_token(actor: User, token: SourceToken) -> None:
    """End a token now; its use is still on record."""
    require(actor, Verb.SYSTEM_MANAGE)
    token = SourceToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        publish(TOPIC)


@transaction.atomic
def set_secret(actor: User, source: Source, secret: str = "") -> str:
    """Set the signing secret, or make one; the one before holds for another day."""
    require(actor, Verb.SYSTEM_MANAGE)
    source = Source.objects.select_for_update().get(pk=source.pk)
    now = timezone.now()
    secret = secret.strip() or _new_secret(source)
    kept = unseal(bytes(source.secrets))
    if before := kept.get(SIGNING):
        kept |= {BEFORE: before, BEFORE_UNTIL: (now + OVERLAP).isoformat()}
    source.secrets = seal({**kept, SIGNING: secret})
    source.options = {**source.options, SINCE: now.isoformat()}
    source.save(update_fields=["secrets", "options"])
    publish(TOPIC)
    return secret


def _new_secret(source: Source) -> str:
    if webhook_of(source.connector).name:
        return secrets.token_urlsafe(_BYTES)
    return f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"
