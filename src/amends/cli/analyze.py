"""`amends analyze FILE…`: from a file of complaints to what broke, why and what to do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals, stderr
from amends.cli.options import mapping_of
from amends.engine.contracts import BadInput, Report
from amends.flows.analyze import Analysis, AnalyzeOptions, analyze_files, write_analysis
from amends.flows.report import report_schema


def analyze(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="CSV, TSV, XLSX, JSON, JSONL or Parquet, also .gz"),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="auto, or the product that the export comes from")
    ] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for report.html and report.json")] = Path("out"),
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD, overrules how a column was understood"),
    ] = None,
    taxonomy: Annotated[
        str, typer.Option(help="auto, a shipped taxonomy, or a YAML file of your own causes")
    ] = "auto",
    false_alarms: Annotated[
        float, typer.Option(help="False breakdowns that one report may show on average")
    ] = 0.2,
    country: Annotated[
        str, typer.Option(help="ISO code of the country whose public holidays count")
    ] = "",
    currency: Annotated[str, typer.Option(help="ISO code for money without a currency")] = "EUR",
    title: Annotated[str, typer.Option(help="Title of the report")] = "",
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of report.json and stop")
    ] = False,
) -> None:
    """Analyse files: what broke, since when, where, why, and what to do. No server, no database."""
    if schema:
        emit_json(report_schema())
        return
    with refusals():
        options = AnalyzeOptions(
            preset=preset,
            mapping=mapping_of(mapping or []),
            taxonomy=taxonomy,
            false_alarms=false_alarms,
            country=country,
            currency=currency,
            title=title,
        )
        if not files:
            raise BadInput(
                "No file was named.", remedy="Try: amends analyze complaints.csv --out report"
            )
        with progress() as tick:
            analysis = analyze_files(files, options, now=datetime.now(UTC), tick=tick)
            paths = write_analysis(analysis, out, tick)
    _say(analysis, paths)


def _say(analysis: Analysis, paths: list[Path]) -> None:
    report: Report = analysis.report
    rows = report.rows
    stderr.print(f"\n[bold]{report.headline}[/bold]", highlight=False)
    for finding in report.findings:
        stderr.print(f"  • {finding}", markup=False, highlight=False)
    stderr.print(
        f"\n{rows.read:,} rows read: {rows.analysed:,} analysed, {rows.duplicate:,} duplicate, "
        f"{rows.quarantined:,} quarantined.",
        highlight=False,
    )
    for path in paths:
        typer.echo(path)
