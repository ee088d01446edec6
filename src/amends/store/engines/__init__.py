"""The engines that answer questions about the lake: DuckDB in process, or Spark.

Each reads the snapshot's active Parquet files; the same Ibis expressions run on both.
"""

import re
from functools import cache
from typing import Final

from amends.engine.contracts import BadInput

from .duckdb import DuckDB
from .engine import Engine, FileGone
from .spark import Spark

__all__ = ["DUCKDB", "Engine", "FileGone", "check_engine", "engine_at"]

DUCKDB: Final = DuckDB.name
MASTER: Final = re.compile(
    r"local(\[(\d+|\*)(,\d+)?\])?|local-cluster\[\d+,\d+,\d+\]|spark://[\w.-]+:\d+(,[\w.-]+:\d+)*"
)
"""The masters that a Spark session may have."""


def check_engine(setting: str) -> str:
    """Return the setting of an engine as it is written out; empty is DuckDB.

    Raises
    ------
    BadInput
        It names no engine.

    """
    setting = setting.replace(" ", "")
    if setting.lower() in {"", DUCKDB}:
        return DUCKDB
    if MASTER.fullmatch(setting):
        return setting
    raise BadInput(
        f"{setting!r} is no engine that reads the lake.",
        where="AMENDS_ENGINE",
        remedy="Leave it out for DuckDB, or name a Spark master: local[2] or spark://host:7077.",
    )


@cache
def engine_at(setting: str) -> Engine:
    """Return the engine of a setting, one for each process; it starts with its first question.

    Raises
    ------
    BadInput
        It names no engine.

    """
    setting = check_engine(setting)
    return DuckDB() if setting == DUCKDB else Spark(setting)
