"""Who writes into a folder at the moment, among all processes: locks that end with their process.

A file that no commit names is either being written or left behind by a writer that died. Only who
knows that nobody writes can tell which.
"""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Writers:
    """The writers of one lake. Elsewhere than in a folder nobody can be counted."""

    def __init__(self, address: str, folder: Path | None) -> None:
        self._log = folder / "_delta_log" if folder else None
        self._rewriting = folder or _beside_a_bucket(address)

    @contextmanager
    def one_rewriter(self) -> Iterator[None]:
        """Be the only one that puts other files in the place of files; wait for one that does.

        Delta leaves it to the later of two commits to find that the earlier removed its files.
        deltalake passes over removals that changed no data (delta-rs, pull request 3982): two
        compactions at once would both add what they had read. Of a lake in a bucket the processes
        of one machine are kept apart.
        """
        held = os.open(self._rewriting, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Be a writer meanwhile; there may be many."""
        if self._log is None:
            yield
            return
        held = os.open(self._log, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield
        finally:
            os.close(held)

    @contextmanager
    def nobody_else(self, patience_seconds: float) -> Iterator[bool]:
        """Keep writers out meanwhile; False when that could not be had in time."""
        if self._log is None:
            yield False
            return
        held = os.open(self._log, os.O_RDONLY)
        try:
            yield _waited_for(held, patience_seconds)
        finally:
            os.close(held)


def _beside_a_bucket(address: str) -> Path:
    name = hashlib.sha256(address.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"amends-lake-{name}.lock"
    path.touch(mode=0o600)
    return path


def _waited_for(held: int, patience_seconds: float) -> bool:
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True
