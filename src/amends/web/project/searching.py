"""Looking in every text of every table, whatever app it is of: the proof that something is gone."""

from collections.abc import Callable, Sequence

from django.db import connection
from django.db.backends.utils import CursorWrapper

_TEXTS = (
    "SELECT table_name, array_agg(column_name::text ORDER BY column_name)"
    " FROM information_schema.columns"
    " JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY')"
    " GROUP BY table_name ORDER BY table_name"
)

Condition = tuple[str, list[str]]
"""SQL and what it is given."""


def search_customer(customer_id: str, pattern: str) -> dict[str, int]:
    """Return the tables that name a customer → how many rows do.

    A column that is called after customers holds the id itself; any other matches `pattern`.
    """

    def names(column: str, name: str) -> Condition:
        if "customer" in name:
            return f"({column}::text = %s OR {column}::text ~ %s)", [customer_id, pattern]
        return f"{column}::text ~ %s", [pattern]

    return _search(names)


def search_words(like: str) -> dict[str, int]:
    """Return the tables in which some text is LIKE this → how many rows have it."""
    return _search(lambda column, _name: (f"{column}::text LIKE %s", [like]))


def _search(condition: Callable[[str, str], Condition]) -> dict[str, int]:
    quote, found = connection.ops.quote_name, {}
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS)
        for table, columns in cursor.fetchall():
            asked = [condition(quote(column), column) for column in columns]
            n = _count(cursor, quote(table), asked)
            if n:
                found[table] = n
    return found


def _count(cursor: CursorWrapper, table: str, asked: Sequence[Condition]) -> int:
    matches = " OR ".join(sql for sql, _ in asked)
    given = [value for _, values in asked for value in values]
    cursor.execute(f"SELECT count(*) FROM {table} WHERE {matches}", given)  # noqa: S608  (names of our own tables)
    return int(cursor.fetchall()[0][0])
