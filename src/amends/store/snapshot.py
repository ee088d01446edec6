"""The newest state of the Delta table: which Parquet files hold the signals now."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable

from .schema import LAKE_SCHEMA, UNDATED

_HOLDER: Final[list[int]] = []


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The files of one version.

    `dataset` stands for them where the engine can read none: as long as there are none, and on S3.
    """

    version: int
    files: tuple[str, ...]
    dataset: ds.Dataset | None = field(default=None, repr=False)
    is_far: bool = False
    """Whether it lies elsewhere than in a folder."""
    schema: pa.Schema = field(default=LAKE_SCHEMA, repr=False)


def read_snapshot(table: DeltaTable, folder: Path | None) -> Snapshot:
    """Return the files of a table as far as it has been read."""
    if folder is None:
        return Snapshot(table.version(), (), table.to_pyarrow_dataset(), is_far=True)
    # The library tells paths as parts of an URI; under the folder they need no decoding.
    under = ("/".join(uri.split("/")[-2:]) for uri in table.file_uris())
    # Newest first, undated last: a list of the newest rows then passes over all older files.
    newest_first = sorted(under, key=lambda file: (UNDATED not in file, file), reverse=True)
    files = tuple(f"{folder}/{file}" for file in newest_first)
    nothing = None if files else ds.dataset(LAKE_SCHEMA.empty_table())
    return Snapshot(table.version(), files, nothing)


class LogWatch:
    """Says cheaply whether a Delta log may have grown since it was last read.

    For a folder: the next commit is there, or the log's folder was touched (commits may have
    been tidied away meanwhile). Elsewhere only reading the log tells.
    """

    def __init__(self, folder: Path | None) -> None:
        self._log = folder / "_delta_log" if folder else None
        self._touched = -1

    def look(self) -> int:
        """Return the state to remember; to be taken before the log is read."""
        return self._log.stat().st_mtime_ns if self._log else -1

    def remember(self, touched: int) -> None:
        """Remember the state before which everything has been read."""
        self._touched = touched

    def may_have_grown(self, version: int) -> bool:
        """Return whether there may be a version after this one."""
        if self._log is None:
            return True
        return (
            self._log.stat().st_mtime_ns != self._touched
            or (self._log / f"{version + 1:020d}.json").exists()
        )


def claim_delta() -> None:
    """Note that this process reads Delta; the library's threads do not survive a fork.

    Raises
    ------
    RuntimeError
        The process is a fork of one that had used a lake.

    """
    if not _HOLDER:
        _HOLDER.append(os.getpid())
    elif _HOLDER[0] != os.getpid():
        raise RuntimeError(
            "This process was forked from one that had opened a lake, and Delta's threads stayed "
            "behind there. Open the lake after forking only."
        )
