"""Policy tables as JDM (JSON Decision Model), for engines that read it, such as zen-engine.

The shared subset: first and unique tables become "first", collecting ones "collect". The lowest of
a collect-min table is taken by whoever reads its list. JDM has no column types, so missing and
wrong-typed facts are not refused there as they are here.
"""

from datetime import date
from decimal import Decimal

from amends.engine.contracts import BadInput

from .columns import Column, Scalar, write
from .conditions import Condition, Operator
from .parts import HitPolicy, Output, Scaled
from .table import Table

ROW = "row"
"""The output that names the row that decided."""
HITS = {
    HitPolicy.FIRST: "first",
    HitPolicy.UNIQUE: "first",
    HitPolicy.COLLECT: "collect",
    HitPolicy.COLLECT_MIN: "collect",
}
_CONTENT_TYPE = "application/vnd.gorules.decision"


def to_jdm(table: Table) -> dict[str, object]:
    """Return a table as a JDM document; its outputs have besides the name of the row, `row`.

    Raises
    ------
    BadInput
        A value has both single and double quotes.
    """
    inputs = [_named(column) for column in table.inputs]
    outputs = [
        *(_named(column) for column in table.outputs),
        {"id": ROW, "name": ROW, "field": ROW},
    ]
    rules = [
        {
            "_id": row.row_id,
            **{
                column.name: "" if condition is None else _test(condition)
                for column, condition in zip(table.inputs, row.conditions, strict=True)
            },
            **{
                column.name: _output(output)
                for column, output in zip(table.outputs, row.outputs, strict=True)
            },
            ROW: _literal(row.row_id),
        }
        for row in table.rows
    ]
    content = {
        "hitPolicy": HITS[table.hit],
        "inputs": inputs,
        "outputs": outputs,
        "rules": rules,
    }
    return {
        "contentType": _CONTENT_TYPE,
        "nodes": [
            _node("request", "Request", "inputNode", 0),
            _node("table", table.name, "decisionTableNode", 300) | {"content": content},
            _node("response", "Response", "outputNode", 600),
        ],
        "edges": [
            {"id": "first", "sourceId": "request", "targetId": "table", "type": "edge"},
            {"id": "second", "sourceId": "table", "targetId": "response", "type": "edge"},
        ],
    }


def jdm_facts(facts: dict[str, Scalar | None]) -> dict[str, object]:
    """Return facts as JDM engines take them: amounts as numbers, days as texts."""
    return {
        name: float(value)
        if isinstance(value, Decimal)
        else value.isoformat()
        if isinstance(value, date)
        else value
        for name, value in facts.items()
    }


def _named(column: Column) -> dict[str, str]:
    return {"id": column.name, "name": column.name, "field": column.name}


def _node(name: str, title: str, kind: str, x: int) -> dict[str, object]:
    return {"id": name, "name": title, "type": kind, "position": {"x": x, "y": 0}}


def _test(condition: Condition) -> str:
    values = [_literal(value) for value in condition.values]
    match condition.operator:
        case Operator.KNOWN:
            return "$ != null"
        case Operator.UNKNOWN:
            return "$ == null"
        case Operator.EQUAL | Operator.IN:
            return " or ".join(f"$ == {value}" for value in values)
        case Operator.BETWEEN:
            return f"$ != null and $ >= {values[0]} and $ <= {values[1]}"
        case operator:
            return f"$ != null and $ {operator} {values[0]}"


def _literal(value: Scalar) -> str:
    if isinstance(value, str):
        quote = "'" if '"' in value else '"'
        if quote in value:
            raise BadInput(
                f"{value} has both kinds of quotes, which JDM cannot write.",
                remedy="Use one kind in the table's values.",
            )
        return f"{quote}{value}{quote}"
    if isinstance(value, date):
        return f'd("{value.isoformat()}")'
    return write(value)


def _output(output: Output) -> str:
    if isinstance(output, Scaled):
        return f"{write(output.factor)} * {output.column}"
    return f'"{output.isoformat()}"' if isinstance(output, date) else _literal(output)
