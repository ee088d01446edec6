"""What an analysis leaves behind: report.html, report.json, and quarantine.csv when needed."""

import csv
from collections.abc import Callable
from pathlib import Path

from amends.engine.contracts import BadInput, QuarantinedRow
from amends.flows.report import render_report, report_json

from .run import Analysis

Tick = Callable[[str, int, int], None]


def write_analysis(analysis: Analysis, out: Path, tick: Tick) -> list[Path]:
    """Write the files and return their paths, the page first.

    Raises
    ------
    BadInput
        The folder cannot be written to.

    """
    tick("writing the report", 0, 1)
    page, document = render_report(analysis.report), report_json(analysis.report)
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = [out / "report.html", out / "report.json"]
        paths[0].write_text(page, encoding="utf-8")
        paths[1].write_bytes(document)
        if analysis.quarantined:
            paths.append(out / "quarantine.csv")
            _write_quarantine(analysis.quarantined, paths[-1])
    except OSError as error:
        raise BadInput(
            f"The report cannot be written: {error.strerror}.",
            where=str(out),
            remedy="Name a folder that you may write to with --out.",
        ) from error
    tick("writing the report", 1, 1)
    return paths


def _write_quarantine(rows: tuple[QuarantinedRow, ...], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "field", "reason", "raw"])
        writer.writerows([row.file, row.row, row.field, row.reason, row.raw] for row in rows)
