"""Policy tables as YAML files: reading with errors that name file, row and column; writing.

Every scalar is read as text and typed by its column, so 20 and 20.00 are one amount, no amount is
ever a float, and `no` is a country rather than a falsehood.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

import yaml

from amends.engine.contracts import BadInput

from .columns import Column, ColumnType, Scalar, write
from .conditions import Condition, read_condition
from .explain import decide
from .parts import About, Example, HitPolicy, Output, Row, Scaled
from .table import Table

_Tree = Mapping[str, object]

_TABLE_KEYS = {
    *("policy", "version", "title", "hit", "currency", "effective_from", "effective_to"),
    *("jurisdiction", "sector", "citation", "verified_on", "note"),
    *("inputs", "outputs", "rows", "tests"),
}
_LOWEST = "The first output of collect-min is a number, an amount or a day."
_COLUMN_KEYS = {"name", "type", "values", "open", "whole", "min", "max", "optional"}


class _TextLoader(yaml.BaseLoader):
    """Builds texts, lists and mappings only, and refuses a key that stands twice."""


def _mapping(loader: _TextLoader, node: yaml.MappingNode) -> dict[str, object]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
    if twice is not None:
        line = node.start_mark.line + 1
        raise BadInput(f"The block at line {line} has {twice!r} twice.", remedy="Keep one of them.")
    return {
        str(key): loader.construct_object(v, deep=True)
        for key, (_, v) in zip(keys, node.value, strict=True)
    }


_TextLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_table(path: Path) -> Table:
    """Read a policy table from a YAML file and run its embedded tests.

    Raises
    ------
    BadInput
        The file cannot be read or is no sound YAML, a cell does not suit its column, or an embedded
        test fails; `where` names file, row and column.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The file cannot be read: {error}.", where=path.name) from error
    return parse_table(text, path.name)


def parse_table(text: str, where: str = "policy", *, tested: bool = True) -> Table:
    """Read a policy table from YAML text; see `read_table`. A draft need not be `tested` yet."""
    try:
        tree = yaml.load(text, _TextLoader)  # noqa: S506 - it builds texts, lists and mappings only
    except yaml.YAMLError as error:
        raise BadInput(f"Not YAML: {error}", where=where) from error
    except BadInput as error:
        raise BadInput(error.what, where=where, remedy=error.remedy) from None
    table = _table(_known(tree, _TABLE_KEYS, where), where)
    for failure in failures(table) if tested else ():
        raise BadInput(
            f"Embedded test {failure.example} fails: {failure.what}.",
            where=where,
            remedy="Mend the rows or the test.",
        )
    return table


@dataclass(frozen=True, slots=True)
class Failure:
    """An embedded example of which the table says something else."""

    example: int
    """Its number, from 1."""
    what: str
    row: str
    """The row that decided it; empty when none did."""


def failures(table: Table) -> tuple[Failure, ...]:
    """Return the embedded examples that fail, each with the first thing that differs."""
    return tuple(_failures(table))


def _failures(table: Table) -> Iterator[Failure]:
    for number, example in enumerate(table.examples, start=1):
        try:
            decision = decide(table, example.facts)
        except BadInput as error:
            yield Failure(number, error.what.rstrip("."), "")
            continue
        for name, value in example.expect.items():
            said = decision.outcome.get(name)
            if said is None:
                yield Failure(number, f"{name} is not one value where rows are collected", "")
                break
            if said != (value.isoformat() if isinstance(value, date) else value):
                what = f"{name} is {write(said)}, expected {write(value)}"
                yield Failure(number, what, decision.matched[0])
                break


def _table(tree: _Tree, where: str) -> Table:
    inputs = _columns(tree, "inputs", where)
    outputs = _columns(tree, "outputs", where)
    rows = tuple(
        _row(node, inputs, outputs, f"{where}, row {i}", where)
        for i, node in enumerate(_list(tree, "rows", where), start=1)
    )
    ids = [row.row_id for row in rows]
    if not rows or len(set(ids)) < len(ids):
        raise BadInput("A table has rows, each with an id of its own.", where=where)
    hit = _text(tree, "hit", where)
    if hit not in set(HitPolicy):
        raise BadInput(
            f"hit: {hit!r} is no hit policy.", where=where, remedy=f"Use {', '.join(HitPolicy)}."
        )
    if hit == HitPolicy.COLLECT_MIN and not outputs[0].type.is_ordered:
        raise BadInput(f"{outputs[0].name} has no lowest value.", where=where, remedy=_LOWEST)
    return Table(
        name=_text(tree, "policy", where),
        version=_text(tree, "version", where),
        hit=HitPolicy(hit),
        inputs=inputs,
        outputs=outputs,
        rows=rows,
        currency=_text(tree, "currency", where, ""),
        effective_from=_day(tree, "effective_from", where) or date(1970, 1, 1),
        effective_to=_day(tree, "effective_to", where),
        jurisdiction=_text(tree, "jurisdiction", where, ""),
        sector=_text(tree, "sector", where, ""),
        about=About(
            _text(tree, "title", where, ""),
            _text(tree, "citation", where, ""),
            _day(tree, "verified_on", where),
            _text(tree, "note", where, ""),
        ),
        examples=tuple(
            _example(t, inputs, outputs, where) for t in _list(tree, "tests", where, ())
        ),
    )


def _columns(tree: _Tree, key: str, where: str) -> tuple[Column, ...]:
    columns = tuple(_column(c, f"{where}, {key}") for c in _list(tree, key, where))
    names = [c.name for c in columns]
    if not columns or len(set(names)) < len(names):
        raise BadInput(f"{key}: a table has columns, each with a name of its own.", where=where)
    return columns


def _column(node: object, where: str) -> Column:
    tree = _known(node, _COLUMN_KEYS, where)
    name, kind = _text(tree, "name", where), _text(tree, "type", where)
    where = f"{where}, column {name}"
    if kind not in set(ColumnType):
        raise BadInput(f"{kind!r} is no type.", where=where, remedy=f"Use {', '.join(ColumnType)}.")
    flags = {key: _flag(tree, key, where) for key in ("open", "whole", "optional")}
    values = tuple(_texts(tree.get("values", ()), where))
    if kind == ColumnType.ENUM and not values and not flags["open"]:
        raise BadInput("An enum that is not open has no values.", where=where)
    bare = Column(name, ColumnType(kind), values, is_whole=flags["whole"])
    low, high = (
        _located(bare, str(tree[key]), where) if key in tree else None for key in ("min", "max")
    )
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise BadInput(f"min {write(low)} lies above max {write(high)}.", where=where)
    return Column(
        name,
        bare.type,
        values,
        flags["open"],
        flags["whole"],
        low,  # type: ignore[arg-type]
        high,  # type: ignore[arg-type]
        flags["optional"],
    )


def _row(
    node: object,
    inputs: tuple[Column, ...],
    outputs: tuple[Column, ...],
    numbered: str,
    where: str,
) -> Row:
    tree = _known(node, {"id", "when", "then", "note"}, numbered)
    row_id = _text(tree, "id", numbered)
    where = f"{where}, row {row_id}"
    when = _known(tree.get("when", {}), {c.name for c in inputs}, where)
    conditions = tuple(_condition(c, when.get(c.name, "any"), where) for c in inputs)
    then = _known(tree.get("then"), {c.name for c in outputs}, where)
    missing = [c.name for c in outputs if c.name not in then]
    if missing:
        raise BadInput(f"No value for {', '.join(missing)}.", where=where)
    values = tuple(read_output(c, str(then[c.name]), inputs, conditions, where) for c in outputs)
    return Row(row_id, conditions, values, _text(tree, "note", where, ""))


def _condition(column: Column, cell: object, where: str) -> Condition | None:
    where = f"{where}, column {column.name}"
    if not isinstance(cell, str | list):
        raise BadInput("A cell is a value, a list of values or operator and value.", where=where)
    try:
        return read_condition(column, cell)
    except BadInput as error:
        raise BadInput(error.what, where=where, remedy=error.remedy) from None


def read_output(
    column: Column,
    text: str,
    inputs: Sequence[Column],
    conditions: Sequence[Condition | None],
    where: str,
) -> Output:
    """Return what an output's cell stands for: a value, or a factor times an input of the case.

    Raises
    ------
    BadInput
        It is no value of the column, or multiplies what is no number or may be unknown here.
    """
    factor, star, name = text.partition(" * ")
    if not star or column.type not in {ColumnType.NUMBER, ColumnType.MONEY}:
        return _located(column, text, where)
    at = next((i for i, c in enumerate(inputs) if c.name == name), None)
    where = f"{where}, column {column.name}"
    if at is None or inputs[at].type not in {ColumnType.NUMBER, ColumnType.MONEY}:
        raise BadInput(f"{name!r} is no number or amount among the inputs.", where=where)
    condition = conditions[at]
    if inputs[at].is_optional and (condition is None or condition.holds(None)):
        raise BadInput(
            f"{name} may be unknown here and cannot be multiplied.",
            where=where,
            remedy=f"Add the condition {name}: is known.",
        )
    value = _located(Column("factor", ColumnType.NUMBER), factor, where)
    return Scaled(cast("Decimal", value), name)


def _example(
    node: object, inputs: tuple[Column, ...], outputs: tuple[Column, ...], where: str
) -> Example:
    where = f"{where}, tests"
    tree = _known(node, {"case", "expect"}, where)
    facts = _known(tree.get("case"), {c.name for c in inputs}, where)
    expect = _known(tree.get("expect"), {c.name for c in outputs}, where)
    by_name = {c.name: c for c in (*outputs, *inputs)}
    free = Column("list", ColumnType.ENUM, is_open=True)
    return Example(
        {name: _located(by_name[name], str(v), where) for name, v in facts.items()},
        {
            n: _located(free if "," in str(v) else by_name[n], str(v), where)
            for n, v in expect.items()
        },
    )


def _located(column: Column, text: str, where: str) -> Scalar:
    try:
        return column.read(text)
    except BadInput as error:
        where = f"{where}, column {column.name}"
        raise BadInput(error.what, where=where, remedy=error.remedy) from None


def _known(node: object, keys: set[str], where: str) -> _Tree:
    if not isinstance(node, dict):
        raise BadInput("Here belongs a block of 'name: value' lines.", where=where)
    strange = [key for key in node if key not in keys]
    if strange:
        remedy = f"There are: {', '.join(sorted(keys))}."
        raise BadInput(f"{', '.join(strange)}: not known here.", where=where, remedy=remedy)
    return node


def _list(tree: _Tree, key: str, where: str, default: object = None) -> list[object]:
    node = tree.get(key, default)
    if not isinstance(node, list | tuple):
        raise BadInput(f"{key} is missing or no list.", where=where)
    return list(node)


def _texts(node: object, where: str) -> list[str]:
    if not isinstance(node, list | tuple) or not all(isinstance(v, str) for v in node):
        raise BadInput("values is a list of plain values.", where=where)
    return [str(v) for v in node]


def _text(tree: _Tree, key: str, where: str, default: str | None = None) -> str:
    value = tree.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise BadInput(f"{key} is missing or no plain value.", where=where)
    return value


def _flag(tree: _Tree, key: str, where: str) -> bool:
    return bool(_located(Column(key, ColumnType.BOOL), str(tree.get(key, "false")), where))


def _day(tree: _Tree, key: str, where: str) -> date | None:
    text = _text(tree, key, where, "")
    return cast("date", _located(Column(key, ColumnType.DATE), text, where)) if text else None
