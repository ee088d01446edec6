"""Messages of an IMAP mailbox, each once, left unread and where they are.

RFC 3501: a message is known by its UID as long as the folder's UIDVALIDITY holds; when that
changes, everything is read again, and a message is still recognised by its Message-ID. The folder
is opened with EXAMINE and messages are fetched with BODY.PEEK, so that nothing changes in it.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from amends.connectors.pulling import (
    SINCE,
    Asked,
    Later,
    Need,
    Page,
    Pull,
    Refused,
    held_out,
    instant_of,
)

from .message import record_of

_AT_ONCE: Final = 50
_WINDOW: Final = 10_000
"""UIDs that are searched at once, so that no answer grows beyond what a line may be."""
_MOST_BYTES: Final = 2_000_000
"""Of one message; its text stands before its attachments."""
_HERE: Final = {"localhost", "127.0.0.1", "::1"}
_UID: Final = re.compile(rb"\bUID (\d+)")
_WHEN: Final = re.compile(rb'\bINTERNALDATE "([^"]+)"')


def pages(asked: Asked) -> Iterator[Page]:
    """Read the messages that arrived since the last pull."""
    where = f"{asked.option('user')} at {asked.option('host')}"
    with _said(where), _opened(asked) as box:
        validity, next_uid = _examine(box, asked.option("folder") or "INBOX", where)
        is_same = asked.state.get("validity") == validity
        done = int(str(asked.state.get("uid") or 0)) if is_same else 0
        since = instant_of(asked.option("since"))
        for start in range(done + 1, next_uid, _WINDOW):
            end = min(start + _WINDOW, next_uid) - 1
            uids = _search(box, start, end, since)
            for place in range(0, len(uids), _AT_ONCE):
                some = uids[place : place + _AT_ONCE]
                records = _fetch(box, some, validity)
                yield Page({"validity": validity, "uid": some[-1]}, records)
            yield Page({"validity": validity, "uid": end})


@contextmanager
def _opened(asked: Asked) -> Iterator[imaplib.IMAP4]:
    host, security = asked.option("host"), asked.option("security") or "tls"
    held_out(
        security != "none" or host in _HERE,
        "Without encryption a mailbox is read on this machine only.",
        where=host,
        remedy="Choose TLS or STARTTLS.",
    )
    timeout = asked.patience.timeout_seconds
    context = ssl.create_default_context()
    port = int(asked.option("port") or (993 if security == "tls" else 143))
    if security == "tls":
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=timeout)
    else:
        box = imaplib.IMAP4(host, port, timeout=timeout)
    try:
        if security == "starttls":
            box.starttls(context)
        _log_in(box, asked)
        yield box
    finally:
        _leave(box)


def _log_in(box: imaplib.IMAP4, asked: Asked) -> None:
    try:
        box.login(asked.option("user"), asked.secret("password"))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise Refused(
            "The mailbox does not accept user and password.",
            where=asked.option("host"),
            remedy="Enter them again; some providers want a password made for this purpose.",
        ) from None


def _leave(box: imaplib.IMAP4) -> None:
    try:
        box.logout()
    except (imaplib.IMAP4.error, OSError):
        with suppress(OSError):
            box.shutdown()


def _examine(box: imaplib.IMAP4, folder: str, where: str) -> tuple[int, int]:
    """Open a folder without changing it; return its UIDVALIDITY and UIDNEXT."""
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    answer, _ = box.select(quoted, readonly=True)
    if answer != "OK":
        raise Refused(f"There is no folder {folder!r}.", where=where)
    validity, next_uid = (_number(box.response(name)[1]) for name in ("UIDVALIDITY", "UIDNEXT"))
    held_out(validity and next_uid, "The server gives messages no lasting numbers.", where=where)
    return validity, next_uid


def _number(found: Sequence[object]) -> int:
    return int(found[0]) if found and isinstance(found[0], bytes) else 0


def _search(box: imaplib.IMAP4, start: int, end: int, since: datetime | None) -> list[int]:
    """Return the UIDs of the messages from start to end, lowest first."""
    terms = [f"UID {start}:{end}"]
    if since is not None:
        terms.append(f"SINCE {imaplib.Time2Internaldate(since)[1:12].lstrip()}")
    answer, found = box.uid("SEARCH", *terms)
    if answer != "OK":
        raise Later("The server did not search.")
    uids = {int(uid) for line in found if line for uid in line.split()}
    return sorted(uid for uid in uids if start <= uid <= end)


def _fetch(box: imaplib.IMAP4, uids: Sequence[int], validity: int) -> list[dict[str, object]]:
    what = f"(UID INTERNALDATE BODY.PEEK[]<0.{_MOST_BYTES}>)"
    answer, parts = box.uid("FETCH", ",".join(map(str, uids)), what)
    if answer != "OK":
        raise Later("The server did not hand over the messages.")
    records = []
    for place, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        # UID and date may stand before the text or behind it.
        behind = parts[place + 1] if place + 1 < len(parts) else b""
        about = part[0] + b" " + (behind if isinstance(behind, bytes) else b"")
        uid, when = _UID.search(about), _WHEN.search(about)
        if uid is not None:
            received = _instant(when.group(1).decode()) if when else None
            records.append(record_of(part[1], f"{validity}-{uid.group(1).decode()}", received))
    return records


def _instant(text: str) -> datetime | None:
    """Return the instant of an INTERNALDATE, " 7-Feb-2026 21:52:25 -0800"."""
    try:
        return parsedate_to_datetime(text.strip().replace("-", " ", 2)).astimezone(UTC)
    except ValueError:
        return None


@contextmanager
def _said(where: str) -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.error as error:
        raise Later(f"The mailbox server broke off: {error}", where=where) from None
    except ssl.SSLCertVerificationError as error:
        raise Refused(
            f"The server’s certificate is not trusted: {error.verify_message}.", where=where
        ) from None
    except OSError as error:
        raise Later(f"The mailbox server does not answer: {error}", where=where) from None


PULL: Final = Pull(
    name="mailbox",
    title="Mailbox",
    summary="Messages that customers send to an address; they stay unread and where they are.",
    needs=(
        Need("host", "Server", "imap.company.example.com", is_place=True),
        Need("port", "Port", "993 with TLS, 143 otherwise", is_required=False),
        Need(
            "security",
            "Encryption",
            kind="choice",
            choices=(("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "None, on this machine")),
            default="tls",
        ),
        Need("user", "User", is_place=True),
        Need("password", "Password", is_secret=True),
        Need("folder", "Folder", is_required=False, default="INBOX", is_place=True),
        SINCE,
    ),
    pages=pages,
    preset="amends",
    every_minutes=5,
)
