"""A dry run: a file is read to its end, and counted as if it were taken in; nothing is kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
from django.db import connection
from django.utils import timezone

from amends.engine.contracts import QuarantinedRow
from amends.flows.importing import plan_import, read_parts
from amends.flows.tallying import Reason, Tally
from amends.web.intake.bulk import copy_in

MOST_REASONS: Final = 5
_SHOWN: Final = 300
_LIKE_RECEIVING: Final = """
WITH best AS (SELECT signal_id, max(version) AS version FROM rehearsed_part GROUP BY signal_id),
judged AS (
  SELECT best.version, greatest(known.version, earlier.version) AS there
  FROM best LEFT JOIN intake_identity AS known USING (signal_id)
  LEFT JOIN rehearsed AS earlier USING (signal_id))
SELECT count(*) FILTER (WHERE there IS NULL OR version > there),
  count(*) FILTER (WHERE version < there)
  + (SELECT count(*) FROM rehearsed_part JOIN best USING (signal_id)
     WHERE rehearsed_part.version < best.version)
FROM judged
"""
"""How many of a part would be accepted, and how many are superseded; see `receiving.receive`."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would become of the rows of a file: they add up as in an `Arrival`."""

    rows: int
    accepted: int
    duplicates: int
    superseded: int
    quarantined: int
    undated: int
    first_at: datetime | None
    last_at: datetime | None
    kinds: dict[str, int]
    """Kind → signals, the commonest first."""
    reasons: list[Reason]
    """Why rows would be set aside, the commonest first."""


def rehearse(
    path: Path,
    *,
    name: str,
    source: str,
    preset: str,
    told: Mapping[str, str],
    tick: Callable[[int, float], None],
) -> Rehearsal:
    """Count what would become of a file's rows; `tick` hears the rows and the share read.

    Raises
    ------
    BadInput
        The file cannot be read to its end, or what was told does not fit it.

    """
    tally, accepted, superseded = Tally(), 0, 0
    plan = plan_import(path, name=name, preset=preset, told=told)
    with _judging() as judge:
        for part in read_parts(plan, source, timezone.now()):
            tally.add(part)
            new, old = judge(part.signals)
            accepted, superseded = accepted + new, superseded + old
            tick(tally.rows, part.share)
    return Rehearsal(
        rows=tally.rows,
        accepted=accepted,
        duplicates=tally.rows - tally.quarantined - accepted - superseded,
        superseded=superseded,
        quarantined=tally.quarantined,
        undated=tally.undated,
        first_at=tally.first_at,
        last_at=tally.last_at,
        kinds=dict(tally.kinds.most_common()),
        reasons=[_short(reason) for reason in tally.reasons(MOST_REASONS)],
    )


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return a dry run as `Import.rehearsal` keeps it."""
    built: dict[str, Any] = msgspec.to_builtins(rehearsal)
    return built


def from_json(kept: dict[str, Any]) -> Rehearsal:
    """Return what `as_json` gave."""
    return msgspec.convert(kept, Rehearsal)


@contextmanager
def _judging() -> Iterator[Callable[[pa.Table], tuple[int, int]]]:
    """Give a function that counts what of a part would be accepted, and what is superseded."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS rehearsed, rehearsed_part")
        cursor.execute("CREATE TEMP TABLE rehearsed (signal_id uuid PRIMARY KEY, version int)")
        cursor.execute("CREATE TEMP TABLE rehearsed_part (signal_id uuid, version int)")

        def judge(signals: pa.Table) -> tuple[int, int]:
            cursor.execute("TRUNCATE rehearsed_part")
            # One chunk: an empty one among several would be written as a zero byte.
            names = signals.select(["signal_id", "version"]).combine_chunks()
            copy_in(cursor, names, "rehearsed_part")
            cursor.execute(_LIKE_RECEIVING)
            accepted, superseded = cursor.fetchone()
            cursor.execute(
                "INSERT INTO rehearsed AS earlier"
                " SELECT signal_id, max(version) FROM rehearsed_part GROUP BY signal_id"
                " ON CONFLICT (signal_id) DO UPDATE"
                " SET version = greatest(earlier.version, excluded.version)"
            )
            return accepted, superseded

        try:
            yield judge
        finally:
            cursor.execute("DROP TABLE IF EXISTS rehearsed, rehearsed_part")


def _short(reason: Reason) -> Reason:
    samples = tuple(
        QuarantinedRow(row.file, row.row, row.field, row.reason, row.raw[:_SHOWN])
        for row in reason.samples
    )
    return Reason(reason.field, reason.what, reason.n, samples)
