"""JSON: an array of objects, an object that holds one, or one object a line."""

import io
import json
from collections.abc import Iterator
from typing import cast

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import FileBytes
from .columns import Records
from .encoding import find_encoding
from .header import unique_names
from .json_flat import Row, flat_row

Json = None | bool | str | list["Json"] | dict[str, "Json"]

_MOST_COLUMNS = 2_000
_LONGEST_RAW = 100_000


def read_json(file: FileBytes) -> RawTable:
    """Read a JSON or JSONL file; nested objects become columns "outer.inner".

    A line of JSONL that is broken, or an element that is no object, is quarantined.

    Raises
    ------
    BadInput
        A JSON document is broken or holds no rows, or more than one list that could be them.

    """
    encoding = find_encoding(file)
    text = file.read().decode(encoding.name, "replace")
    whole = _parse_whole(text, file)
    kind = "jsonl" if whole is None else "json"
    read = _lines(text) if whole is None else _elements(whole, file.name)
    records, quarantined = Records(), []
    for number, (row, problem, raw) in enumerate(read, start=1):
        if problem:
            quarantined.append(
                QuarantinedRow(file.name, number, "", problem, raw.strip()[:_LONGEST_RAW])
            )
        else:
            records.add(number, row)
        if len(records.fields) > _MOST_COLUMNS:
            raise BadInput(
                f"The rows have more than {_MOST_COLUMNS} different fields.",
                where=f"{file.name}, row {number}",
                remedy="Put what varies from row to row under one field.",
            )
    if not records.fields and not quarantined:
        raise BadInput(
            "The file holds no rows.", where=file.name, remedy="Export it again with its rows."
        )
    table, numbers = records.table()
    names, notes = unique_names(table.column_names)
    return RawTable(
        file.name,
        kind,
        encoding.name,
        "",
        table.rename_columns(list(names)),
        numbers,
        tuple(quarantined),
        notes,
    )


def _parse(text: str) -> Json:
    # Numbers stay as they are written: 1.10 is not 1.1, and an id is no float.
    return cast("Json", json.loads(text, parse_int=str, parse_float=str, parse_constant=str))


def _parse_whole(text: str, file: FileBytes) -> Json | None:
    """Return the document; None when the text is one object a line."""
    lines = (line for line in io.StringIO(text) if line.strip())
    first, second = next(lines, ""), next(lines, "")
    if second and _is_object(first) and (_is_object(second) or file.extension != "json"):
        return None
    if file.extension in {"jsonl", "ndjson"}:
        return None
    try:
        return _parse(text)
    except json.JSONDecodeError as error:
        if second and _is_object(second):
            return None
        raise BadInput(
            f"The JSON is broken: {error.msg}.",
            where=f"{file.name}, line {error.lineno}, character {error.colno}",
            remedy="Export the file again, or mend it there.",
        ) from error
    except RecursionError as error:
        raise BadInput(
            "The JSON is nested too deeply.", where=file.name, remedy="Export a flat table."
        ) from error


def _is_object(line: str) -> bool:
    try:
        return isinstance(_parse(line), dict)
    except (ValueError, RecursionError):
        return False


def _elements(whole: Json, name: str) -> Iterator[tuple[Row, str, str]]:
    """Read the objects of a document: the row of each, or what is wrong with it, and itself."""
    for element in _rows_of(whole, name):
        row, problem = flat_row(element)
        yield row, problem, ascii(element) if problem else ""


def _rows_of(whole: Json, name: str) -> list[Json]:
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        raise BadInput(
            "The JSON holds no rows.", where=name, remedy="Give an array with one object a row."
        )
    lists = {
        key: value
        for key, value in whole.items()
        if isinstance(value, list) and any(isinstance(item, dict) for item in value)
    }
    if len(lists) > 1:
        raise BadInput(
            f"The JSON holds several lists: {', '.join(sorted(lists)[:10])}.",
            where=name,
            remedy="Save the one that holds the rows as a file of its own.",
        )
    return next(iter(lists.values())) if lists else [whole]


def _lines(text: str) -> Iterator[tuple[Row, str, str]]:
    """Read one object a line: its row, or what is wrong with it, and itself."""
    for line in io.StringIO(text):
        if not line.strip():
            continue
        try:
            row, problem = flat_row(_parse(line))
        except json.JSONDecodeError as error:
            row, problem = {}, f"the JSON is broken at character {error.colno}: {error.msg}"
        except RecursionError:
            row, problem = {}, "the JSON is nested too deeply"
        if not problem and "\ufffd" in line:
            problem = "bytes that are no text"
        yield row, problem, line
