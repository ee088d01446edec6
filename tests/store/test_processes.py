"""Several processes at one lake: every append lands once, whatever else goes on."""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.pool import Pool
from pathlib import Path

import pytest
from tests.store.lakes import some_signals

from amends.store import open_lake

WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["amends.store", "tests.store.lakes"])
EACH = 5


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with WORKERS.Pool(3) as workers:
        yield workers


def append_some(address: str, worker: int) -> int:
    lake = open_lake(address)
    done = 0
    for i in range(EACH):
        delivery = worker * EACH + i
        done += lake.append(some_signals(20, first=20 * delivery), delivery=delivery)
    return done


def append_the_same(address: str, _: int) -> int:
    lake = open_lake(address)
    return sum(lake.append(some_signals(20, first=20 * i), delivery=i) for i in range(EACH))


def supersede_and_compact(address: str, _: int) -> int:
    lake = open_lake(address)
    old = some_signals(30, first=100_000, version=1)
    new = some_signals(30, first=100_000, version=2)
    lake.append(old, delivery=1000)
    lake.append(new, delivery=1001)
    removed = lake.remove_superseded(new.select(["signal_id", "version"]))
    for _ in range(3):
        lake.compact()
    return removed


def compact_often(address: str, _: int) -> int:
    lake = open_lake(address)
    return sum(lake.compact() for _ in range(6))


def rows_of(address: Path) -> list[tuple[str, int]]:
    lake = open_lake(address)
    found = lake.fetch(lake.signals().select("signal_id", "version")).to_pylist()
    return [(row["signal_id"], row["version"]) for row in found]


def test_appends_deletes_and_compactions_at_once_all_land(pool: Pool, tmp_path: Path) -> None:
    appended = [pool.apply_async(append_some, (str(tmp_path), n)) for n in range(2)]
    removed = pool.apply_async(supersede_and_compact, (str(tmp_path), 0))
    assert [one.get(120) for one in appended] == [EACH, EACH]
    assert removed.get(120) == 30
    found = rows_of(tmp_path)
    assert len(found) == len(set(found)) == 2 * EACH * 20 + 30


def test_compactions_at_once_double_no_row(pool: Pool, tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    for first in range(0, 60, 10):
        lake.append(some_signals(10, first=1_000 + first), delivery=1_000 + first)
    appended = pool.apply_async(append_some, (str(tmp_path), 0))
    joined = pool.starmap(compact_often, [(str(tmp_path), n) for n in range(2)])
    assert (appended.get(120), sum(joined) >= 6) == (EACH, True)
    found = rows_of(tmp_path)
    assert len(found) == len(set(found)) == 60 + EACH * 20


def test_two_workers_with_the_same_deliveries_write_each_once(pool: Pool, tmp_path: Path) -> None:
    done = pool.starmap(append_the_same, [(str(tmp_path), n) for n in range(3)])
    assert sum(done) == EACH
    assert len(rows_of(tmp_path)) == EACH * 20


FORKING = """
import os, sys
sys.path.insert(0, {root!r})
from amends.store import open_lake
from amends.store.engines import duckdb
from tests.store.lakes import some_signals

{before}
children = []
for n in range(2):
    child = os.fork()
    if not child:
        try:
            lake = open_lake({address!r})
            lake.append(some_signals(10, first=10 * n), delivery=n)
            lake.fetch(lake.signals().count())
        except RuntimeError as error:
            print(error, flush=True)
            os._exit(3)
        os._exit(0)
    children.append(child)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], flush=True)
"""


def forked(address: Path, before: str) -> str:
    root = str(Path(__file__).parents[2])
    code = FORKING.format(root=root, address=str(address), before=before)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def test_forks_of_a_process_that_has_imported_the_store_each_open_the_lake(tmp_path: Path) -> None:
    assert forked(tmp_path, "") == "[0, 0]\n"
    assert len(rows_of(tmp_path)) == 20


def test_the_engine_of_a_parent_is_left_to_it(tmp_path: Path) -> None:
    before = "with duckdb.connection() as open_one: pass"
    assert forked(tmp_path, before) == "[0, 0]\n"


def test_a_fork_of_a_process_that_had_a_lake_open_is_told_so(tmp_path: Path) -> None:
    said = forked(tmp_path, f"open_lake({str(tmp_path)!r})")
    assert "Open the lake after forking only." in said
    assert said.endswith("[3, 3]\n")
