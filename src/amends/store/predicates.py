"""Which rows Delta is to delete, in its SQL: by month first, so that other files are spared."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from .schema import UNDATED


def of_versions(rows: Iterable[Mapping[str, object]]) -> str:
    """Return the predicate that holds for rows of these months, versions and ids, no others."""
    by_version: dict[object, list[object]] = {}
    months = set()
    for row in rows:
        by_version.setdefault(row["version"], []).append(row["signal_id"])
        months.add(row["month"])
    parts = (
        f"(version = {version} AND signal_id IN {_any(ids)})" for version, ids in by_version.items()
    )
    return f"month IN {_any(sorted(map(str, months)))} AND ({' OR '.join(parts)})"


def of_ids(ids: Sequence[str], months: Iterable[str]) -> str:
    """Return the predicate that holds for every version of these signals in these months."""
    return f"month IN {_any(sorted(set(months)))} AND signal_id IN {_any(sorted(set(ids)))}"


def of_other_deliveries(ids: Sequence[str], months: Iterable[str], delivery: int) -> str:
    """Return the predicate that holds for these signals where another delivery brought them."""
    return f"{of_ids(ids, months)} AND delivery <> {delivery:d}"


def of_kind_before(kind: str, until: datetime) -> str:
    """Return what holds for a kind that occurred, or else was received, before a time."""
    end = until.astimezone(UTC)
    return (
        f"month <= '{end:%Y-%m}' AND month <> '{UNDATED}' AND kind = {_quoted(kind)} AND "
        f"coalesce(occurred_at, received_at) < TIMESTAMP '{end:%Y-%m-%dT%H:%M:%S.%f}Z'"
    )


def _any(values: Iterable[object]) -> str:
    return f"({', '.join(map(_quoted, values))})"


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
