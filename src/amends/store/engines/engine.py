"""What the lake asks of an engine."""

from collections.abc import Mapping
from typing import Protocol

import ibis
import pyarrow as pa

from amends.store.snapshot import Snapshot


class FileGone(Exception):  # noqa: N818 - it says what is the matter
    """A file that a snapshot names is not there; the message names it as far as known."""


class Engine(Protocol):
    """Answers Ibis expressions over snapshots; safe to use from many threads at once."""

    name: str
    """The setting that chooses it."""

    def fetch(self, expression: ibis.Expr, shown: Mapping[str, Snapshot]) -> pa.Table:
        """Return what an expression comes to.

        Parameters
        ----------
        shown
            The snapshot that each unbound table of the expression stands for.

        Raises
        ------
        FileGone
            A snapshot's file was vacuumed meanwhile, or lost.

        """
        ...
