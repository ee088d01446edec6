"""A small IMAP4rev1 server (RFC 3501): the commands that reading a mailbox needs, without TLS."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Mailbox:
    """One folder: messages by UID, and the number that says how long UIDs hold."""

    def __init__(self) -> None:
        self.validity = 7
        self.next_uid = 1
        self.messages: dict[int, bytes] = {}
        self.dates: dict[int, str] = {}
        self.commands: list[str] = []
        self.breaks_off_at = ""
        """A command at which the connection is cut, once."""
        self.port = 0

    def add(self, message: bytes, date: str = "17-Jul-2026 02:44:25 -0700") -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.messages[uid], self.dates[uid] = message, date
        return uid

    @contextmanager
    def running(self) -> Iterator["Mailbox"]:
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Session(mailbox, self.rfile, self.wfile).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        with Server(("127.0.0.1", 0), Handler) as server:
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            yield self
            server.shutdown()
            thread.join()


class _Session:
    def __init__(self, mailbox: Mailbox, read: Any, write: Any) -> None:
        self.mailbox, self.read, self.write = mailbox, read, write
        self.state = "not authenticated"

    def run(self) -> None:
        self.say(b"* OK IMAP4rev1 ready")
        while line := self.read.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            self.mailbox.commands.append(rest)
            if self.mailbox.breaks_off_at and rest.startswith(self.mailbox.breaks_off_at):
                self.mailbox.breaks_off_at = ""
                return
            answer = self.command(rest)
            self.say(f"{tag} {answer}".encode())
            if rest.upper() == "LOGOUT":
                return

    def command(self, rest: str) -> str:  # noqa: PLR0911
        name = rest.upper().split(" ", 1)[0]
        if name == "CAPABILITY":
            self.say(b"* CAPABILITY IMAP4rev1")
            return "OK done"
        if name == "LOGIN":
            if '"secret"' not in rest:
                return "NO [AUTHENTICATIONFAILED] no"
            self.state = "authenticated"
            return "OK in"
        if name == "LOGOUT":
            self.say(b"* BYE")
            return "OK bye"
        if name in {"EXAMINE", "SELECT"} and self.state != "not authenticated":
            return self.examine(rest)
        if name == "UID" and self.state == "selected":
            return self.uid(rest[4:])
        return "BAD not now"

    def examine(self, rest: str) -> str:
        if "INBOX" not in rest.upper():
            return "NO no such mailbox"
        self.state = "selected"
        box = self.mailbox
        self.say(f"* {len(box.messages)} EXISTS".encode())
        self.say(f"* OK [UIDVALIDITY {box.validity}] valid".encode())
        self.say(f"* OK [UIDNEXT {box.next_uid}] next".encode())
        return "OK [READ-ONLY] open" if rest.upper().startswith("EXAMINE") else "OK [READ-WRITE]"

    def uid(self, rest: str) -> str:
        uids = sorted(self.mailbox.messages)
        if rest.startswith("SEARCH"):
            found = re.search(r"UID (\d+):(\d+)", rest)
            assert found is not None
            low, high = int(found[1]), int(found[2])
            inside = [uid for uid in uids if low <= uid <= high]
            self.say(("* SEARCH " + " ".join(map(str, inside))).strip().encode())
            return "OK searched"
        asked = {int(uid) for uid in rest.split(" ")[1].split(",")}
        most = int(re.findall(r"<0\.(\d+)>", rest)[0])
        for number, uid in enumerate(uids, start=1):
            if uid in asked:
                body, date = self.mailbox.messages[uid][:most], self.mailbox.dates[uid]
                head = f'* {number} FETCH (INTERNALDATE "{date}" BODY[]<0> {{{len(body)}}}\r\n'
                self.write.write(head.encode() + body + f" UID {uid})\r\n".encode())
        return "OK fetched"

    def say(self, line: bytes) -> None:
        self.write.write(line + b"\r\n")
