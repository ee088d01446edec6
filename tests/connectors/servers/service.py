"""A web server on this machine that answers JSON, and fails in the ways it is told to."""

import base64
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def basic(self) -> str:
        kind, _, pair = self.headers.get("Authorization", "").partition(" ")
        return base64.b64decode(pair).decode() if kind == "Basic" else ""


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Service:
    """What a vendor's server is made of: `answer` is its behaviour."""

    def __init__(self) -> None:
        self.faults: deque[str] = deque()
        """What happens to the next requests instead of an answer: "429 1" (Retry-After), "500",
        "cut" (in the middle of the body), "hang", "html", "no" (nothing happens)."""
        self.seen: list[Request] = []
        self.address = ""
        self._released = threading.Event()

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator["Service"]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service._serve(self)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _serve(self, http: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(http.path)
        body = http.rfile.read(int(http.headers.get("Content-Length") or 0))
        params = dict(parse_qsl(parts.query))
        request = Request(http.command, parts.path, params, http.headers, body)  # type: ignore[arg-type]
        self.seen.append(request)
        fault, _, detail = (self.faults.popleft() if self.faults else "").partition(" ")
        if fault == "hang":
            self._released.wait(20)
            return
        if fault in {"429", "500", "503"}:
            headers = {"Retry-After": detail} if detail else {}
            answer = Answer({"error": "fault"}, int(fault), headers)
        elif fault == "html":
            answer = Answer(b"<html>down for maintenance</html>")
        else:
            answer = self.answer(request)
        content = answer.content
        http.send_response(answer.status)
        http.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            http.send_header(name, value)
        http.end_headers()
        if fault == "cut":
            http.wfile.write(content[: len(content) // 2])
            http.wfile.flush()
            http.close_connection = True
            http.connection.shutdown(2)
            return
        http.wfile.write(content)
