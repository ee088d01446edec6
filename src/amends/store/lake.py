"""The lake: every signal, enriched, in one Delta table partitioned by month."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import duckdb
import ibis
import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError
from ibis.expr import operations as ops

from . import engine
from .place import open_table
from .reads import within
from .schema import LAKE_SCHEMA, lake_rows, signal_rows
from .snapshot import LogWatch, Snapshot, claim_delta, read_snapshot

TRIES: Final = 40
"""How often a commit is tried when others commit at the same time."""
SNAPSHOTS_KEPT: Final = 4
IDS_AT_A_TIME: Final = 5_000
TARGET_FILE_BYTES: Final = 128 * 1024 * 1024
WRITING: Final = WriterProperties(compression="ZSTD", max_row_group_size=128 * 1024)

COLUMNS: Final = ibis.schema(LAKE_SCHEMA)

Done = TypeVar("Done")


class Lake:
    """The signals at one address; see `open_lake`. Safe to use from many threads at once."""

    def __init__(self, address: str, table: DeltaTable, folder: Path | None) -> None:
        self.address = address
        self._table, self._folder = table, folder
        self._lock = threading.RLock()
        self._watch = LogWatch(folder)
        self._snapshots: dict[int, Snapshot] = {}
        self._prefix = f"signals_{hashlib.sha256(address.encode()).hexdigest()[:8]}_v"

    def append(self, signals: pa.Table, *, delivery: int) -> bool:
        """Append enriched signals of `SIGNAL_SCHEMA` in one commit, once for each delivery.

        Returns
        -------
        bool
            False, and nothing is written, when this delivery is in the lake already.

        Raises
        ------
        ValueError
            The signals do not keep to `SIGNAL_SCHEMA`.

        """
        rows, name = lake_rows(signals, delivery), f"delivery-{delivery}"

        def write(table: DeltaTable) -> bool:
            if table.transaction_version(name) is not None:
                return False
            mark = Transaction(name, 1, time.time_ns() // 1_000_000)
            write_deltalake(
                table,
                rows,
                mode="append",
                writer_properties=WRITING,
                commit_properties=CommitProperties(app_transactions=[mark]),
            )
            return True

        return self._commit(write)

    def of_delivery(self, delivery: int) -> pa.Table | None:
        """Return the rows that were appended under this number, as `by_id` does; None: none were.

        Looked up anew, whatever this process knew.
        """
        claim_delta()
        with self._lock:
            self._table.update_incremental()
            is_there = self._table.transaction_version(f"delivery-{delivery}") is not None
        if not is_there:
            return None
        signals = self.signals()
        return signal_rows(self.fetch(signals.filter(signals["delivery"] == delivery)))

    def remove_superseded(self, newest: pa.Table) -> int:
        """Delete every row whose signal has a higher version in `newest`; repeating does nothing.

        Parameters
        ----------
        newest
            Columns signal_id (string) and version (int32). Rows of these versions stay.

        Returns
        -------
        int
            How many rows were removed.

        """
        removed = 0
        for first in range(0, len(newest), IDS_AT_A_TIME):
            removed += self._remove_older(newest.slice(first, IDS_AT_A_TIME))
        return removed

    def version(self) -> int:
        """Return the version of the newest snapshot."""
        return self._newest().version

    def signals(self, since: datetime | None = None, until: datetime | None = None) -> ibis.Table:
        """Return the newest snapshot: the columns of `LAKE_SCHEMA`, times in UTC.

        The table is bound to the snapshot and to no connection: expressions on it may be built,
        kept and fetched on any thread.

        Parameters
        ----------
        since, until
            Aware times: only signals with since ≤ occurred_at < until, and only the files of
            these months are read.

        """
        snapshot = self._newest()
        signals = ibis.table(COLUMNS, name=f"{self._prefix}{snapshot.version}")
        return within(signals, since, until)

    def fetch(self, expression: ibis.Expr) -> pa.Table:
        """Return what an expression over `signals()` comes to; times are timestamp[us, UTC]."""
        try:
            return self._run(expression)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            # A file was vacuumed under an older snapshot: answer from the newest. Read through
            # Arrow, the engine knows of the loss only by its words.
            if not isinstance(error, duckdb.IOException) and " not found" not in str(error):
                raise
            with self._lock:
                self._watch.remember(-1)
                self._snapshots.clear()
            return self._run(expression)

    def by_id(self, ids: Sequence[str]) -> pa.Table:
        """Return the rows of these signals: `SIGNAL_SCHEMA` and `delivery`, by id and version."""
        signals = self.signals()
        wanted = signals.filter(signals["signal_id"].isin(list(ids)))
        return signal_rows(self.fetch(wanted.order_by(["signal_id", "version"])))

    def compact(self) -> int:
        """Join small files into larger ones and return how many were joined."""
        done = self._tidy(
            lambda table: table.optimize.compact(
                target_size=TARGET_FILE_BYTES, writer_properties=WRITING
            )
        )
        return int(done["numFilesRemoved"])

    def vacuum(self, keep_hours: int = 7 * 24) -> int:
        """Delete files that no snapshot of the last hours needs; return how many.

        A query that runs longer than that meets a missing file and is answered anew.
        """
        return len(
            self._tidy(
                lambda table: table.vacuum(
                    keep_hours, dry_run=False, enforce_retention_duration=False
                )
            )
        )

    def _commit(self, verb: Callable[[DeltaTable], Done]) -> Done:
        """Do something to the newest table, again as often as others are quicker."""
        claim_delta()
        for attempt in range(TRIES):
            try:
                with self._lock:
                    self._table.update_incremental()
                    return verb(self._table)
            except CommitFailedError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(0.005 * (1 + (attempt + os.getpid()) % 7))
        raise AssertionError

    def _tidy(self, verb: Callable[[DeltaTable], Done]) -> Done:
        """Commit what takes long on a table of its own: readers and writers go on meanwhile."""
        aside, _ = open_table(self.address)
        for attempt in range(TRIES):
            try:
                aside.update_incremental()
                return verb(aside)
            except CommitFailedError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def _remove_older(self, newest: pa.Table) -> int:
        signals, keep = self.signals(), newest.group_by("signal_id").aggregate([("version", "max")])
        ids = keep["signal_id"].to_pylist()
        top = dict(zip(ids, keep["version_max"].to_pylist(), strict=True))
        of_these = signals.filter(signals["signal_id"].isin(ids))
        found = self.fetch(of_these.select("signal_id", "version", "month").distinct()).to_pylist()
        older = [row for row in found if row["version"] < top[row["signal_id"]]]
        if not older:
            return 0
        done = self._commit(lambda table: table.delete(_one_of(older), writer_properties=WRITING))
        return int(done["num_deleted_rows"])

    def _newest(self) -> Snapshot:
        claim_delta()
        with self._lock:
            last = next(reversed(self._snapshots.values()), None)
            if last is not None and not self._watch.may_have_grown(last.version):
                return last
            touched = self._watch.look()
            self._table.update_incremental()
            self._watch.remember(touched)
            version = self._table.version()
            if last is None or last.version != version:
                last = read_snapshot(self._table, self._folder)
                self._snapshots[version] = last
                for old in list(self._snapshots)[:-SNAPSHOTS_KEPT]:
                    del self._snapshots[old]
            return last

    def _run(self, expression: ibis.Expr) -> pa.Table:
        names = {
            table.name
            for table in expression.op().find(ops.UnboundTable)
            if table.name.startswith(self._prefix)
        }
        newest = self._newest()
        with engine.connection() as connection:
            for name in names:
                version = int(name.removeprefix(self._prefix))
                connection.show(name, self._snapshots.get(version, newest))
            return connection.run(expression)


def open_lake(address: str | Path) -> Lake:
    """Return the lake at a folder or an s3:// address; makes it when nothing is there.

    To be called after forking only. S3 reads its settings from the usual AWS_… variables.

    Raises
    ------
    BadInput
        The place cannot be used, or holds something else.

    """
    claim_delta()
    table, folder = open_table(address)
    return Lake(str(folder or address), table, folder)


def _one_of(rows: list[dict[str, object]]) -> str:
    """Return the predicate that holds for rows of these months, versions and ids, no others."""
    by_version: dict[object, list[str]] = {}
    for row in rows:
        by_version.setdefault(row["version"], []).append(_quoted(row["signal_id"]))
    months = ", ".join(sorted({_quoted(row["month"]) for row in rows}))
    parts = (
        f"(version = {version} AND signal_id IN ({', '.join(ids)}))"
        for version, ids in by_version.items()
    )
    return f"month IN ({months}) AND ({' OR '.join(parts)})"


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
