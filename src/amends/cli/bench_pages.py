"""`amends bench pages`."""

from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.flows.bench.pages import bench_pages


def pages(
    file: Annotated[Path, typer.Argument(help="Any file that `amends analyze` reads.")],
    renderings: Annotated[int, typer.Option(min=1, help="How often each page is drawn.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure how long the pages take to be drawn."""
    with refusals(), progress() as tick:
        figures = bench_pages(file, renderings, tick)
    if as_json:
        emit_json({"pages": figures})
        return
    for page in figures:
        typer.echo(
            f"{page.page}: p50 {page.p50_ms:.0f} ms, p95 {page.p95_ms:.0f} ms, "
            f"{page.size_kb:.0f} KB"
        )
