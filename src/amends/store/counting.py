"""How many signals there are: added up from rollups where they can tell, else from rows.

A period is cut into whole UTC days, which rollups answer, and the rest of its first and last day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import ibis
from ibis.expr import operations as ops

from .beside import ROWS
from .reads import where
from .rollups import COUNTS, DIMENSIONS, PLAIN, ROLLUP_SCHEMA
from .snapshot import Snapshot

COUNTED: Final = ibis.schema(ROLLUP_SCHEMA)
Moment = datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be counted; see `Lake.counts`."""

    by: tuple[str, ...]
    since: Moment
    until: Moment
    dims: Mapping[str, str]
    cause: str | None
    kinds: Sequence[str] | None

    @property
    def dimension(self) -> str | None:
        """Return the dimension whose rollups answer this, "" for none; None: they cannot."""
        asked = {*self.dims, *self.by} - set(PLAIN)
        if len(asked) > 1 or not asked <= set(DIMENSIONS):
            return None
        return next(iter(asked), "")

    @property
    def whole_days(self) -> tuple[Moment, Moment]:
        """Return the first midnight (UTC) from `since` on and the last up to `until`."""
        first = None if self.since is None else -(-_since_epoch(self.since) // DAY)
        last = None if self.until is None else _since_epoch(self.until) // DAY
        return tuple(None if n is None else EPOCH + n * DAY for n in (first, last))  # type: ignore[return-value]

    def of_rows(self, rows: ibis.Table, since: Moment = None, until: Moment = None) -> ibis.Table:
        """Return the counts of some rows, of the whole period or of a stretch of it."""
        kept = where(
            rows,
            since=since or self.since,
            until=until or self.until,
            dims=self.dims,
            cause=self.cause,
            kinds=self.kinds,
        )
        dated = kept.mutate(day=kept["occurred_at"].date()) if "day" in self.by else kept
        return dated.group_by(list(self.by)).agg(n=dated.count())

    def of_rollups(self, counts: ibis.Table) -> ibis.Table:
        """Return the counts of the whole days of the period."""
        first, last = self.whole_days
        terms = [counts["dimension"] == self.dimension]
        terms += [counts["value"] == value for value in self.dims.values()]
        if first is not None:
            terms.append(counts["day"] >= ibis.literal(first.date()))
        if last is not None:
            terms.append(counts["day"] < ibis.literal(last.date()))
        if self.kinds is not None:
            terms.append(counts["kind"].isin(list(self.kinds)))
        if self.cause:
            below = counts["cause"].startswith(f"{self.cause}/")
            terms.append((counts["cause"] == self.cause) | below)
        kept = counts.filter(*terms)
        groups = [kept["value" if name == self.dimension else name].name(name) for name in self.by]
        return kept.group_by(groups).agg(n=kept["n"].sum())


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)


def _since_epoch(at: datetime) -> timedelta:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone.")
    return at - EPOCH


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A snapshot cut in three: files that have counts, those counts, and files that have none."""

    of: Snapshot
    name: str
    counted: Snapshot
    counts: Snapshot
    fresh: Snapshot

    def are_of(self, snapshot: Snapshot, folder: Path | None) -> bool:
        """Whether this is the snapshot, and nothing of it was counted meanwhile."""
        return self.of is snapshot and self.counts.files == COUNTS.split(snapshot, folder).kept

    def shown(self, expression: ibis.Expr) -> dict[str, Snapshot]:
        """Return what the tables of an expression stand for."""
        names = {
            f"{self.name}_all": self.of,
            f"{self.name}_counted": self.counted,
            f"{self.name}_counts": self.counts,
            f"{self.name}_fresh": self.fresh,
        }
        used = {table.name for table in expression.op().find(ops.UnboundTable)}
        return {name: snapshot for name, snapshot in names.items() if name in used}


def parts_of(snapshot: Snapshot, folder: Path | None, prefix: str) -> Parts:
    """Cut a snapshot; where no counts are kept it is all fresh."""
    found, version = COUNTS.split(snapshot, folder), snapshot.version
    return Parts(
        snapshot,
        f"{prefix}{version}_{len(found.kept)}",
        Snapshot(version, found.of),
        Snapshot(version, found.kept, schema=ROLLUP_SCHEMA),
        Snapshot(version, found.fresh),
    )


def from_parts(asked: Asked, parts: Parts) -> ibis.Table:
    """Return the counts of everything."""
    first, last = asked.whole_days
    is_short = first is not None and last is not None and first >= last
    if asked.dimension is None or not parts.counts.files or is_short:
        return asked.of_rows(ibis.table(ROWS, name=f"{parts.name}_all"))
    found = [asked.of_rollups(ibis.table(COUNTED, name=f"{parts.name}_counts"))]
    counted = ibis.table(ROWS, name=f"{parts.name}_counted")
    if first is not None and asked.since != first:
        found.append(asked.of_rows(counted, until=first))
    if last is not None and asked.until != last:
        found.append(asked.of_rows(counted, since=last))
    if parts.fresh.files:
        found.append(asked.of_rows(ibis.table(ROWS, name=f"{parts.name}_fresh")))
    if len(found) == 1:
        return found[0].mutate(n=found[0]["n"].cast("int64"))
    together = ibis.union(*(part.mutate(n=part["n"].cast("int64")) for part in found))
    summed = together.group_by(list(asked.by)).agg(n=together["n"].sum())
    return summed.mutate(n=summed["n"].cast("int64"))
