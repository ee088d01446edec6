"""The report of `amends analyze`: one HTML page for people, one JSON document for machines."""

from .page import render_report
from .schema import report_json, report_schema

__all__ = ["render_report", "report_json", "report_schema"]
