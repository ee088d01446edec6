"""Running: the web server, the worker, and both with their database under one roof."""

import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import chain, repeat
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess, parent_process
from pathlib import Path
from types import FrameType

import psycopg
from django.db import DatabaseError, OperationalError, connection
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer
from procrastinate import App
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import ConnectorException

from amends.engine.contracts import BadInput
from amends.web.intake.inbox import INBOX
from amends.web.project.assets import prepare_static
from amends.web.project.home import Home
from amends.web.project.start import prepared
from amends.web.project.tables import migrate, pending_migrations
from amends.web.ui.live import end_streams

ASGI = "amends.web.project.asgi:application"
READY_SECONDS = 60
STOP_SECONDS = 20
RECONNECT_SECONDS = (1, 2, 4, 8, 15)
log = logging.getLogger(__name__)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Door:
    """Where the web server listens."""

    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1

    @property
    def url(self) -> str:
        """Return the address to open on this machine."""
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::"} else self.host  # noqa: S104  (compared, not bound)
        return f"http://{host}:{self.port}"


def run_web(folder: Path | None, door: Door) -> None:
    """Serve pages until told to stop."""
    check_port(door)
    os.environ.setdefault("AMENDS_URL", door.url)
    with prepared(folder):
        _need_current_tables()
        prepare_static()
        importlib.import_module(ASGI.partition(":")[0])  # once, before the processes part
        _close_database()
        _server(door).serve()


def run_worker(folder: Path | None, concurrency: int = 4, processes: int = 1) -> None:
    """Run jobs until told to stop; what has begun is finished first.

    Of several processes the first runs every job; the others only empty the inbox, one landing at a
    time each, so that memory stays bounded.
    """
    with prepared(folder):
        _need_current_tables()
        _close_database()
        helpers = [_part(f"inbox {n}", _run_jobs, 1, (INBOX,)) for n in range(1, processes)]
        try:
            _run_jobs(concurrency, None)
        finally:
            for helper in helpers:
                helper.terminate()
            for helper in helpers:
                helper.join(STOP_SECONDS)


def _run_jobs(concurrency: int, queues: tuple[str, ...] | None) -> None:
    """Run jobs of some queues (None: of all) until told to stop; wait for a database that is away.

    A job that was running when the database went is found by its silent worker and taken up again.
    """
    for pause in chain(RECONNECT_SECONDS, repeat(RECONNECT_SECONDS[-1])):
        connector = jobs.connector.get_worker_connector()  # type: ignore[attr-defined]
        why: object = "it went away"
        try:
            with jobs.replace_connector(connector) as worker:
                if asyncio.run(_until_asked(worker, concurrency, queues)):
                    return
        except (ConnectorException, OperationalError, psycopg.OperationalError) as error:
            why = error
        log.warning("The worker waits %s s for the database: %s", pause, why)
        time.sleep(pause)


async def _until_asked(worker: App, concurrency: int, queues: tuple[str, ...] | None) -> bool:
    """Run jobs until asked to stop, and return True; False when the worker ended by itself.

    Procrastinate stops without an error when a part of it lost the database.
    """
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with worker.open_async():
        running = asyncio.create_task(
            worker.run_worker_async(
                queues=queues,  # type: ignore[arg-type] # None: of all
                concurrency=concurrency,
                shutdown_graceful_timeout=STOP_SECONDS / 2,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        )
        waiting = asyncio.create_task(asked.wait())
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.is_set():
            waiting.cancel()
            await running
            return False
        running.cancel()  # it finishes what has begun
        [ended] = await asyncio.gather(running, return_exceptions=True)
        if isinstance(ended, Exception):
            log.warning("The worker stops while something is amiss: %s", ended)
    return True


def serve(
    folder: Path | None,
    door: Door,
    say: Say,
    *,
    first: Callable[[Home], None] | None = None,
    also: Mapping[str, Callable[[Path | None], None]] | None = None,
    workers: int = 1,
) -> int:
    """Run everything until Ctrl-C or SIGTERM; return 0, or 1 when a part died.

    Parameters
    ----------
    folder
        The data folder; None: as the environment says.
    door
        Where the pages are.
    say
        Takes what a person at the terminal should know.
    first
        Called once the tables are current, before anything is served.
    also
        Further parts that run beside web and worker, by name.
    workers
        Processes of the worker.

    Raises
    ------
    BadInput
        The port is taken, or the folder or database cannot be used.
    """
    check_port(door)
    os.environ.setdefault("AMENDS_URL", door.url)
    with _stoppable(), prepared(folder) as home:
        if applied := migrate():
            say(f"The tables were brought up to date ({len(applied)} migrations).")
        if prepare_static():
            say("The static files were prepared.")
        _close_database()
        if first is not None:
            first(home)
            _close_database()
        parts = [
            _part("web", run_web, folder, door),
            _part("worker", run_worker, folder, 4, workers),
        ]
        parts += [_part(name, run, folder) for name, run in (also or {}).items()]
        try:
            _await_ready(door, parts)
            say(f"amends is ready at {door.url}; its data is in {home.path}. Ctrl-C stops it.")
            return _watch(parts, say)
        except KeyboardInterrupt:
            say("Stopping…")
            return 0
        finally:
            _stop(parts)


def check_port(door: Door) -> None:
    """Refuse a port that cannot be listened on.

    Raises
    ------
    BadInput
    """
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((door.host, door.port))
        except OSError as error:
            reasons = {
                "Address already in use": "another program listens there already",
                "Permission denied": "ports below 1024 are for root",
            }
            reason = reasons.get(error.strerror or "", (error.strerror or str(error)).lower())
            raise BadInput(
                f"Port {door.port} cannot be used: {reason}.",
                where=f"{door.host}:{door.port}",
                remedy=f"Choose another with --port {door.port + 1}, or stop that program.",
            ) from None


class _Server(MPServer):
    """Granian, which asks open streams of events to end before it waits for them."""

    def shutdown(self, exit_code: int = 0) -> None:
        with suppress(DatabaseError):
            end_streams(os.getpid())
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]


def _server(door: Door) -> _Server:
    return _Server(
        ASGI,
        address=door.host,
        port=door.port,
        interface=Interfaces.ASGINL,
        workers=door.processes,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    )


def _need_current_tables() -> None:
    if pending := pending_migrations():
        raise BadInput(
            f"The database is of another version: {len(pending)} migrations are pending.",
            remedy="Run `amends migrate` first, or `amends serve`, which does.",
        )


@contextmanager
def _stoppable() -> Iterator[None]:
    """Make SIGTERM stop everything as Ctrl-C does, also where a shell had SIGINT ignored."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _close_database() -> None:
    """Leave no connection and no thread of the pool behind: neither survives a fork."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]


def _part(name: str, run: Callable[..., None], *arguments: object) -> BaseProcess:
    # Forked parts share what is loaded: one start to pay for, and a third of the memory.
    is_linux = sys.platform == "linux"
    context = get_context("fork") if is_linux else get_context("spawn")
    part = context.Process(target=_run_part, args=(run, *arguments), name=name)
    part.start()
    return part


def _run_part(run: Callable[..., None], *arguments: object) -> None:
    """Run in a group of its own, so that Ctrl-C reaches the parent only, and end when it ends."""
    os.setpgrp()
    for number in (signal.SIGTERM, signal.SIGINT):  # the parent's handlers are not ours
        signal.signal(number, signal.SIG_DFL)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, daemon=True).start()
    run(*arguments)


def _await_ready(door: Door, parts: list[BaseProcess]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and all(part.is_alive() for part in parts):
        if _answers(door):
            return
        time.sleep(0.1)
    dead = [part.name for part in parts if not part.is_alive()]
    what = f"The {dead[0]} ended at once." if dead else "The web server does not answer."
    raise BadInput(what, remedy="The lines above say why; `amends doctor` looks for causes.")


def _answers(door: Door) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(door.host, door.host)  # noqa: S104  (compared, not bound)
    link = HTTPConnection(host, door.port, timeout=2)
    try:
        link.request("GET", "/healthz", headers={"Host": "localhost"})
        return link.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        link.close()


def _watch(parts: list[BaseProcess], say: Say) -> int:
    """Wait until a part ends, which it should not."""
    wait([part.sentinel for part in parts])
    for part in parts:
        if not part.is_alive():
            say(f"The {part.name} ended with code {part.exitcode}; stopping the rest.")
    return 1


def _stop(parts: list[BaseProcess]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):  # a second Ctrl-C must not orphan anything
        signal.signal(number, signal.SIG_IGN)
    end = time.monotonic() + STOP_SECONDS
    for part in parts:
        part.terminate()
    for part in parts:
        part.join(max(end - time.monotonic(), 0.1))
        if part.is_alive():
            log.warning("The %s did not stop in time: killed.", part.name)
            part.kill()
            part.join()
