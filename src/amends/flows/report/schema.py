"""`report.json` and the JSON Schema (draft 2020-12) that it follows."""

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Union, get_args, get_origin, get_type_hints

import msgspec

from amends.engine.contracts import REPORT_VERSION, Report

Schema = dict[str, object]

_SCALARS: Final[dict[object, Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}
_UNBOUNDED: Final = {
    "Interval": ("low", "high"),
    "Evidence": ("ratio", "false_alarm_every_days"),
}
"""Numbers that may be infinite, which JSON cannot say: they are null then."""


def report_json(report: Report) -> bytes:
    """Return the report as one JSON document, UTF-8, two spaces to a level.

    Money and other decimals are strings, times ISO 8601, infinite bounds null.
    """
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def report_schema() -> Schema:
    """Return the JSON Schema of `report.json`, made from the contracts and their docstrings.

    msgspec's own generator refuses unions of text and decimals, which policy cells are.
    """
    definitions: dict[str, Schema] = {}
    _schema(Report, definitions)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"amends report, version {REPORT_VERSION}",
        "$ref": "#/$defs/Report",
    }
    return {**head, "$defs": dict(sorted(definitions.items()))}


def _schema(kind: object, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a type; dataclasses and enums become definitions."""
    if kind in _SCALARS:
        return dict(_SCALARS[kind])
    origin = get_origin(kind)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](get_args(kind), definitions)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        definitions[kind.__name__] = _about(kind) | {"enum": [member.value for member in kind]}
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _object(kind, definitions)
    raise TypeError(f"{kind} has no place in report.json.")


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    name = kind.__name__
    reference: Schema = {"$ref": f"#/$defs/{name}"}
    if name in definitions:
        return reference
    definitions[name] = {}
    properties = {}
    for field, hint in get_type_hints(kind).items():
        properties[field] = _schema(hint, definitions)
        if field in _UNBOUNDED.get(name, ()):
            properties[field] = {"type": ["number", "null"], "description": "null: unbounded"}
    definitions[name] = _about(kind) | {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return reference


def _about(kind: type) -> Schema:
    return {"description": (kind.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")}


def _union(options: tuple[object, ...], definitions: dict[str, Schema]) -> Schema:
    return {"anyOf": [_schema(option, definitions) for option in options]}


def _sequence(items: tuple[object, ...], definitions: dict[str, Schema]) -> Schema:
    if len(items) == 2 and items[1] is Ellipsis:
        items = items[:1]
    if len(items) == 1:
        return {"type": "array", "items": _schema(items[0], definitions)}
    return {
        "type": "array",
        "prefixItems": [_schema(item, definitions) for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }


def _mapping(items: tuple[object, ...], definitions: dict[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": _schema(items[1], definitions)}


_CONTAINERS: Final[dict[object, Callable[[tuple[object, ...], dict[str, Schema]], Schema]]] = {
    Union: _union,
    types.UnionType: _union,
    tuple: _sequence,
    list: _sequence,
    dict: _mapping,
    Mapping: _mapping,
}
