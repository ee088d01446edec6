"""`amends bench detect`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.engine.contracts import Bucket
from amends.flows.bench.detect import bench_detect


def detect(
    series: Annotated[Path, typer.Option(help="CSV: series, at, value[, exposure].")],
    labels: Annotated[Path | None, typer.Option(help="CSV: series, start, end.")] = None,
    every: Annotated[Bucket | None, typer.Option(help="Bucket; else told by the data.")] = None,
    evaluate_from: Annotated[
        str | None, typer.Option(help="First time that is scored; earlier ones are history.")
    ] = None,
    budget: Annotated[float, typer.Option(help="False alarms per series and year.")] = 0.1,
    scores_out: Annotated[
        Path | None, typer.Option(help="Write series, at, score, is_alarm here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find breakdowns in series and compare them with labelled windows."""
    with refusals(), progress() as tick:
        figures = bench_detect(
            series,
            tick,
            labels=labels,
            every=every,
            evaluate_from=evaluate_from,
            budget=budget,
            scores_out=scores_out,
        )
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        shown = f"{value:,.4g}" if isinstance(value, float) else value
        typer.echo(f"{name.replace('_', ' '):<30} {'–' if shown is None else shown}")
