"""Medallia Agent Connect feedback through /v2/data.

https://docs.medallia.com/en/agent-connect/api/data-return: an array of feedback with rising
`sequence_id`, 1,000 at once, those `after` a number; an API key, and with every request a token of
its own, signed with the API secret (HMAC SHA-256, `iat`). 100 requests a minute, then 429.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from amends.connectors.pulling import SINCE, Asked, Need, Page, Pull, Rest, instant_of

_A_PAGE: Final = 1000


def pages(asked: Asked) -> Iterator[Page]:
    """Read the feedback whose sequence number is higher than the last one read."""
    key, secret = asked.secret("key"), asked.secret("secret")
    door = Rest(asked, lambda: {"x-api-key": key, "Authorization": f"Bearer {_token(secret)}"})
    after, since = int(str(asked.state.get("after") or 0)), instant_of(asked.option("since"))
    with door as rest:
        while True:
            params: dict[str, Any] = {"limit": _A_PAGE, "after": after, "include_recovery": "true"}
            if since is not None:
                params["created_at_gte"] = since.isoformat()
            found, _ = rest.get_rows("/v2/data", params)
            after = max([after, *(int(one["sequence_id"]) for one in found)])
            # A survey that was sent and not answered tells nothing; answered, it comes again.
            answered = [_plain(one) for one in found if one.get("response_received_at")]
            yield Page({"after": after}, answered)
            if len(found) < _A_PAGE:
                return


def _plain(feedback: dict[str, Any]) -> dict[str, Any]:
    """Give every answer its value, and the words that come with them one place."""
    answers = feedback.get("answers") or {}
    comments = [a["comment"] for a in answers.values() if isinstance(a, dict) and a.get("comment")]
    plain = {name: _value(answer) for name, answer in answers.items()}
    if comments and not plain.get("comment"):
        plain["comment"] = "\n".join(comments)
    return {**feedback, "answers": plain, "version": feedback["sequence_id"]}


def _value(answer: object) -> object:
    if not isinstance(answer, Mapping):
        return answer
    options = answer.get("selected_options")
    chosen = list(options.values()) if isinstance(options, Mapping) else []
    if len(chosen) == 1 and chosen[0].get("integer_value") is not None:
        return chosen[0]["integer_value"]
    return "; ".join(str(option.get("option_text", "")) for option in chosen) or None


def _token(secret: str) -> str:
    """Return a JSON Web Token of this second."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"iat": int(time.time())}]
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{_base64(signature)}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


PULL: Final = Pull(
    name="medallia",
    title="Medallia Agent Connect",
    summary="Answered surveys with stars, NPS and comments.",
    needs=(
        Need(
            "address",
            "Address",
            "https://SUBDOMAIN.api.stellaconnect.net",
            kind="address",
            is_place=True,
        ),
        Need("key", "API key", "Settings → Integrations", is_secret=True),
        Need("secret", "API secret", is_secret=True),
        SINCE,
    ),
    pages=pages,
    preset="medallia",
)
