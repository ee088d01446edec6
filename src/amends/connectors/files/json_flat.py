"""One JSON object as one flat row of text."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import cast

Row = dict[str, str | None]

_DEEPEST = 5
_HALF = "half of a Unicode surrogate pair"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUL = "a NUL character, which no database keeps"


def flat_row(element: object) -> tuple[Row, str]:
    """Return the fields of an object, nested ones as "outer.inner", and what is wrong with it.

    Numbers, dates and times become text as JSON and ISO 8601 write them.
    """
    if not isinstance(element, dict):
        return {}, "not an object with named fields"
    row: Row = {}
    for key, value in element.items():
        if value is None or isinstance(value, str):
            row[key] = value
        elif isinstance(value, dict | list):
            row.update(_flat({key: value}, "", 1))
        else:
            row[key] = _text(value)
    cells = "".join(filter(None, row.values()))
    if not cells:
        return row, "the row is empty"
    for text in (cells, "".join(row)):
        if "\0" in text:
            return row, _NUL
        if not text.isascii() and _SURROGATE.search(text):
            return row, _HALF
    return row, ""


def _flat(
    element: Mapping[str, object], prefix: str, depth: int
) -> Iterator[tuple[str, str | None]]:
    for key, value in element.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield from _flat_list(value, name)
        else:
            yield name, _text(value)


def _flat_list(items: list[object], name: str) -> Iterator[tuple[str, str | None]]:
    """Give [{id, value}, …] a column each (Zendesk's custom fields), join words, else keep JSON."""
    if items and all(isinstance(item, dict) and item.keys() == {"id", "value"} for item in items):
        for item in cast("list[dict[str, object]]", items):
            yield f"{name}.{_text(item['id'])}", _text(item["value"])
    elif all(item is None or isinstance(item, str | bool) for item in items):
        yield name, "; ".join(_text(item) or "" for item in items)
    else:
        yield name, _text(items)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
