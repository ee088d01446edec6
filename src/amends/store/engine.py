"""DuckDB in process: one database for each process, one connection for each query at a time.

Connections are lent, not tied to threads: a web server may give every request a new thread. What a
parent process had open does not survive a fork; the child starts afresh.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend

from .schema import LAKE_SCHEMA
from .snapshot import Snapshot

SETTINGS: Final = {
    "threads": "2",
    "memory_limit": "1GB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}
"""No extension is fetched or loaded, nothing is written to disk, and a page leaves cores free."""

VIEWS_KEPT: Final = 8
"""Views of a connection before it starts afresh: each holds the list of a snapshot's files."""


class Connection:
    """One connection to the process' database and the snapshots that it can see."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._duckdb = database.cursor()
        self._ibis: Backend = ibis.duckdb.from_connection(self._duckdb)
        self._shown: dict[str, Snapshot] = {}

    def show(self, name: str, snapshot: Snapshot) -> None:
        """Make a snapshot readable under a name."""
        if self._shown.get(name) is snapshot:
            return
        while len(self._shown) >= VIEWS_KEPT:
            gone = next(iter(self._shown))
            self._hide(gone)
        self._hide(name)
        if snapshot.dataset is None:
            self._duckdb.execute(f"CREATE TEMP VIEW {name} AS {_select(snapshot)}")
        else:
            self._duckdb.register(name, snapshot.dataset)
        self._shown[name] = snapshot

    def run(self, expression: ibis.Expr) -> pa.Table:
        """Return what an expression over shown snapshots comes to."""
        return self._ibis.to_pyarrow(expression.as_table())

    def _hide(self, name: str) -> None:
        shown = self._shown.pop(name, None)
        if shown is None:
            return
        if shown.dataset is None:
            self._duckdb.execute(f"DROP VIEW IF EXISTS temp.{name}")
        else:
            self._duckdb.unregister(name)


class _Engine:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        self._free: list[Connection] = []

    def take(self) -> Connection:
        with self._lock:
            if self._free:
                return self._free.pop()
            if self._database is None:
                self._database = duckdb.connect(":memory:", config=dict(SETTINGS))
                self._database.execute("SET GLOBAL parquet_metadata_cache = true")
                # Deep pages of a list: find the rows by few columns, then read them whole.
                self._database.execute("SET GLOBAL late_materialization_max_rows = 20000")
            return Connection(self._database)

    def give_back(self, connection: Connection) -> None:
        with self._lock:
            self._free.append(connection)


_engine = _Engine()
_of_parents: list[_Engine] = []
"""Kept for ever: closing a database whose threads stayed in the parent would wait for them."""


def _start_afresh() -> None:
    global _engine  # noqa: PLW0603 - one engine for each process is what this module is
    _of_parents.append(_engine)
    _engine = _Engine()


os.register_at_fork(after_in_child=_start_afresh)


@contextmanager
def connection() -> Iterator[Connection]:
    """Lend a connection that nobody else uses meanwhile."""
    engine = _engine
    lent = engine.take()
    try:
        yield lent
    finally:
        engine.give_back(lent)


def _select(snapshot: Snapshot) -> str:
    """Return the SQL that reads a snapshot's files, in the order of `LAKE_SCHEMA`."""
    columns = ", ".join(f'"{name}"' for name in LAKE_SCHEMA.names)
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in snapshot.files)
    return (
        f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning=true, "  # noqa: S608 - a view takes no parameters; quoted above
        "hive_types={'month': VARCHAR})"
    )
