"""Finding the rows that cannot be processed among those that can.

What fails is halved until the row that is to blame is alone. What lies outside the rows (the
database away, a full disk) is no row's fault and never leads to halving: it is raised.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
from django.db import Error, InterfaceError, OperationalError, ProgrammingError

_OUTSIDE: Final = (
    *(OperationalError, InterfaceError, ProgrammingError),  # the server, or its tables
    *(OSError, MemoryError),  # the machine
    *(NameError, ImportError),  # our own code
)
_OUTSIDE_STATES: Final = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE: connection, rollback by the server, resources, locks, operator, system."""


class Unready(Exception):  # noqa: N818 - it reads so where it is raised
    """Something outside the signals is in the way; they wait."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be processed, by its place, and why."""

    place: int
    error: Exception


def is_outside(error: Exception) -> bool:
    """Return whether an error lies outside the rows that were processed."""
    if isinstance(error, (Unready, *_OUTSIDE)):
        return True
    state = getattr(error.__cause__, "sqlstate", None) if isinstance(error, Error) else None
    return state is not None and state[:2] in _OUTSIDE_STATES


def sift(rows: pa.Table, attempt: Callable[[pa.Table], None], first: int = 0) -> list[Bad]:
    """Attempt all rows, in their order; return those that cannot be processed.

    An attempt that fails must leave nothing behind. What succeeds is attempted once.
    """
    if not len(rows):
        return []
    try:
        attempt(rows)
    except Exception as error:  # a bad row may raise anything; what lies outside goes on
        if is_outside(error):
            raise
        if len(rows) == 1:
            return [Bad(first, error)]
        half = len(rows) // 2
        return [
            *sift(rows.slice(0, half), attempt, first),
            *sift(rows.slice(half), attempt, first + half),
        ]
    return []
