"""Where a lake may lie, and its Delta table there."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from amends.engine.contracts import BadInput

from .schema import LAKE_SCHEMA

CONFIGURATION: Final = {
    "delta.setTransactionRetentionDuration": "interval 30 days",
    "delta.logRetentionDuration": "interval 7 days",
    "delta.dataSkippingStatsColumns": "kind,occurred_at,received_at,version,delivery",
}
"""A delivery is repeated within minutes; its mark may be forgotten after a month. The log keeps
the least and greatest value of a column for each file: never of what customers said or are called,
or a removed row would live on there.
"""

PATTERN_LETTERS: Final = frozenset("*?[")
"""Letters that the engine takes as patterns of file names."""


def open_table(address: str | Path) -> tuple[DeltaTable, Path | None]:
    """Return the table, made when it is not there, and its folder when it lies in one.

    Raises
    ------
    BadInput
        The place cannot be used, or holds something else.

    """
    folder = None if "://" in str(address) else _folder(Path(address))
    where = str(folder or address)
    try:
        table = _open_or_make(where, folder)
    except (DeltaError, OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"The lake cannot be opened: {str(error).splitlines()[0]}",
            where=where,
            remedy="Check that the address is right and that it may be read and written.",
        ) from error
    held = {field.name for field in table.schema().fields}
    if held != set(LAKE_SCHEMA.names):
        raise BadInput(
            "A Delta table that is no lake of signals lies there.",
            where=where,
            remedy="Name a folder of its own for the lake.",
        )
    _configure(table)
    return table, folder


def _configure(table: DeltaTable) -> None:
    """Bring the settings of a lake that an older version made up to date."""
    if table.metadata().configuration.items() >= CONFIGURATION.items():
        return
    # Another process may do so in this instant, or write.
    with suppress(CommitFailedError):
        table.alter.set_table_properties(dict(CONFIGURATION))


def _open_or_make(where: str, folder: Path | None) -> DeltaTable:
    try:
        return DeltaTable(where)
    except TableNotFoundError:
        _check_empty(folder)
    try:
        return DeltaTable.create(
            where, LAKE_SCHEMA, partition_by=["month"], configuration=dict(CONFIGURATION)
        )
    except DeltaError:
        # Another process may have made it in this instant.
        return DeltaTable(where)


def _folder(path: Path) -> Path:
    folder = path.absolute()
    if PATTERN_LETTERS & set(str(folder)):
        raise BadInput(
            "The lake's folder may have none of * ? [ in its path.",
            where=str(folder),
            remedy="Choose another folder.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"The lake's folder cannot be made: {error.strerror}.",
            where=str(folder),
            remedy="Choose a folder, or make it writable for the user who runs amends.",
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise BadInput(
            "The lake's folder may not be read and written.",
            where=str(folder),
            remedy="Make it writable for the user who runs amends.",
        )
    return folder


def _check_empty(folder: Path | None) -> None:
    if folder is None:
        return
    others = [
        entry.name
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name not in {"lost+found", "_delta_log"}
    ]
    if others:
        raise BadInput(
            f"The folder holds other things ({', '.join(sorted(others)[:3])}) and no lake.",
            where=str(folder),
            remedy="Name an empty or a new folder for the lake.",
        )
