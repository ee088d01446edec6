"""Many rows at once, without an object or an expression for each."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model
from pyarrow import csv


def update_many(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Write some fields of saved rows of one model, as they are in memory."""
    if not rows:
        return
    meta = rows[0]._meta  # noqa: SLF001  (Django's documented door)
    plain = [field for field in meta.concrete_fields if field.name in fields]
    columns: list[Field[Any, Any]] = [*([meta.pk] if meta.pk else []), *plain]
    quote = connection.ops.quote_name
    names = [quote(str(column.column)) for column in columns]
    arrays = [f"unnest(%s::{column.rel_db_type(connection)}[])" for column in columns]
    values = [
        [column.get_db_prep_save(getattr(row, column.attname), connection) for row in rows]
        for column in columns
    ]
    changes = ", ".join(f"{name} = new.{name}" for name in names[1:])
    source = ", ".join(f"{a} AS {name}" for a, name in zip(arrays, names, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(meta.db_table)} AS old SET {changes} FROM (SELECT {source}) AS new"  # noqa: S608  (names of our own tables)
            f" WHERE old.{names[0]} = new.{names[0]}",
            values,
        )


def copy_in(cursor: CursorWrapper, rows: pa.Table, into: str) -> None:
    """Copy a table into `into`, a table's name with its columns in their order; null is empty."""
    rows = rows.combine_chunks()  # of an empty chunk Arrow writes what is no CSV
    if not len(rows):
        return
    text = pa.BufferOutputStream()
    csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
    with cursor.copy(f"COPY {into} FROM STDIN WITH (FORMAT csv)") as copy:
        copy.write(memoryview(text.getvalue()))
