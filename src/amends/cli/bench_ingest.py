"""`amends bench ingest`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.flows.bench.ingest import bench_ingest


def ingest(
    file: Annotated[Path, typer.Argument(help="Any file that `amends analyze` reads.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure how fast a file becomes signals."""
    with refusals(), progress() as tick:
        figures = bench_ingest(file, tick)
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        typer.echo(f"{name.replace('_', ' '):<16} {value:,.1f}")
