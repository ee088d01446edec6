"""JDM decision tables (as zen-engine's editor saves them) read into a typed table.

JDM has no types, and its cells are a small language. The columns, their types and all that JDM does
not know (dates, tests, title) are taken from the table that the document is a version of; cells are
read strictly: what is no value, list, range or comparison is refused with its row and column, where
zen-engine would let it never match.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from amends.engine.contracts import BadInput

from .columns import Column, ColumnType, Scalar, write
from .conditions import Condition, Operator
from .jdm import HITS, ROW
from .parts import Output, Row, Scaled
from .table import Table

_TABLE: Final = "decisionTableNode"
_ANY: Final = frozenset({"", "-"})
_VALUE: Final = r"""(?:"[^"]*"|'[^']*'|d\(["'][^"']*["']\)|-?\d+(?:\.\d+)?|true|false)"""
_NOT_NULL: Final = re.compile(r"^\$ != null and ")
_EITHER: Final = re.compile(rf"^(?:\$ == )?{_VALUE}(?:(?:\s+or\s+\$ == |\s*,\s*){_VALUE})*$")
_ORDER: Final = re.compile(rf"^(?:\$\s*)?(<=|>=|<|>)\s*({_VALUE})$")
_BOTH: Final = re.compile(rf"^(?:\$\s*)?>=\s*({_VALUE})\s+and\s+(?:\$\s*)?<=\s*({_VALUE})$")
_CLOSED: Final = re.compile(rf"^\[\s*({_VALUE})\s*\.\.\s*({_VALUE})\s*\]$")
_PRODUCT: Final = re.compile(r"^(-?\d+(?:\.\d+)?)\s*\*\s*(\w+)$")


def from_jdm(text: str, like: Table) -> Table:
    """Return the version of a table that a JDM document holds; its tests are kept, and not run.

    Parameters
    ----------
    text
        The document, JSON.
    like
        The table whose columns, types and dates hold.

    Raises
    ------
    BadInput
        It is no JDM with one decision table, its columns are others, or a cell says what a typed
        column cannot; `where` names row and column.
    """
    content = _content(text, like.name)
    names = {side: _fields(content, side, like.name) for side in ("inputs", "outputs")}
    _require_columns(names["inputs"].values(), like.inputs, like.name)
    given = [name for name in names["outputs"].values() if name != ROW]
    _require_columns(given, like.outputs, like.name)
    if content.get("hitPolicy") != HITS[like.hit]:
        raise BadInput(
            f"Its hit policy is {content.get('hitPolicy')}; {like.hit} is {HITS[like.hit]} in JDM.",
            where=like.name,
        )
    rules = content.get("rules")
    if not isinstance(rules, list) or not rules:
        raise BadInput("The decision table has no rules.", where=like.name)
    rows = [_row(rule, i, names, like) for i, rule in enumerate(rules, start=1)]
    if len({row.row_id for row in rows}) < len(rows):
        raise BadInput("Two rules have the same id.", where=like.name)
    return replace(like, rows=tuple(rows))


def _content(text: str, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"Not JSON: {error}", where=where) from None
    nodes = document.get("nodes") if isinstance(document, dict) else None
    tables = [
        node["content"]
        for node in (nodes if isinstance(nodes, list) else [])
        if isinstance(node, dict)
        and node.get("type") == _TABLE
        and isinstance(node.get("content"), dict)
    ]
    if len(tables) != 1:
        raise BadInput(
            f"The document has {len(tables)} decision tables.",
            where=where,
            remedy="Import one decision table at a time.",
        )
    content: Mapping[str, Any] = tables[0]
    return content


def _fields(content: Mapping[str, Any], side: str, where: str) -> dict[str, str]:
    """Return id → field of the columns of one side."""
    columns = content.get(side)
    if not isinstance(columns, list) or not all(isinstance(c, dict) for c in columns):
        raise BadInput(f"The decision table has no {side}.", where=where)
    return {str(c.get("id", "")): str(c.get("field", "")) for c in columns}


def _require_columns(given: Iterable[str], wanted: Sequence[Column], where: str) -> None:
    here, there = sorted(given), sorted(column.name for column in wanted)
    if here != there:
        raise BadInput(
            f"Its columns are {', '.join(here)}; the table has {', '.join(there)}.",
            where=where,
            remedy="Columns have types, which JDM lacks: change them in YAML first.",
        )


def _row(rule: object, number: int, names: Mapping[str, Mapping[str, str]], like: Table) -> Row:
    if not isinstance(rule, dict):
        raise BadInput(f"Rule {number} is no block of cells.", where=like.name)
    inputs = {field: str(rule.get(id_, "")).strip() for id_, field in names["inputs"].items()}
    outputs = {field: str(rule.get(id_, "")).strip() for id_, field in names["outputs"].items()}
    row_id = _plain(outputs.get(ROW, "")) or str(rule.get("_id") or f"rule-{number}")
    where = f"{like.name}, row {row_id}"
    notes = {row.row_id: row.note for row in like.rows}
    note = str(rule.get("_description") or notes.get(row_id, ""))
    return Row(
        row_id,
        tuple(_condition(column, inputs[column.name], where) for column in like.inputs),
        tuple(_output(column, outputs[column.name], like, where) for column in like.outputs),
        note,
    )


def _condition(column: Column, cell: str, where: str) -> Condition | None:
    where = f"{where}, column {column.name}"
    if cell in _ANY:
        return None
    if cell in {"$ == null", "null"} and column.is_optional:
        return Condition(Operator.UNKNOWN)
    if cell == "$ != null" and column.is_optional:
        return Condition(Operator.KNOWN)
    bare = _NOT_NULL.sub("", cell)
    if both := _BOTH.match(bare) or _CLOSED.match(bare):
        return _ordered(column, Operator.BETWEEN, both.groups(), where)
    if order := _ORDER.match(bare):
        return _ordered(column, Operator(order[1]), [order[2]], where)
    if _EITHER.match(bare):
        values = {_value(column, text, where) for text in re.findall(_VALUE, bare)}
        one = len(values) == 1
        return Condition(Operator.EQUAL if one else Operator.IN, tuple(sorted(values, key=write)))
    raise BadInput(
        f"{cell!r} is no value, list, range or comparison.",
        where=where,
        remedy='Write "a", "b" or > 5 or [1..5]; formulas have no type.',
    )


def _ordered(column: Column, operator: Operator, texts: Sequence[str], where: str) -> Condition:
    if not column.type.is_ordered:
        raise BadInput(f"{column.name} is {column.type} and has no order.", where=where)
    values = tuple(_value(column, text, where) for text in texts)
    if operator is Operator.BETWEEN and values[0] > values[1]:  # type: ignore[operator]
        raise BadInput("The range ends before it begins.", where=where)
    if operator is Operator.BETWEEN and values[0] == values[1]:
        return Condition(Operator.EQUAL, values[:1])
    return Condition(operator, values)


def _output(column: Column, cell: str, like: Table, where: str) -> Output:
    where = f"{where}, column {column.name}"
    if product := _PRODUCT.match(cell):
        factor = Column("factor", ColumnType.NUMBER).read(product[1])
        if product[2] in {c.name for c in like.inputs} and not isinstance(factor, str | bool):
            return Scaled(factor, product[2])  # type: ignore[arg-type]
    if not re.fullmatch(_VALUE, cell):
        raise BadInput(f"{cell!r} is no value.", where=where)
    return _value(column, cell, where)


def _value(column: Column, text: str, where: str) -> Scalar:
    is_quoted = text[:1] in {'"', "'", "d"}
    if is_quoted != (column.type in {ColumnType.ENUM, ColumnType.DATE}):
        raise BadInput(f"{text} is not of the type {column.type}.", where=where)
    try:
        return column.read(_plain(text))
    except BadInput as error:
        raise BadInput(error.what, where=where, remedy=error.remedy) from None


def _plain(text: str) -> str:
    bare = text.removeprefix("d(").removesuffix(")") if text.startswith("d(") else text
    return bare[1:-1] if bare[:1] in {'"', "'"} else bare
