"""What connectors with a webhook share: how a delivery is proved, and what it tells."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amends.connectors.times import version_of
from amends.engine.contracts import BadInput

Headers = Mapping[str, str]
"""By their names in small letters."""

SECRET_HEADER: Final = "x-amends-secret"  # noqa: S105 - the name of a header
"""Where the shared secret stands when a vendor signs nothing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That a delivery comes from who knows the secret."""

    nonce: str
    """What no other delivery has; empty where the vendor gives nothing of the sort."""
    signed_at: datetime | None = None
    """When it was signed; None where the vendor does not sign the time."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery tells."""

    records: tuple[Mapping[str, object], ...] = ()
    ignored: int = 0
    """Events that are no signal."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """How one vendor delivers."""

    name: str
    title: str
    set_up: str
    """What to do at the vendor's, and which secret it is."""
    prove: Callable[[Headers, bytes, str], Proof | None]
    """Headers, body and secret → the proof; None: it is not theirs. Compares in constant time."""
    tell: Callable[[Headers, bytes], Told]
    """Raises ValueError where the body is not of the form that the vendor documents."""


def is_same(given: str, expected: str) -> bool:
    """Compare two texts in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def proved_by_secret(headers: Headers, _body: bytes, secret: str) -> Proof | None:
    """Take a shared secret in a header for a proof: it says nothing of the time."""
    return Proof("") if is_same(headers.get(SECRET_HEADER, ""), secret) else None


def hex_hmac(secret: str, message: bytes, algorithm: str) -> str:
    """Return an HMAC in hex."""
    return hmac.new(secret.encode(), message, getattr(hashlib, algorithm)).hexdigest()


def json_of(body: bytes) -> object:
    """Return the document; numbers stay as they are written.

    Raises
    ------
    ValueError
        It is none.

    """
    try:
        return json.loads(body, parse_float=str, parse_constant=str)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def object_of(value: object, what: str) -> dict[str, Any]:
    """Return an object.

    Raises
    ------
    ValueError
        It is none.

    """
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no object")  # noqa: TRY004 - what was sent is wrong, not a type
    return value


def objects_of(value: object, what: str) -> Sequence[dict[str, Any]]:
    """Return one object or an array of them as a list.

    Raises
    ------
    ValueError
        Something among them is none.

    """
    return [object_of(one, what) for one in (value if isinstance(value, list) else [value])]


def versioned(record: Mapping[str, object], changed_at: object) -> dict[str, object]:
    """Return a record with the version that it has since it changed: a later one is higher.

    As pulling counts it, so that both agree which is newer; 1 when the time cannot be read.
    """
    if "version" in record:
        return dict(record)
    try:
        return {**record, "version": version_of(changed_at)}
    except BadInput:
        return {**record, "version": 1}
