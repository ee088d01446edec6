"""Real servers for alerts to be sent to: they answer, refuse, fail, hang or trickle."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class HttpServer(ThreadingHTTPServer):
    """Takes posts; `status` is what it answers, and with `gate` it answers once that is opened."""

    daemon_threads = True

    def __init__(self, status: int = 200, gate: threading.Event | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.gate = status, gate
        self.posts: list[dict[str, Any]] = []
        self.arrived = threading.Event()

    @property
    def address(self) -> str:
        return f"json://hook:s3cret-word@127.0.0.1:{self.server_address[1]}/alerts"


class _Handler(BaseHTTPRequestHandler):
    server: HttpServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.arrived.set()
        if self.server.gate is not None:
            self.server.gate.wait(30)
        if self.server.status == 200:
            self.server.posts.append(json.loads(body))
        with suppress(OSError):
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def http_server(status: int = 200, gate: threading.Event | None = None) -> Iterator[HttpServer]:
    server = HttpServer(status, gate)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if gate is not None:
            gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Mailbox:
    """Keeps what comes by SMTP; `refusal` is answered instead of taking it."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.mails: list[Message] = []
        self.port = 0

    async def handle_DATA(  # noqa: N802  (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refusal:
            return self.refusal
        content = envelope.original_content
        assert content is not None
        self.mails.append(message_from_bytes(content))
        return "250 Taken"

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=amends@example.com&to={{email}}"

    def text(self, place: int = -1) -> str:
        mail = self.mails[place]
        parts = [p for p in mail.walk() if p.get_content_type() == "text/plain"]
        payload = (parts or [mail])[0].get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode()


@contextmanager
def smtp_server(refusal: str = "") -> Iterator[Mailbox]:
    box = Mailbox(refusal)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def trickling_server() -> Iterator[str]:
    """Send a byte now and then, for ever: no time-out of a single read ends this."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        with suppress(OSError):
            link, _ = listening.accept()
            with link:
                link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not over.wait(0.05):
                    link.sendall(b".")

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    try:
        yield f"json://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        over.set()
        listening.close()
        thread.join(5)
