"""Start a demo: load its history the first time, then serve it while the company lives on."""

import multiprocessing as mp
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from amends.engine.contracts import BadInput
from amends.engine.worlds import read_world
from amends.web.project.demo.record import (
    DemoRecord,
    clear_half_loaded,
    read_record,
    refuse_other_data,
    write_record,
)
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
    if record is not None and (record.world, record.seed) != (world, seed):
        say(f"{folder} holds the world {record.world} (seed {record.seed}); it goes on with that.")

    def load(home: Home) -> None:
        if read_record(home.path) is not None:
            return
        began = time.monotonic()
        fresh = DemoRecord(world, signals, seed, now.isoformat())
        write_record(home.path, fresh)
        _load_apart(fresh, tick)
        write_record(home.path, replace(fresh, is_loaded=True))
        say(f"Twelve months were loaded in {time.monotonic() - began:.0f} s.")

    return serve(folder, door, say, first=load, also={"world": _live})


def _load_apart(record: DemoRecord, tick: Tick) -> None:
    """Load in a process of its own: what serves pages is forked later, and must be fresh.

    Raises
    ------
    BadInput
        The load failed; what it said stands above.
    """
    is_linux = sys.platform == "linux"
    context = mp.get_context("fork") if is_linux else mp.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    loading = context.Process(target=_load, args=(record, there), name="load")
    loading.start()
    there.close()
    with suppress(EOFError):
        while True:
            tick(*here.recv())
    loading.join()
    if loading.exitcode:
        raise BadInput(
            "The demo's history could not be loaded.",
            remedy="The lines above say why. The next start begins anew.",
        )


def _load(record: DemoRecord, there: Connection) -> None:
    from amends.web.project.demo.history import load_history

    load_history(record, lambda stage, done, total: there.send((stage, done, total)))


def _live(folder: Path | None) -> None:
    from amends.web.project.demo.life import run_world

    run_world(folder)
