"""The chain of audit entries: history tables put on it, and what was committed sealed into it."""

from typing import Any, Final

import pghistory.models
from django.apps import apps
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

AT_ONCE: Final = 5_000
"""Entries sealed in one transaction."""

_UNCHAINED: Final = """
SELECT c.relname FROM pg_class c
WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_note')
ORDER BY c.relname
"""
_IS_KNOWN: Final = """
SELECT EXISTS (SELECT FROM audit_link WHERE relation = %s)
    OR EXISTS (SELECT FROM audit_loose WHERE relation = %s)
"""
_BASELINE: Final = """
INSERT INTO audit_loose (relation, entry, operation, object, verb, at, context, columns, digest)
SELECT {name}, pgh_id, 'BASELINE', coalesce(entry ->> 'pgh_obj_id', ''), pgh_label,
    pgh_created_at, c.metadata, names, audit_digest(entry, names)
FROM {table} AS t
LEFT JOIN pghistory_context c ON c.id = t.pgh_context_id
CROSS JOIN LATERAL (SELECT to_jsonb(t)) AS one(entry)
CROSS JOIN LATERAL (SELECT ARRAY(SELECT jsonb_object_keys(entry))) AS of(names)
ORDER BY pgh_id
"""


def histories() -> list[str]:
    """Return the history tables, by name."""
    models = (m for m in apps.get_models() if issubclass(m, pghistory.models.Event))
    return sorted(m._meta.db_table for m in models if m._meta.managed and not m._meta.proxy)  # noqa: SLF001  (Django's own name)


def chain_histories(**_: Any) -> None:  # noqa: ANN401  (what Django's signal passes)
    """Put every history table that is not yet on the chain onto it, with what stands in it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('audit_link') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute(_UNCHAINED, [histories()])
        for (name,) in cursor.fetchall():
            _put_on_chain(cursor, name)


def _put_on_chain(cursor: CursorWrapper, name: str) -> None:
    """Put the triggers on a table, and chain what stands in it: the first time only.

    Later its entries are held against their links: what was done without triggers has to show.
    """
    table = connection.ops.quote_name(name)
    cursor.execute(
        f"CREATE TRIGGER audit_note AFTER INSERT OR UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION audit_note()"
    )
    cursor.execute(
        f"CREATE OR REPLACE TRIGGER audit_keep_all BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
    )
    cursor.execute(_IS_KNOWN, [name, name])
    if cursor.fetchone()[0]:
        return
    cursor.execute("SET LOCAL timezone = 'UTC'")
    cursor.execute(_BASELINE.format(name="%s", table=table), [name])


def seal() -> int:
    """Chain everything that was committed, a part at a time; return how many entries."""
    sealed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit_seal(%s)", [AT_ONCE])
            n = int(cursor.fetchone()[0])
        sealed += n
        if n < AT_ONCE:
            return sealed
