"""Delta tables at one address, each lent to one user at a time, and read with care."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from . import damage


class Tables:
    """Opens tables as they are needed; what their log says is checked before it is believed."""

    def __init__(self, address: str, folder: Path | None, version: int) -> None:
        self._address, self._folder, self._checked = address, folder, version
        self._lock = threading.Lock()
        self._spare: list[DeltaTable] = []

    @contextmanager
    def lent(self) -> Iterator[DeltaTable]:
        """Lend the newest table, to nobody else: no writer waits for another's compaction."""
        with self._lock:
            table = self._spare.pop() if self._spare else None
        table = table or self.opened()
        self.update(table)
        yield table
        with self._lock:
            self._spare.append(table)

    def opened(self) -> DeltaTable:
        """Return a table of one's own.

        Raises
        ------
        BadInput
            The log cannot be read.

        """
        with self._log_errors():
            return DeltaTable(self._address)

    def update(self, table: DeltaTable) -> None:
        """Read what was committed meanwhile.

        Raises
        ------
        BadInput
            The log cannot be read, or says less than it was meant to.

        """
        with self._log_errors():
            table.update_incremental()
        if self._folder and table.version() > self._checked:
            damage.check_entries(self._folder, self._checked, table.version())
            self._checked = table.version()

    @contextmanager
    def _log_errors(self) -> Iterator[None]:
        try:
            yield
        except (DeltaError, OSError) as error:
            if self._folder:
                damage.check_log(self._folder)
            raise damage.not_read(error, self._address) from error
