"""Rows of a table, oldest change first, from where the last pull ended.

A column that rises with every change (a time, a running number) says what is new; a key says which
row is which. Rows are asked for again from a little before the last value: a transaction that
committed late has an older value than rows that were read already.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from amends.connectors.pulling import (
    Asked,
    Later,
    Need,
    Page,
    Pull,
    Refused,
    held_out,
    version_of,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

_A_PAGE: Final = 5_000
_OVERLAP: Final = timedelta(minutes=5)
_OVERLAP_NUMBERS: Final = 1_000
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
KINDS: Final = (
    ("complaint", "Complaints"),
    ("survey", "Survey answers"),
    ("ticket", "Tickets"),
    ("note", "Agent notes"),
    ("escalation", "Escalations"),
    ("qa_audit", "QA audits"),
    ("social", "Social mentions"),
    ("transaction", "Transactions"),
)


def pages(asked: Asked) -> Iterator[Page]:
    """Read the rows that are new or changed since the last pull."""
    with _said(asked), _engine(asked) as engine:
        table = _table(engine, asked.option("table"))
        names = {column.name for column in table.columns}
        cursor, key = asked.option("cursor"), asked.option("key")
        for column in (cursor, key):
            held_out(
                column in names,
                f"The table has no column {column!r}.",
                where=asked.option("table"),
                remedy=f"Its columns are: {', '.join(sorted(names))}.",
            )
        newest = _decode(asked.state.get("until"))
        for rows in _chunks(engine, table, cursor, _earlier(newest), asked):
            values = [row[cursor] for row in rows if row[cursor] is not None]
            newest = max([*values, *([] if newest is None else [newest])], default=None)
            records = [_plain(row, cursor, key) for row in rows]
            yield Page({"until": _encode(newest)}, records)


def _chunks(
    engine: "Engine", table: "Table", cursor: str, start: Any, asked: Asked
) -> Iterator[list[dict[str, Any]]]:
    """Read in the order of the cursor; rows without a value in it come each time."""
    from dlt.sources import incremental
    from dlt.sources.sql_database.helpers import TableLoader

    since = incremental(
        cursor,
        initial_value=start,
        row_order="asc",
        range_start="closed",
        on_cursor_value_missing="include",
    )
    size = int(asked.option("page_rows") or _A_PAGE)
    yield from TableLoader(engine, "sqlalchemy", table, {}, size, incremental=since).load_rows()


@contextmanager
def _engine(asked: Asked) -> Iterator["Engine"]:
    from sqlalchemy import create_engine, make_url

    url = make_url(asked.option("address"))
    held_out(
        url.password is None,
        "The address has the password in it.",
        remedy="Enter it in its own field, where it is sealed.",
    )
    if password := asked.secrets.get("password"):
        url = url.set(password=password)
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    engine = create_engine(url, pool_size=1, max_overflow=0)
    try:
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        yield engine
    finally:
        engine.dispose()


def _table(engine: "Engine", name: str) -> "Table":
    from sqlalchemy import MetaData, Table

    schema, _, bare = name.rpartition(".")
    return Table(bare, MetaData(), schema=schema or None, autoload_with=engine)


@contextmanager
def _said(asked: Asked) -> Iterator[None]:
    """Say in words what the database complains of."""
    from sqlalchemy import exc

    where = asked.option("address").rpartition("@")[2]
    try:
        yield
    except exc.NoSuchTableError:
        raise Refused(
            f"There is no table or view {asked.option('table')!r}.",
            where=where,
            remedy="Write it as schema.table, and give the user the right to read it.",
        ) from None
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        raise Refused(
            f"The address cannot be used: {error}.",
            where=where,
            remedy="Write it as SQLAlchemy takes it, with a driver that is installed here.",
        ) from None
    except exc.OperationalError as error:
        first = str(error.orig).splitlines()[0] if error.orig else "no connection"
        raise Later(f"The database does not answer: {first}", where=where) from None
    except exc.SQLAlchemyError as error:
        first = str(getattr(error, "orig", error)).splitlines()[0]
        raise Refused(f"The database refuses: {first}", where=where) from None


def _plain(row: Mapping[str, Any], cursor: str, key: str) -> dict[str, object]:
    """Return a row as text and numbers, with its identity and version."""
    record = {name: _text(value) for name, value in row.items() if value is not None}
    record.setdefault("external_id", _text(row[key]))
    if isinstance(row[cursor], datetime):
        record.setdefault("version", version_of(row[cursor].isoformat()))
    return record


def _text(value: Any) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool | int | float | str | dict | list):
        return value
    if isinstance(value, bytes | memoryview):
        return f"{len(bytes(value))} bytes"
    return str(value)


def _earlier(value: Any) -> Any:
    """Return where to start so that rows which were committed late are seen."""
    if isinstance(value, datetime):
        return value - _OVERLAP
    if isinstance(value, date):
        return value - timedelta(days=1)
    if isinstance(value, int | Decimal):
        return value - _OVERLAP_NUMBERS
    return value


def _encode(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [type(value).__name__, value.isoformat() if hasattr(value, "isoformat") else str(value)]


def _decode(kept: Any) -> Any:
    if kept is None:
        return None
    kind, text = kept
    read: dict[str, Callable[[str], Any]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "int": int,
        "float": float,
        "Decimal": Decimal,
    }
    return read.get(kind, str)(text)


PULL: Final = Pull(
    name="sql",
    title="Database table",
    summary="Rows of a table or view in any database that SQLAlchemy speaks to.",
    needs=(
        Need(
            "address",
            "Address",
            "postgresql://user@server:5432/database",
            kind="address",
            is_place=True,
        ),
        Need("password", "Password", is_secret=True, is_required=False),
        Need("table", "Table or view", "schema.table", is_place=True),
        Need(
            "cursor",
            "Column that rises with every change",
            "updated_at, or a running number",
            is_place=True,
        ),
        Need("key", "Column that says which row is which", "id"),
        Need("kind", "What the rows are", kind="choice", choices=KINDS, default="complaint"),
    ),
    pages=pages,
)
