"""Start a demo: load its history the first time, then serve it while the company lives on."""

import multiprocessing as mp
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from amends.engine.contracts import BadInput
from amends.engine.worlds import read_world
from amends.web.project.demo.record import (
    DemoRecord,
    clear_half_loaded,
    read_record,
    refuse_other_data,
    write_record,
)
from amends.web.project.demo.rehearsal import read_rehearsal, rehearse_into
from amends.web.project.home import Home
from amends.web.project.serve import Door, check_port, serve

Tick = Callable[[str, int, int], None]
Say = Callable[[str], None]


def run_demo(
    folder: Path,
    world: str,
    signals: int,
    seed: int,
    door: Door,
    now: datetime,
    *,
    say: Say,
    tick: Tick,
) -> int:
    """Run the demo in `folder` until Ctrl-C; return the exit code.

    A folder that holds a demo goes on with that one, whatever world is asked for.

    Raises
    ------
    BadInput
        The world, the port or the folder cannot be used.
    """
    check_port(door)
    read_world(world)
    refuse_other_data(folder)
    if clear_half_loaded(folder):
        say("The last load was interrupted; it begins anew.")
    record = read_record(folder)
    if record is not None:
        if (record.world, record.seed) != (world, seed):
            say(f"{folder} holds the world {record.world} (seed {record.seed}); it goes on.")
        return serve(folder, door, say, also={"world": _live})
    fresh = DemoRecord(world, signals, seed, now.isoformat())
    with TemporaryDirectory(prefix="amends-demo-") as scratch:
        year = Path(scratch) / "year"
        playing = _beside(rehearse_into, fresh, year)

        def load(home: Home) -> None:
            began = time.monotonic()
            write_record(home.path, fresh)
            tick("playing the company's year", 0, 1)
            _ended(playing)
            _load_apart(fresh, year, tick)
            write_record(home.path, replace(fresh, is_loaded=True))
            say(f"Twelve months were loaded in {time.monotonic() - began:.0f} s.")

        try:
            return serve(folder, door, say, first=load, also={"world": _live})
        finally:
            playing.terminate()


def _beside(run: Callable[..., None], *arguments: object) -> BaseProcess:
    is_linux = sys.platform == "linux"
    context = mp.get_context("fork") if is_linux else mp.get_context("spawn")
    process = context.Process(target=run, args=arguments)
    process.start()
    return process


def _ended(process: BaseProcess) -> None:
    """Wait for a part of the load.

    Raises
    ------
    BadInput
        It failed; what it said stands above.
    """
    process.join()
    if process.exitcode:
        raise BadInput(
            "The demo's history could not be loaded.",
            remedy="The lines above say why. The next start begins anew.",
        )


def _load_apart(record: DemoRecord, year: Path, tick: Tick) -> None:
    """Load in a process of its own: what serves pages is forked later, and must be fresh."""
    here, there = mp.Pipe(duplex=False)
    loading = _beside(_load, record, year, there)
    there.close()
    with suppress(EOFError):
        while True:
            tick(*here.recv())
    _ended(loading)


def _load(record: DemoRecord, year: Path, there: Connection) -> None:
    from amends.web.project.demo.history import load_history

    known = read_rehearsal(year)
    load_history(record, known, lambda stage, done, total: there.send((stage, done, total)))


def _live(folder: Path | None) -> None:
    from amends.web.project.demo.life import run_world

    run_world(folder)
