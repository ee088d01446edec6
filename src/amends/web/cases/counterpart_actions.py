"""What administrators do to cashier and post: connect them, change them, switch them off and on."""

from typing import Final, TypeVar
from urllib.parse import urlsplit

from django.db import connection, transaction

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import TOPIC
from amends.web.cases.models import Counterpart
from amends.web.cases.transitions import RefusedError
from amends.web.intake.sealing import seal
from amends.web.ui.live import publish

SHORTEST_SECRET: Final = 24
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('cases.counterpart'))"


C = TypeVar("C", bound=Counterpart)


def set_counterpart(kind: type[C], actor: User, address: str, secret: str, *, is_on: bool) -> C:
    """Say where errands go and with which secret they are signed; "" keeps the one there is.

    The secret is sealed and never shown again. Another address needs its secret typed again, so
    that nobody leads errands elsewhere without knowing it.

    Raises
    ------
    RefusedError
        With the keys `address`, `secret`.
    """
    require(actor, Verb.SYSTEM_MANAGE)
    _require_address(address)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        found = kind._default_manager.first() or kind()  # noqa: SLF001  (Django's own name)
        if not secret and found.address != address:
            raise RefusedError({"secret": "Type the secret of this address."})
        if secret:
            if len(secret) < SHORTEST_SECRET:
                needed = f"A secret has at least {SHORTEST_SECRET} characters; whsec_… is usual."
                raise RefusedError({"secret": needed})
            found.secret = seal({"secret": secret})
        found.address, found.is_on = address, is_on
        found.save()
        publish(TOPIC)
        return found


def _require_address(address: str) -> None:
    parts = urlsplit(address)
    is_local = parts.hostname in _HERE
    if not parts.hostname or parts.scheme not in ({"https", "http"} if is_local else {"https"}):
        raise RefusedError({"address": "Write it as https://desk.example.com/amends."})
    if parts.username or parts.password:
        raise RefusedError({"address": "A password does not belong here: the secret signs."})
