"""Talking to cashier and post: one signed request, one answer, within a deadline.

Requests are signed as Standard Webhooks says (https://www.standardwebhooks.com). The id is the
errand's key, and stands in `Idempotency-Key`, too: one that has seen it answers again with
what it said the first time and moves nothing (draft-ietf-httpapi-idempotency-key-header).
"""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from amends.connectors.generic.webhook import sign

log = logging.getLogger(__name__)

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
DEADLINE_SECONDS: Final = 20.0
"""After this nobody waits any more, whatever the other side still does: it may trickle for ever."""
LONGEST_ANSWER: Final = 300
MOST_BYTES: Final = 65_536
STILL_AT_IT: Final = 409
"""What the draft above lets a counterpart say while it still works on an earlier try of a key."""
_WAIT_AND_REPEAT: Final = frozenset({408, STILL_AT_IT, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """How a try ended."""

    status: int | None
    """HTTP status; None: there was no answer, and nobody knows whether it arrived."""
    text: str
    reference: str = ""
    wait_seconds: float = 0.0
    """How long the other side asks to wait."""

    @property
    def is_receipt(self) -> bool:
        """Whether the other side has taken the errand."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether the same request would be refused again."""
        is_answer = self.status is not None and 300 <= self.status < 500
        return is_answer and self.status not in _WAIT_AND_REPEAT


def tell_counterpart(
    address: str,
    secret: str,
    key: str,
    body: bytes,
    now: datetime,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Answer:
    """Send one errand and wait for the answer, `deadline_seconds` at the most."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "amends",
        "Idempotency-Key": key,
        **sign(key, now, body, secret),
    }
    heard: list[Answer] = []
    talking = threading.Thread(
        target=lambda: heard.append(_post(address, headers, body)),
        name="amends errand",
        daemon=True,
    )
    talking.start()
    talking.join(deadline_seconds)
    if heard:
        return heard[0]
    return Answer(None, f"There was no answer within {deadline_seconds:.0f} seconds.")


def _post(address: str, headers: Mapping[str, str], body: bytes) -> Answer:
    try:
        with (
            requests.Session() as session,
            session.post(
                address,
                data=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            told = _body(response)
            return _read(response.status_code, told, response.headers.get("Retry-After", ""))
    except (RequestException, OSError) as error:
        return Answer(None, f"There is no answer ({type(error).__name__}).")
    except Exception as error:  # nobody sees what a thread raises, and the errand needs an answer
        log.exception("Talking to %s failed", address)
        return Answer(None, f"The answer cannot be read ({type(error).__name__}): see the log.")


def _body(response: requests.Response) -> bytes:
    """Return what an answer says. Where that cannot be read, its status counts all the same."""
    try:
        found: bytes = response.raw.read(MOST_BYTES, decode_content=True)
    except (HTTPError, OSError) as error:
        return f"(what else it says cannot be read: {type(error).__name__})".encode()
    return found


def _read(status: int, told: bytes, wait: str) -> Answer:
    text = " ".join(told.decode(errors="replace").replace("\0", "").split())[:LONGEST_ANSWER]
    seconds = float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 7 else 0.0
    return Answer(status, f"{status} {text}".strip()[:LONGEST_ANSWER], _reference(told), seconds)


def _reference(told: bytes) -> str:
    """Return how the other side calls it: `reference` or `id` of a JSON object."""
    try:
        known: Any = json.loads(told)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(known, dict):
        return ""
    found = known.get("reference", known.get("id", ""))
    if not isinstance(found, str | int):
        return ""
    whole = str(found).encode(errors="replace").decode()  # JSON may name half a surrogate pair
    return whole.replace("\0", "")[:80]
