"""What leaves the lake: older versions, signals that are forgotten, what outlived its retention.

Bytes stay in files of older snapshots until `vacuum`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import ibis
import pyarrow as pa
from deltalake import DeltaTable

from . import predicates
from .writing import WRITING

IDS_AT_A_TIME: Final = 5_000


class Removing(ABC):
    """The verbs of a lake that remove rows."""

    @abstractmethod
    def signals(self, since: datetime | None = None, until: datetime | None = None) -> ibis.Table:
        """Return the newest snapshot."""

    @abstractmethod
    def fetch(self, expression: ibis.Expr) -> pa.Table:
        """Return what an expression comes to."""

    @abstractmethod
    def _rewrite(self, verb: Callable[[DeltaTable], Any]) -> Any:  # noqa: ANN401  (what the verb returns)
        """Put other files in the place of some."""

    def remove_superseded(self, newest: pa.Table) -> int:
        """Delete every row whose signal has a higher version in `newest`; repeating does nothing.

        Parameters
        ----------
        newest
            Columns signal_id (string) and version (int32). Rows of these versions stay.

        Returns
        -------
        int
            How many rows were removed.

        """
        removed = 0
        for first in range(0, len(newest), IDS_AT_A_TIME):
            removed += self._remove_older(newest.slice(first, IDS_AT_A_TIME))
        return removed

    def remove_signals(self, ids: Sequence[str]) -> int:
        """Delete every version of these signals and return how many rows went.

        Their bytes stay in files of older snapshots until `vacuum`.
        """
        removed, wanted = 0, sorted(set(ids))
        for first in range(0, len(wanted), IDS_AT_A_TIME):
            some = wanted[first : first + IDS_AT_A_TIME]
            # Again until none is left: one may have been appended meanwhile.
            while months := self._months_of(some):
                removed += self._delete(predicates.of_ids(some, months))
        return removed

    def keep_only(self, ids: Sequence[str], delivery: int) -> int:
        """Delete what other deliveries brought of these signals; return how many rows went."""
        removed, wanted = 0, sorted(set(ids))
        for first in range(0, len(wanted), IDS_AT_A_TIME):
            some = wanted[first : first + IDS_AT_A_TIME]
            signals = self.signals()
            others = signals.filter(
                signals["signal_id"].isin(some), signals["delivery"] != delivery
            )
            months = self.fetch(others.select("month").distinct())["month"].to_pylist()
            if months:
                removed += self._delete(predicates.of_other_deliveries(some, months, delivery))
        return removed

    def remove_before(self, kind: str, until: datetime) -> int:
        """Delete the signals of a kind that occurred before a time; return how many rows went.

        Those without a time of occurrence go by that of their receipt; without both they stay. The
        bytes stay in files of older snapshots until `vacuum`.

        Raises
        ------
        ValueError
            The time has no zone.

        """
        if until.tzinfo is None:
            raise ValueError(f"{until} has no time zone.")
        return self._delete(predicates.of_kind_before(kind, until))

    def _delete(self, predicate: str) -> int:
        done = self._rewrite(lambda table: table.delete(predicate, writer_properties=WRITING))
        return int(done["num_deleted_rows"])

    def _months_of(self, ids: list[str]) -> list[str]:
        signals = self.signals()
        of_these = signals.filter(signals["signal_id"].isin(ids))
        months: list[str] = self.fetch(of_these.select("month").distinct())["month"].to_pylist()
        return months

    def _remove_older(self, newest: pa.Table) -> int:
        signals, keep = self.signals(), newest.group_by("signal_id").aggregate([("version", "max")])
        ids = keep["signal_id"].to_pylist()
        top = dict(zip(ids, keep["version_max"].to_pylist(), strict=True))
        of_these = signals.filter(signals["signal_id"].isin(ids))
        found = self.fetch(of_these.select("signal_id", "version", "month").distinct()).to_pylist()
        older = [row for row in found if row["version"] < top[row["signal_id"]]]
        if not older:
            return 0
        return self._delete(predicates.of_versions(older))
