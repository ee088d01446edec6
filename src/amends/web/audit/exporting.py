"""The audit trail as a file that verifies itself: see docs/howto/verify-the-audit-trail.md."""

import json
from collections.abc import Iterator
from typing import Final

from django.db import connection

from amends.web.audit.chain import seal

FORMAT: Final = "amends-audit-1"
BATCH: Final = 2_000

_HEAD: Final = "SELECT number, hash FROM audit_link ORDER BY number DESC LIMIT 1"
_LINKS: Final = """
SELECT number, previous, hash, audit_moment(at), relation, entry, operation, object, verb,
    coalesce(context::text, ''), columns, digest
FROM audit_link WHERE number > %s AND number <= %s ORDER BY number
"""
_NAMES: Final = (
    "number", "previous", "hash", "at", "relation", "entry", "operation", "object", "verb",
    "context", "columns", "digest",
)  # fmt: skip
_CONTENTS: Final = """
SELECT l.number, audit_content(to_jsonb(t), l.columns)
FROM audit_link l JOIN {table} AS t ON t.pgh_id = l.entry
WHERE l.relation = %s AND l.number = ANY(%s)
AND NOT EXISTS (SELECT FROM audit_link n
    WHERE n.relation = l.relation AND n.entry = l.entry AND n.number > l.number)
AND NOT EXISTS (SELECT FROM audit_loose o WHERE o.relation = l.relation AND o.entry = l.entry)
"""


def lines() -> Iterator[str]:
    """Yield the trail up to now: a line about the file, then a line a link.

    `content` is the text of the entry that its digest is of; null where a later link of the same
    entry says that it was rewritten by an erasure.
    """
    seal()
    with connection.cursor() as cursor:
        cursor.execute(_HEAD)
        number, hash_ = cursor.fetchone() or (0, "0" * 64)
    yield _line({"format": FORMAT, "links": number, "head": f"{number}:{hash_}"})
    for after in range(0, number, BATCH):
        yield from _batch(after, min(after + BATCH, number))


def _batch(after: int, until: int) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', 'UTC', false)")
        cursor.execute(_LINKS, [after, until])
        found = [dict(zip(_NAMES, row, strict=True)) for row in cursor.fetchall()]
        by_table: dict[str, list[int]] = {}
        for link in found:
            by_table.setdefault(link["relation"], []).append(link["number"])
        contents: dict[int, str] = {}
        for name, numbers in by_table.items():
            table = connection.ops.quote_name(name)
            cursor.execute(_CONTENTS.format(table=table), [name, numbers])
            contents |= dict(cursor.fetchall())
    for link in found:
        yield _line(link | {"content": contents.get(link["number"])})


def _line(values: dict[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
