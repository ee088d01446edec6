"""Policy tables back to YAML: what `read_table` reads, word for word."""

from datetime import date

import yaml

from .columns import Column, ColumnType, write
from .parts import Example, Row, Scaled
from .table import Table


def write_table(table: Table) -> str:
    """Return a table as YAML text; reading it again gives an equal table."""
    about = table.about
    tree: dict[str, object] = {
        "policy": table.name,
        "version": table.version,
        "title": about.title,
        "hit": str(table.hit),
        "currency": table.currency,
        "effective_from": _day(table.effective_from),
        "effective_to": _day(table.effective_to),
        "jurisdiction": table.jurisdiction,
        "sector": table.sector,
        "citation": about.citation,
        "verified_on": _day(about.verified_on),
        "note": about.note,
        "inputs": [_column(column) for column in table.inputs],
        "outputs": [_column(column) for column in table.outputs],
        "rows": [_row(table, row) for row in table.rows],
        "tests": [_example(example) for example in table.examples],
    }
    kept = {key: value for key, value in tree.items() if value not in ("", [])}
    return yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _column(column: Column) -> dict[str, object]:
    flags = {"open": column.is_open, "whole": column.is_whole, "optional": column.is_optional}
    ends = {"min": column.low, "max": column.high}
    tree: dict[str, object] = {"name": column.name, "type": str(column.type)}
    if column.type is ColumnType.ENUM and column.values:
        tree["values"] = list(column.values)
    tree |= {key: "true" for key, flag in flags.items() if flag}
    return tree | {key: write(end) for key, end in ends.items() if end is not None}


def _row(table: Table, row: Row) -> dict[str, object]:
    when = {
        column.name: condition.write()
        for column, condition in zip(table.inputs, row.conditions, strict=True)
        if condition is not None
    }
    then = {
        column.name: output.write() if isinstance(output, Scaled) else write(output)
        for column, output in zip(table.outputs, row.outputs, strict=True)
    }
    tree: dict[str, object] = {"id": row.row_id, "when": when, "then": then, "note": row.note}
    return {key: value for key, value in tree.items() if value not in ("", {})}


def _example(example: Example) -> dict[str, object]:
    facts = {name: write(value) for name, value in example.facts.items() if value is not None}
    return {"case": facts, "expect": {name: write(v) for name, v in example.expect.items()}}
