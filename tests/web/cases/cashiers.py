"""A real cashier, or post: it checks signatures, counts keys once, and answers as a test says."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from amends.connectors.generic.webhook import prove
from amends.web.cases.models import Cashier, Post
from amends.web.intake.sealing import seal

SECRET = "whsec_" + "c2VjcmV0" * 5


class CashierServer(ThreadingHTTPServer):
    """`script` holds the next answers: a status, "hang" until `gate` opens, "drop", "twice", "zip"
    (which it is not), or the bytes to answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[int | str | bytes] = []
        self.gate, self.arrived = threading.Event(), threading.Event()
        self.posts: list[tuple[str, bytes]] = []
        self.moved: dict[str, Decimal] = {}
        """Key → what was moved; what is taken back is negative."""
        self.written: dict[str, str] = {}
        """Key → what was written to a customer."""
        self.forged = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/pay"

    @property
    def balance(self) -> Decimal:
        return sum(self.moved.values(), Decimal(0))

    def count(self, key: str, body: bytes) -> None:
        told = json.loads(body)
        if told["type"] == "message.requested":
            self.written.setdefault(key, told["data"]["text"])
            return
        amount = Decimal(told["data"]["amount"])
        sign = -1 if told["type"] == "payment.reversed" else 1
        self.moved.setdefault(key, sign * amount)


class _Handler(BaseHTTPRequestHandler):
    server: CashierServer

    def do_POST(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        proof = prove(headers, body, SECRET)
        key = self.headers["Idempotency-Key"]
        if proof is None or proof.nonce != key:
            server.forged += 1
            self._answer(401)
            return
        how = server.script.pop(0) if server.script else 200
        server.posts.append((key, body))
        if how in {200, "hang", "drop", "twice", "zip"} or isinstance(how, bytes):
            server.count(key, body)
        server.arrived.set()
        if how == "hang":
            server.gate.wait(30)
        if how == "drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        with suppress(OSError):
            told = how if isinstance(how, bytes) else b""
            self._answer(how if isinstance(how, int) else 200, key, told, is_zip=how == "zip")
            if how == "twice":
                self._answer(200, key)

    def _answer(
        self, status: int, key: str = "", told: bytes = b"", *, is_zip: bool = False
    ) -> None:
        known = {"reference": f"R-{key[:8]}"} if status == 200 else {"error": "no"}
        body = told or json.dumps(known).encode()
        self.send_response(status)
        if is_zip:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "600")
        if status == 302:
            self.send_header("Location", self.server.address)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def cashier_server() -> Iterator[CashierServer]:
    server = CashierServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def trickling_cashier() -> Iterator[str]:
    """Send a byte now and then, for ever: no time-out of a single read ends this."""
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        with suppress(OSError):
            link, _ = listening.accept()
            with link:
                link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not over.is_set():
                    link.sendall(b".")
                    time.sleep(0.02)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        over.set()
        listening.close()
        thread.join(5)


def connect_post(server: CashierServer) -> Post:
    return Post.objects.create(address=server.address, secret=seal({"secret": SECRET}))


def connect(server: CashierServer) -> Cashier:
    return Cashier.objects.create(address=server.address, secret=seal({"secret": SECRET}))
