"""One message as a record: who wrote, when, what about, and the text."""

import email
import email.policy
import re
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import cast

from amends.engine.contracts import Kind

_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "blockquote"}
_UNSEEN = {"style", "script", "head", "title"}


def record_of(raw: bytes, fallback_id: str, received_at: datetime | None) -> dict[str, object]:
    """Return a message in amends' own columns; whatever is broken in it, the rest is read."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    subject, sender = _header(message, "Subject"), _header(message, "From")
    record = {
        "external_id": _header(message, "Message-ID").strip("<> ") or fallback_id,
        "kind": Kind.COMPLAINT.value,
        "occurred_at": received_at.isoformat() if received_at else None,
        "customer_id": parseaddr(sender)[1].lower() or None,
        "subject": subject or None,
        "verbatim": _text(message) or None,
        "channel": "email",
        "case_ref": _header(message, "In-Reply-To").strip("<> ") or None,
        "to": parseaddr(_header(message, "To"))[1].lower() or None,
        "auto_submitted": _header(message, "Auto-Submitted") or None,
    }
    return {name: value for name, value in record.items() if value is not None}


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message[name]
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return ""  # the standard library trips over some malformed headers
    return " ".join(str(value or "").split())


def _text(message: EmailMessage) -> str:
    """Return the plain text of a message, else its HTML without marks."""
    try:
        body = message.get_body(preferencelist=("plain", "html"))
    except (AttributeError, KeyError, ValueError):
        body = None
    if body is None:
        return ""
    text = _content(cast("EmailMessage", body))
    return _from_html(text) if body.get_content_subtype() == "html" else text.strip()


def _content(part: EmailMessage) -> str:
    try:
        found: str = part.get_content()
    except (LookupError, ValueError, AttributeError):  # an unknown or wrong character set
        found = cast("bytes", part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    return found.replace("\r\n", "\n").replace("\0", "")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(re.sub(r"\s+", " ", data))


def _from_html(text: str) -> str:
    words = _Words()
    words.feed(text)
    words.close()
    lines = (line.strip() for line in "".join(words.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
