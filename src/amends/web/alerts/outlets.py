"""Outlets: what leaves amends through Apprise, with the answer of the other side as a receipt.

An address is an Apprise address (`mailtos://…`, `slack://…`). It is sealed where it is kept, never
shown, and cut out of every answer.
"""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from apprise import Apprise, NotifyBase, NotifyFormat

from amends.engine.contracts import BadInput
from amends.web.alerts.models import ChannelKind

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 10.0
DEADLINE_SECONDS: Final = 20.0
"""After this a try has failed, whatever the other side still does: it may trickle for ever."""
SCHEMES: Final[Mapping[str, frozenset[str]]] = {
    ChannelKind.EMAIL: frozenset({"mailto", "mailtos", "sendgrid", "mailgun", "ses", "smtp2go"}),
    ChannelKind.SMS: frozenset(
        {"twilio", "vonage", "nexmo", "clicksend", "msgbird", "sns", "plivo", "sinch", "d7sms"}
    ),
    ChannelKind.SLACK: frozenset({"slack"}),
    ChannelKind.TEAMS: frozenset({"msteams", "workflow", "workflows"}),
    ChannelKind.WEBHOOK: frozenset({"json", "jsons", "xml", "xmls", "form", "forms"}),
}
"""Which addresses a kind of channel may have; Apprise knows many more, some of this machine."""
EXAMPLES: Final[Mapping[str, str]] = {
    ChannelKind.EMAIL: "mailtos://user:password@smtp.example.com?from=amends@example.com&to={email}",
    ChannelKind.SMS: "twilio://account:token@+15550001111/+15550002222",
    ChannelKind.SLACK: "slack://token_a/token_b/token_c/#service",
    ChannelKind.TEAMS: "workflows://host/workflow/signature",
    ChannelKind.WEBHOOK: "jsons://user:password@hooks.example.com/amends",
}
EMAIL: Final = "{email}"
"""In an address: the reader's own e-mail address."""
_ANYBODY: Final = "reader@example.com"
LONGEST_ANSWER: Final = 300
_WHY: Final = re.compile(r"Socket Exception: (.*)")
_PLAINLY: Final = re.compile(r"\[Errno -?\d+\] ([^\"')]+)|(Read timed out)|\((\d{3}, b?'[^']*')")
"""What is worth telling of a library's long error: the system's reason, or the server's answer."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a try ended."""

    is_delivered: bool
    answer: str


def check_address(kind: str, address: str) -> None:
    """Refuse an address that is not of this kind, or that Apprise cannot use.

    Raises
    ------
    BadInput
        What is wrong, without the address: it holds secrets.
    """
    known = SCHEMES[kind]
    scheme = address.partition("://")[0].lower()
    if scheme not in known:
        raise BadInput(
            f"An address of {ChannelKind(kind).label} does not begin with {scheme[:20]!r}.",
            where="address",
            remedy=f"Write one such as {EXAMPLES[kind]}",
        )
    if _outlet(address, _ANYBODY) is None:
        raise BadInput(
            "This address lacks something, or cannot be read.",
            where="address",
            remedy=f"Compare it with {EXAMPLES[kind]}",
        )


def shown(address: str) -> str:
    """Return an address without its secrets: `json://user:****@host/`."""
    outlet = _outlet(address, _ANYBODY)
    told = _url(outlet, privacy=True) if outlet else ""
    return told.partition("?")[0].replace(_ANYBODY.replace("@", "%40"), "…")[:200]


def send(address: str, reader: str, title: str, body: str) -> Receipt:
    """Send one message and wait for the answer, `DEADLINE_SECONDS` at the most.

    Parameters
    ----------
    address
        An Apprise address; `{email}` in it stands for `reader`.
    reader
        The e-mail address of who reads it; may be empty.
    title, body
        Plain text.

    """
    outlet = _outlet(address, reader)
    if outlet is None:
        return Receipt(is_delivered=False, answer="The address cannot be used any more.")
    outlet.socket_connect_timeout, outlet.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    said, done = _Said(), list[bool]()

    def talk() -> None:
        with said:
            done.append(bool(outlet.notify(body=body, title=title, body_format=NotifyFormat.TEXT)))

    talking = threading.Thread(target=talk, name="amends outlet", daemon=True)
    talking.start()
    talking.join(DEADLINE_SECONDS)
    if talking.is_alive():
        answer = f"There was no answer within {DEADLINE_SECONDS:.0f} seconds."
        return Receipt(is_delivered=False, answer=answer)
    is_delivered = bool(done and done[0])
    told = _without_secrets(said.text(), outlet)
    fallback = "It was accepted." if is_delivered else "It failed, and nothing was said of why."
    return Receipt(is_delivered, (told or fallback)[:LONGEST_ANSWER])


def _outlet(address: str, reader: str) -> NotifyBase | None:
    _apprise_log()  # from here on it keeps to itself: it names addresses that it cannot read
    filled = address.replace(EMAIL, reader.replace("@", "%40"))
    found = Apprise.instantiate(filled, suppress_exceptions=True)
    return found if isinstance(found, NotifyBase) else None


def _url(outlet: NotifyBase, *, privacy: bool) -> str:
    return str(outlet.url(privacy=privacy))  # type: ignore[no-untyped-call]


def _without_secrets(text: str, outlet: NotifyBase) -> str:
    public = set(re.split(r"[^\w.-]+", _url(outlet, privacy=True)))
    secret = {p for p in re.split(r"[^\w.-]+", _url(outlet, privacy=False)) if len(p) >= 4}
    for piece in sorted(secret - public, key=len, reverse=True):
        text = text.replace(piece, "…")
    return text


class _Said(logging.Handler):
    """Keeps what Apprise says in one thread: its answer is its log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = 0
        self._lines: list[str] = []

    def __enter__(self) -> None:
        self._thread = threading.get_ident()
        _apprise_log().addHandler(self)

    def __exit__(self, *_error: object) -> None:
        _apprise_log().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread that tells how it went."""
        if record.thread != self._thread:
            return
        text = " ".join(record.getMessage().split())
        if (why := _WHY.match(text)) is not None:
            found = _PLAINLY.search(why[1])
            told = next(filter(None, found.groups())) if found else why[1][:120]
            self._lines.append(f"{told}.")
        elif record.levelno >= logging.INFO:
            self._lines.append(text)

    def text(self) -> str:
        """Return what was said, the newest last."""
        return " ".join(dict.fromkeys(self._lines))


@cache
def _apprise_log() -> logging.Logger:
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(logging.NullHandler())
    return log
