"""One JSON object as one flat row of text."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

Json = None | bool | str | list["Json"] | dict[str, "Json"]
Row = dict[str, str | None]

_DEEPEST = 5
_HALF = "half of a Unicode surrogate pair"
_SURROGATE = re.compile("[\ud800-\udfff]")


def flat_row(element: Json) -> tuple[Row, str]:
    """Return the fields of an object, nested ones as "outer.inner", or what is wrong with it."""
    if not isinstance(element, dict):
        return {}, "not an object with named fields"
    row: Row = {}
    for key, value in element.items():
        if value is None or isinstance(value, str):
            row[key] = value
        else:
            row.update(_flat({key: value}, "", 1))
    cells = "".join(filter(None, row.values()))
    if not cells:
        return {}, "the row is empty"
    for text in (cells, "".join(row)):
        if not text.isascii() and _SURROGATE.search(text):
            return {}, _HALF
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
