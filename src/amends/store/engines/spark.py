"""Spark: a session of this process on its own cores, or on a cluster that sees the lake's folder.

Expressions are compiled by Ibis' compiler alone: its Spark backend would need pandas. Nothing is
fetched from anywhere; a session on this machine listens on 127.0.0.1 only and writes no log but
errors.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ibis
import pyarrow as pa
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.formats.pyarrow import PyArrowData

from amends.engine.contracts import BadInput
from amends.store.damage import damaged_file, lost_file
from amends.store.snapshot import Snapshot

from .engine import FileGone

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOGGING: Final = Path(__file__).with_name("spark_log4j2.properties")
VIEWS_KEPT: Final = 8
SETTINGS: Final = {
    "spark.app.name": "amends",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={LOGGING.as_uri()}",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
}
"""A month is a text; the driver looks at the files itself rather than make that a job."""
ON_THIS_MACHINE: Final = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}


class Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis' compiler for Spark; a NaN is a NaN (there are none in the lake), not a null."""

    visit_Field = SQLGlotCompiler.visit_Field  # noqa: N815 - Ibis' name


class Spark:
    """The engine at a master."""

    def __init__(self, master: str) -> None:
        self.name = master
        self._lock = threading.RLock()
        self._session: SparkSession | None = None
        self._shown: dict[str, Snapshot] = {}

    def fetch(self, expression: ibis.Expr, shown: Mapping[str, Snapshot]) -> pa.Table:
        """Return what an expression over snapshots comes to; see `Engine`.

        Raises
        ------
        BadInput
            Spark cannot be started, or the lake lies where it cannot read.

        """
        session = self._started()
        from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra; there once it is started
        from pyspark.errors import PySparkException  # noqa: PLC0415

        table = expression.as_table()
        try:
            with self._lock:
                for name, snapshot in shown.items():
                    self._show(session, name, snapshot)
                answer = session.sql(_sql(table))
            found = answer.toArrow()
        except (Py4JError, PySparkException) as error:
            files = [file for one in shown.values() for file in one.files]
            if lost := lost_file(files):
                raise FileGone(lost) from error
            if damaged := damaged_file(files):
                raise damaged from error
            raise
        return PyArrowData.convert_table(found, table.schema())

    def _show(self, session: "SparkSession", name: str, snapshot: Snapshot) -> None:
        if self._shown.get(name) is snapshot:
            return
        for gone in list(self._shown)[: 1 - VIEWS_KEPT]:
            del self._shown[gone]
            session.catalog.dropTempView(gone)
        _rows(session, snapshot).createOrReplaceTempView(name)
        self._shown[name] = snapshot

    def _started(self) -> "SparkSession":
        with self._lock:
            if self._session is None:
                self._session = _start(self.name)
            return self._session


def _start(master: str) -> "SparkSession":
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise BadInput(
            "PySpark is not installed.",
            where="AMENDS_ENGINE",
            remedy="Install amends with its extra: pip install 'amends[spark]'.",
        ) from error
    _check_java()
    settings: dict[str, Any] = dict(SETTINGS)
    if not master.startswith("spark://"):
        settings |= ON_THIS_MACHINE
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings["spark.sql.warehouse.dir"] = f"{tempfile.gettempdir()}/amends-spark-{os.getpid()}"
    try:
        return SparkSession.builder.master(master).config(map=settings).getOrCreate()
    except (PySparkException, Py4JError, OSError, RuntimeError) as error:
        raise BadInput(
            f"Spark at {master} does not start: {_first_line(error)}",
            where="AMENDS_ENGINE",
            remedy="See that the master runs and can be reached, or leave AMENDS_ENGINE out.",
        ) from error


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise BadInput(
            f"There is no Java in JAVA_HOME ({home})." if home else "There is no Java.",
            where="AMENDS_ENGINE",
            remedy="Install Java 17 or newer for Spark, or leave AMENDS_ENGINE out for DuckDB.",
        )


def _rows(session: "SparkSession", snapshot: Snapshot) -> "DataFrame":
    """Return a snapshot's rows, in the order of its schema, not read yet."""
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - an extra

    schema = from_arrow_schema(snapshot.schema)
    if not snapshot.files:
        if snapshot.is_far:
            raise BadInput(
                "Spark reads a lake in a folder that all of its workers see, not in a bucket.",
                where="AMENDS_ENGINE",
                remedy="Leave AMENDS_ENGINE out: DuckDB reads buckets.",
            )
        return session.createDataFrame(snapshot.schema.empty_table(), schema)
    folder = Path(snapshot.files[0]).parents[1]
    reader = session.read.schema(schema).option("basePath", f"file://{folder}")
    # Names are names: no letter of a path is a pattern, and nothing is decoded.
    files = (f"file://{file}" for file in snapshot.files)
    return reader.option("__globPaths__", "false").parquet(*files)


def _sql(table: ibis.Table) -> str:
    compiler = Compiler()
    return str(compiler.to_sqlglot(table).sql(dialect=compiler.dialect))


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
