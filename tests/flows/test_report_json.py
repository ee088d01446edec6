import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from tests.flows.report_factory import EVERY_REPORT, full_report

from amends.engine.contracts import Interval
from amends.flows.report import report_json, report_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_the_published_schema_is_the_contract() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == report_schema(), (
        "The contracts have changed: amends analyze --schema > docs/report.schema.json"
    )


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("name", EVERY_REPORT)
def test_every_report_follows_the_schema(name: str) -> None:
    document = json.loads(report_json(EVERY_REPORT[name]()))
    jsonschema.Draft202012Validator(report_schema()).validate(document)


def test_the_document_accounts_for_every_row() -> None:
    rows = json.loads(report_json(full_report()))["rows"]
    assert rows == {"read": 4120, "analysed": 3984, "duplicate": 121, "quarantined": 15}


def test_an_infinite_bound_is_null() -> None:
    report = full_report()
    metric = replace(report.metrics[0], interval=Interval(1.0, math.inf))
    document = json.loads(report_json(replace(report, metrics=(metric,))))
    assert document["metrics"][0]["interval"] == {"low": 1.0, "high": None, "level": 0.95}
    jsonschema.Draft202012Validator(report_schema()).validate(document)


def test_a_missing_field_is_refused() -> None:
    document = json.loads(report_json(full_report()))
    del document["rows"]
    with pytest.raises(jsonschema.ValidationError, match="'rows' is a required property"):
        jsonschema.Draft202012Validator(report_schema()).validate(document)
