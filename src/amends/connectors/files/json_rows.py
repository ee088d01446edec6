"""JSON: an array of objects, an object that holds one, or one object a line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import FileBytes
from .columns import Columns
from .encoding import find_encoding
from .header import unique_names

Json = None | bool | str | list["Json"] | dict[str, "Json"]
Row = dict[str, str | None]

_DEEPEST = 5
_MOST_COLUMNS = 2_000
_LONGEST_RAW = 100_000
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    if whole is None:
        rows, quarantined = _read_lines(text, file.name)
        kind = "jsonl"
    else:
        rows, quarantined = _read_elements(_elements(whole, file.name), file.name)
        kind = "json"
    if not rows and not quarantined:
        raise BadInput(
            "The file holds no rows.", where=file.name, remedy="Export it again with its rows."
        )
    return _table(file.name, kind, encoding.name, rows, quarantined)


def _parse(text: str) -> Json:
    # Numbers stay as they are written: 1.10 is not 1.1, and an id is no float.
    return cast("Json", json.loads(text, parse_int=str, parse_float=str, parse_constant=str))


def _parse_whole(text: str, file: FileBytes) -> Json | None:
    """Return the document; None when the text is one object a line."""
    lines = (line for line in text.splitlines() if line.strip())
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


def _elements(whole: Json, name: str) -> list[Json]:
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


def _read_elements(
    elements: Sequence[Json], name: str
) -> tuple[list[tuple[int, Row]], list[QuarantinedRow]]:
    rows: list[tuple[int, Row]] = []
    quarantined: list[QuarantinedRow] = []
    for number, element in enumerate(elements, start=1):
        row, problem = _row(element)
        if problem:
            raw = ascii(element)[:_LONGEST_RAW]
            quarantined.append(QuarantinedRow(name, number, "", problem, raw))
        else:
            rows.append((number, row))
    return rows, quarantined


def _read_lines(text: str, name: str) -> tuple[list[tuple[int, Row]], list[QuarantinedRow]]:
    rows: list[tuple[int, Row]] = []
    quarantined: list[QuarantinedRow] = []
    lines = (line for line in text.split("\n") if line.strip())
    for number, line in enumerate(lines, start=1):
        try:
            row, problem = _row(_parse(line))
        except json.JSONDecodeError as error:
            row, problem = {}, f"the JSON is broken at character {error.colno}: {error.msg}"
        except RecursionError:
            row, problem = {}, "the JSON is nested too deeply"
        if not problem and "�" in line:
            problem = "bytes that are no text"
        if problem:
            quarantined.append(QuarantinedRow(name, number, "", problem, line[:_LONGEST_RAW]))
        else:
            rows.append((number, row))
    return rows, quarantined


def _row(element: Json) -> tuple[Row, str]:
    if not isinstance(element, dict):
        return {}, "not an object with named fields"
    row = dict(_flat(element, "", 1))
    if not any(row.values()):
        return {}, "the row is empty"
    if _SURROGATE.search("".join(value or "" for pair in row.items() for value in pair)):
        return {}, "half of a Unicode surrogate pair"
    return row, ""


def _flat(element: Mapping[str, Json], prefix: str, depth: int) -> Iterator[tuple[str, str | None]]:
    for key, value in element.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield from _flat_list(value, name)
        else:
            yield name, _text(value)


def _flat_list(items: list[Json], name: str) -> Iterator[tuple[str, str | None]]:
    """Give [{id, value}, …] a column each (Zendesk's custom fields), join words, else keep JSON."""
    if items and all(isinstance(item, dict) and item.keys() == {"id", "value"} for item in items):
        for item in cast("list[dict[str, Json]]", items):
            yield f"{name}.{_text(item['id'])}", _text(item["value"])
    elif all(item is None or isinstance(item, str | bool) for item in items):
        yield name, "; ".join(_text(item) or "" for item in items)
    else:
        yield name, _text(items)


def _text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _table(
    name: str,
    kind: str,
    encoding: str,
    rows: Sequence[tuple[int, Row]],
    quarantined: Sequence[QuarantinedRow],
) -> RawTable:
    keys = list(dict.fromkeys(key for _, row in rows for key in row))
    if len(keys) > _MOST_COLUMNS:
        raise BadInput(
            f"The rows have {len(keys)} different fields; {_MOST_COLUMNS} are the most.",
            where=name,
            remedy="Put what varies from row to row under one field.",
        )
    names, notes = unique_names(keys)
    columns = Columns(names)
    for number, row in rows:
        columns.add(number, [row.get(key) for key in keys])
    table, numbers = columns.table()
    return RawTable(name, kind, encoding, "", table, numbers, tuple(quarantined), notes)
