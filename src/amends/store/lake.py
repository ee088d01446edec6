"""The lake: every signal, enriched, in one Delta table partitioned by month."""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import ibis
import pyarrow as pa
from deltalake import (
    CommitProperties,
    DeltaTable,
    Transaction,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError
from ibis.expr import operations as ops

from . import counting, damage
from .engines import DUCKDB, Engine, FileGone, engine_at
from .place import open_table
from .reads import where, within
from .removing import Removing
from .rollups import COUNTS
from .samples import SAMPLE_SCHEMA, SAMPLES, sampled, smaller
from .schema import LAKE_SCHEMA, lake_rows, signal_rows
from .snapshot import LogWatch, Snapshot, claim_delta, read_snapshot
from .tables import Tables
from .writers import Writers
from .writing import TARGET_FILE_BYTES, WRITING

TRIES: Final = 40
"""How often a commit is tried when others commit at the same time."""
PATIENCE_SECONDS: Final = 10
"""How long vacuum waits for a moment in which nobody else writes."""
LEFT_BEHIND_HOURS: Final = 24
"""No write takes longer: what is older and in no commit was left behind."""
SNAPSHOTS_KEPT: Final = 4

COLUMNS: Final = ibis.schema(LAKE_SCHEMA)

Done = TypeVar("Done")


class Lake(Removing):
    """The signals at one address; see `open_lake`. Safe to use from many threads at once."""

    def __init__(
        self, address: str, table: DeltaTable, folder: Path | None, engine: Engine
    ) -> None:
        self.address, self.engine = address, engine
        self._table: DeltaTable | None = table
        self._folder, self._tables = folder, Tables(address, folder, table.version())
        self._lock = threading.RLock()
        self._watch, self._writers = LogWatch(folder), Writers(address, folder)
        self._snapshots: dict[int, Snapshot] = {}
        self._parts: counting.Parts | None = None
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
        with self._tables.lent() as table:
            is_there = table.transaction_version(f"delivery-{delivery}") is not None
        if not is_there:
            return None
        signals = self.signals()
        return signal_rows(self.fetch(signals.filter(signals["delivery"] == delivery)))

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
        """Return what an expression over `signals()` comes to; times are timestamp[us, UTC].

        Raises
        ------
        BadInput
            A file that holds signals is missing or damaged.

        """
        try:
            return self._run(expression)
        except FileGone:
            # It was vacuumed under an older snapshot: answer from the newest.
            with self._lock:
                self._watch.remember(-1)
                self._snapshots.clear()
        try:
            return self._run(expression)
        except FileGone as error:
            raise damage.missing(str(error)) from error

    def counts(
        self,
        by: Sequence[str],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        dims: Mapping[str, str] | None = None,
        cause: str | None = None,
        kinds: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return the columns `by` and n (int64): how many signals there are of each, in any order.

        Quick over years where a rollup can tell: `by` of day (UTC), kind, cause, severity and, with
        `dims`, at most one of product, channel, region, segment. Else rows are counted.

        Parameters
        ----------
        by
            Columns of `LAKE_SCHEMA`, or "day"; at least one.
        since, until, dims, cause, kinds
            As `reads.where` has them.

        """
        asked = counting.Asked(tuple(by), since, until, dict(dims or {}), cause, kinds)
        newest = self._newest()
        with self._lock:
            if self._parts is None or not self._parts.are_of(newest, self._folder):
                self._parts = counting.parts_of(newest, self._folder, self._prefix)
            parts = self._parts
        expression = counting.from_parts(asked, parts)
        try:
            return self.engine.fetch(expression, parts.shown(expression))
        except FileGone:
            return self.fetch(asked.of_rows(self.signals()))

    def of_some_customers(
        self,
        columns: Sequence[str],
        one_in: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        dims: Mapping[str, str] | None = None,
        cause: str | None = None,
        kinds: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return signals of one customer in so many, always the same ones, in any order.

        Parameters
        ----------
        columns
            Of `SAMPLE_SCHEMA`.
        one_in
            Of `samples.SIZES`.
        since, until, dims, cause, kinds
            As `reads.where` has them.

        """

        def of(rows: ibis.Table) -> ibis.Table:
            drawn = smaller(rows, one_in)
            kept = where(drawn, since=since, until=until, dims=dims, cause=cause, kinds=kinds)
            return kept.select(*columns)

        newest = self._newest()
        found = SAMPLES.split(newest, self._folder)
        name = f"{self._prefix}{newest.version}_{len(found.kept)}"
        parts = [of(ibis.table(ibis.schema(SAMPLE_SCHEMA), name=f"{name}_samples"))]
        shown = {f"{name}_samples": Snapshot(newest.version, found.kept, schema=SAMPLE_SCHEMA)}
        if found.fresh:
            parts.append(of(sampled(ibis.table(COLUMNS, name=f"{name}_rest"))))
            shown[f"{name}_rest"] = Snapshot(newest.version, found.fresh)
        if found.kept:
            with suppress(FileGone):  # vacuumed meanwhile: then the rows themselves are asked
                return self.engine.fetch(ibis.union(*parts), shown)
        return self.fetch(of(sampled(self.signals())))

    def by_id(self, ids: Sequence[str]) -> pa.Table:
        """Return the rows of these signals: `SIGNAL_SCHEMA` and `delivery`, by id and version."""
        signals = self.signals()
        wanted = signals.filter(signals["signal_id"].isin(list(ids)))
        return signal_rows(self.fetch(wanted.order_by(["signal_id", "version"])))

    def compact(self) -> int:
        """Join small files into larger ones and return how many were joined.

        Readers and other writers go on meanwhile. What is kept beside large files is, then, too.
        """
        done = self._rewrite(
            lambda table: table.optimize.compact(
                target_size=TARGET_FILE_BYTES, writer_properties=WRITING
            )
        )
        if self._folder:
            for beside in (COUNTS, SAMPLES):
                beside.keep_up(self._newest(), self._folder, self.engine)
        return int(done["numFilesRemoved"])

    def vacuum(self, keep_hours: int = 7 * 24) -> int:
        """Delete files that no snapshot of the last hours needs; return how many.

        A query that runs longer than that meets a missing file and is answered anew. After
        `vacuum(keep_hours=0)` the folder holds no byte of a removed row. What a writer left behind
        that died half-way goes, too; while others write it stays until it is a day old, for it
        looks like what they are writing.
        """
        with self._writers.nobody_else(PATIENCE_SECONDS) as is_alone:
            left_hours = keep_hours if is_alone else max(keep_hours, LEFT_BEHIND_HOURS)
            gone = self._sweep(left_hours, is_full=True)
            if left_hours > keep_hours:
                gone |= self._sweep(keep_hours, is_full=False)
        if self._folder:
            for beside in (COUNTS, SAMPLES):
                beside.forget(self._folder)
        return len(gone)

    def _sweep(self, keep_hours: int, *, is_full: bool) -> set[str]:
        """Delete what was removed so long ago; in full, also what no commit names."""
        gone = self._tried(
            lambda table: table.vacuum(
                keep_hours, dry_run=False, enforce_retention_duration=False, full=is_full
            )
        )
        return set(gone)

    def _rewrite(self, verb: Callable[[DeltaTable], Done]) -> Done:
        """Put other files in the place of some; who only adds files goes on meanwhile."""
        with self._writers.one_rewriter():
            return self._commit(verb)

    def _commit(self, verb: Callable[[DeltaTable], Done]) -> Done:
        """Do something to the newest table as one of its writers."""
        with self._writers.one_more():
            return self._tried(verb)

    def _tried(self, verb: Callable[[DeltaTable], Done]) -> Done:
        """Do something to the newest table, again as often as others are quicker."""
        claim_delta()
        for attempt in range(TRIES):
            try:
                with self._tables.lent() as table:
                    return verb(table)
            except CommitFailedError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(0.005 * (1 + (attempt + os.getpid()) % 7))
            except (DeltaError, OSError) as error:
                files = self._newest().files
                raise damage.not_written(error, self.address, files) from error
        raise AssertionError

    def _newest(self) -> Snapshot:
        claim_delta()
        with self._lock:
            last = next(reversed(self._snapshots.values()), None)
            if last is not None and not self._watch.may_have_grown(last.version):
                return last
            touched = self._watch.look()
            # A table that took in half an entry would keep to it once the entry is mended.
            table, self._table = self._table or self._tables.opened(), None
            self._tables.update(table)
            self._table = table
            self._watch.remember(touched)
            version = table.version()
            if last is None or last.version != version:
                last = read_snapshot(table, self._folder)
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
        newest, versions = self._newest(), {n: int(n.removeprefix(self._prefix)) for n in names}
        shown = {name: self._snapshots.get(v, newest) for name, v in versions.items()}
        return self.engine.fetch(expression, shown)


def open_lake(address: str | Path, *, engine: str = DUCKDB) -> Lake:
    """Return the lake at a folder or an s3:// address; makes it when nothing is there.

    `engine` is duckdb or a Spark master such as local[2]; it answers the reads, and Delta writes.

    To be called after forking only. S3 reads its settings from the usual AWS_… variables.

    Raises
    ------
    BadInput
        The place cannot be used, or holds something else; or there is no such engine.

    """
    answers = engine_at(engine)
    claim_delta()
    table, folder = open_table(address)
    return Lake(str(folder or address), table, folder, answers)
