"""Primary keys ahead of their rows: for rows that name themselves or are written in bulk."""

from django.db import connection
from django.db.models import Model


def next_ids(model: type[Model], n: int) -> list[int]:
    """Return `n` primary keys that no other row of `model` will get."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, n],  # noqa: SLF001  (Django's documented door)
        )
        return [row[0] for row in cursor.fetchall()]
