"""Secrets of sources, sealed with a key that follows from this installation's secret key."""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from amends.engine.contracts import BadInput


def seal(secrets: Mapping[str, str]) -> bytes:
    """Return secrets by name as bytes that say nothing without the installation's key."""
    return _fernet().encrypt(json.dumps(dict(secrets)).encode()) if secrets else b""


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    """Return the secrets that `seal` was given.

    Raises
    ------
    BadInput
        They were sealed with another key.

    """
    if not sealed:
        return {}
    try:
        found: dict[str, str] = json.loads(_fernet().decrypt(bytes(sealed)))
    except InvalidToken:
        raise BadInput(
            "The secrets of this source were sealed with another secret key.",
            remedy="Start amends with the AMENDS_SECRET_KEY of that time, or enter them again.",
        ) from None
    return found


def _fernet() -> Fernet:
    digest = hashlib.sha256(f"amends sources {settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
