"""What administrators do to the cashier: connect it, change it, switch it off and on."""

from typing import Final
from urllib.parse import urlsplit

from django.db import connection, transaction

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.actions import TOPIC
from amends.web.cases.models import Cashier
from amends.web.cases.transitions import RefusedError
from amends.web.intake.sealing import seal
from amends.web.ui.live import publish

SHORTEST_SECRET: Final = 24
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('cases.cashier'))"


def set_cashier(actor: User, address: str, secret: str, *, is_on: bool) -> Cashier:
    """Say where payments go and with which secret they are signed; "" keeps the one there is.

    The secret is sealed and never shown again. Another address needs its secret typed again, so
    that nobody leads payments elsewhere without knowing it.

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
        cashier = Cashier.objects.first() or Cashier()
        if not secret and cashier.address != address:
            raise RefusedError({"secret": "Type the secret of this address."})
        if secret:
            if len(secret) < SHORTEST_SECRET:
                needed = f"A secret has at least {SHORTEST_SECRET} characters; whsec_… is usual."
                raise RefusedError({"secret": needed})
            cashier.secret = seal({"secret": secret})
        cashier.address, cashier.is_on = address, is_on
        cashier.save()
        publish(TOPIC)
        return cashier


def _require_address(address: str) -> None:
    parts = urlsplit(address)
    is_local = parts.hostname in _HERE
    if not parts.hostname or parts.scheme not in ({"https", "http"} if is_local else {"https"}):
        raise RefusedError({"address": "Write it as https://pay.example.com/amends."})
    if parts.username or parts.password:
        raise RefusedError({"address": "A password does not belong here: the secret signs."})
