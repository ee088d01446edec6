"""What is wrong with the files of a lake, and what to do: asked when something fails.

Delta takes an entry of its log that ends too early, at the end of a line, for one that says less:
the signals it held would be gone without a word. So each entry is counted against what it says of
itself.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from amends.engine.contracts import BadInput

COUNTED: Final = (
    ("add", ("num_added_files", "numFilesAdded")),
    ("remove", ("num_removed_files", "numFilesRemoved")),
)
"""The actions of an entry, and how its first line tells how many of them follow."""
NO_ROOM: Final = ("No space left on device", "Disk quota exceeded", "File too large")


def check_entries(folder: Path, after: int, up_to: int) -> None:
    """Look whether the log's entries after a version are whole; a checkpoint replaces older ones.

    Raises
    ------
    BadInput
        One is not; it is named.

    """
    log = folder / "_delta_log"
    for version in range(after + 1, up_to + 1):
        entry = log / f"{version:020d}.json"
        if not entry.exists():
            if version > _checkpointed(folder):
                raise missing(str(entry))
        elif not _is_whole(entry):
            is_last = not (log / f"{version + 1:020d}.json").exists()
            raise _damaged_entry(entry, is_last=is_last)


def check_log(folder: Path) -> None:
    """Look whether every entry since the newest checkpoint is there and whole.

    Raises
    ------
    BadInput
        One is not; it is named.

    """
    entries = (folder / "_delta_log").glob("*.json")
    newest = max((int(entry.stem) for entry in entries if entry.stem.isdecimal()), default=-1)
    check_entries(folder, _checkpointed(folder), newest)


def _checkpointed(folder: Path) -> int:
    """Return the version of the newest checkpoint; −1 without one."""
    try:
        told = json.loads((folder / "_delta_log" / "_last_checkpoint").read_bytes())
        return int(told["version"])
    except (OSError, ValueError, KeyError):
        return -1


def _is_whole(entry: Path) -> bool:
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines() if line.strip()]
    except ValueError:
        return False
    if not all(isinstance(action, dict) for action in actions):
        return False
    names = [name for action in actions for name in action]
    if "commitInfo" not in names:
        return False
    said: dict[str, Any] = actions[names.index("commitInfo")]["commitInfo"]
    metrics = said.get("operationMetrics") or {}
    counts = [(names.count(name), metrics.get(key)) for name, keys in COUNTED for key in keys]
    is_counted = all(told is None or int(told) == n for n, told in counts)
    is_append = said.get("operation") == "WRITE"
    return is_counted and (not is_append or "txn" in names)


def _damaged_entry(entry: Path, *, is_last: bool) -> BadInput:
    if is_last:
        remedy = (
            "Put the file back from a backup. Without one, move it away: the lake is then as it "
            "was before this entry, and the signals that it held must be sent again."
        )
    else:
        remedy = "Put the file back from a backup of the lake."
    return BadInput(
        "An entry of the lake's log is damaged: it ends too early or cannot be read.",
        where=str(entry),
        remedy=remedy,
    )


def missing(what: str) -> BadInput:
    """Return what to say of a file that is gone, though the newest state needs it."""
    return BadInput(
        "A file of the lake is missing.",
        where=what,
        remedy="Put it back from a backup; the file's name stays the same for ever.",
    )


def lost_file(files: Iterable[str]) -> str | None:
    """Return the first of these files that is not there."""
    return next((file for file in files if not Path(file).exists()), None)


def damaged_file(files: Iterable[str]) -> BadInput | None:
    """Return what to say of the first Parquet file that cannot be read; every byte is looked at."""
    for file in files:
        try:
            with pq.ParquetFile(file) as table:
                for _ in table.iter_batches():
                    pass
        except (OSError, pa.ArrowException):
            return BadInput(
                "A file of the lake is damaged.",
                where=file,
                remedy="Put it back from a backup; the file's name stays the same for ever.",
            )
    return None


def not_read(error: Exception, address: str) -> BadInput:
    """Return what to say when the log of the lake could not be read."""
    return BadInput(
        f"The lake cannot be opened: {_first_line(error)}",
        where=address,
        remedy="Check that the address is right and that it may be read and written.",
    )


def not_written(error: Exception, address: str, files: Iterable[str]) -> BadInput:
    """Return what to say when the lake could not be written; `files` are what holds its signals."""
    if any(words in str(error) for words in NO_ROOM):
        return BadInput(
            "There is no room left for the lake; nothing was written.",
            where=address,
            remedy="Make room on its disk; what waits is then written.",
        )
    if lost := lost_file(files):
        return missing(lost)
    if damaged := damaged_file(files):
        return damaged
    return BadInput(
        f"The lake cannot be written: {_first_line(error)}",
        where=address,
        remedy="Check that its folder or bucket can be reached and written; nothing was changed.",
    )


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
