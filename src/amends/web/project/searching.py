"""Looking for a text in every column of every table: the proof that something is gone."""

from django.db import connection

_TEXTS = (
    "SELECT table_name, array_agg(column_name::text ORDER BY column_name)"
    " FROM information_schema.columns"
    " JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
    " AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY')"
    " GROUP BY table_name ORDER BY table_name"
)


def search_tables(operator: str, pattern: str) -> dict[str, int]:
    """Return the tables of any app in which some text matches → how many rows do.

    Parameters
    ----------
    operator
        PostgreSQL's: ~ for a pattern, ~~ for LIKE.
    pattern
        What is looked for.

    """
    if operator not in {"~", "~~"}:
        raise ValueError(f"{operator!r} is no operator to search with.")
    quote, found = connection.ops.quote_name, {}
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS)
        for table, columns in cursor.fetchall():
            matches = " OR ".join(f"{quote(column)}::text {operator} %s" for column in columns)
            cursor.execute(
                f"SELECT count(*) FROM {quote(table)} WHERE {matches}",  # noqa: S608  (names of our own tables)
                [pattern] * len(columns),
            )
            [(n,)] = cursor.fetchall()
            if n:
                found[table] = n
    return found
