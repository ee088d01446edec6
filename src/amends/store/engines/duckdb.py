"""DuckDB in process: one database for each process, one connection for each query at a time.

Connections are lent, not tied to threads: a web server may give every request a new thread. What a
parent process had open does not survive a fork; the child starts afresh.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import duckdb
import ibis
import pyarrow as pa
from ibis.backends.duckdb import Backend

from amends.store.damage import damaged_file, lost_file
from amends.store.snapshot import Snapshot

from .engine import FileGone

SETTINGS: Final = {
    "threads": "2",
    "memory_limit": "1GB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}
"""No extension is fetched or loaded, nothing is written to disk, and a page leaves cores free."""

ASKED_WRONGLY: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
)
"""Errors that speak of the question, not of the files."""

NO_KERNEL: Final = "has no kernel matching input types"
"""What Arrow says of texts in files that a deletion wrote: as views, which it cannot compare."""

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

    def run(self, expression: ibis.Expr, *, filters_itself: bool = False) -> pa.Table:
        """Return what an expression over shown snapshots comes to."""
        if not filters_itself:
            return self._ibis.to_pyarrow(expression.as_table())
        self._duckdb.execute("SET disabled_optimizers = 'filter_pushdown'")
        try:
            return self._ibis.to_pyarrow(expression.as_table())
        finally:
            self._duckdb.execute("RESET disabled_optimizers")

    def _hide(self, name: str) -> None:
        shown = self._shown.pop(name, None)
        if shown is None:
            return
        if shown.dataset is None:
            self._duckdb.execute(f"DROP VIEW IF EXISTS temp.{name}")
        else:
            self._duckdb.unregister(name)


class DuckDB:
    """The engine of this process."""

    name = "duckdb"

    def fetch(
        self, expression: ibis.Expr, shown: Mapping[str, Snapshot], *, is_again: bool = False
    ) -> pa.Table:
        """Return what an expression over snapshots comes to; see `Engine`.

        `is_again`: Arrow cannot filter these files, so the engine filters what it is given.
        """
        try:
            with connection() as lent:
                for name, snapshot in shown.items():
                    lent.show(name, snapshot)
                return lent.run(expression, filters_itself=is_again)
        except ASKED_WRONGLY:
            raise
        except duckdb.InvalidInputException as error:
            if NO_KERNEL in str(error) and not is_again:
                return self.fetch(expression, shown, is_again=True)
            raise self._explained(error, shown) from error
        except duckdb.Error as error:
            raise self._explained(error, shown) from error

    def _explained(self, error: duckdb.Error, shown: Mapping[str, Snapshot]) -> Exception:
        """Return which file is gone or damaged: the engine does not always tell."""
        files = [file for snapshot in shown.values() for file in snapshot.files]
        if (lost := lost_file(files)) or " not found" in str(error):
            return FileGone(lost or str(error).splitlines()[0])
        return damaged_file(files) or error


class _Database:
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


_database = _Database()
_of_parents: list[_Database] = []
"""Kept for ever: closing a database whose threads stayed in the parent would wait for them."""


def _start_afresh() -> None:
    global _database  # noqa: PLW0603 - one database for each process is what this module is
    _of_parents.append(_database)
    _database = _Database()


os.register_at_fork(after_in_child=_start_afresh)


@contextmanager
def connection() -> Iterator[Connection]:
    """Lend a connection that nobody else uses meanwhile."""
    database = _database
    lent = database.take()
    try:
        yield lent
    finally:
        database.give_back(lent)


def _select(snapshot: Snapshot) -> str:
    """Return the SQL that reads a snapshot's files, in the order of its schema."""
    columns = ", ".join(f'"{name}"' for name in snapshot.schema.names)
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in snapshot.files)
    by_month = ", hive_partitioning=true, hive_types={'month': VARCHAR}"
    how = by_month if "month" in snapshot.schema.names else ", hive_partitioning=false"
    return f"SELECT {columns} FROM read_parquet([{files}]{how})"  # noqa: S608 - a view takes no parameters; quoted above
