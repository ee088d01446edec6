"""`amends bench classify`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.flows.bench.classify import bench_classify


def classify(
    train: Annotated[Path, typer.Option(help="CSV to learn from.")],
    test: Annotated[Path, typer.Option(help="CSV to predict.")],
    text: Annotated[str, typer.Option(help="Column with the text.")],
    label: Annotated[str, typer.Option(help="Column with the cause.")],
    predictions_out: Annotated[
        Path | None, typer.Option(help="Write row, label, predicted, confidence here.")
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Folder for the network: meaning decides where words leave doubt."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Learn causes from one file and tell them in another."""
    with refusals(), progress() as tick:
        figures = bench_classify(
            train,
            test,
            tick,
            text=text,
            label=label,
            predictions_out=predictions_out,
            embeddings=embeddings,
        )
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        shown = f"{value:,.4g}" if isinstance(value, float) else value
        typer.echo(f"{name.replace('_', ' '):<30} {'–' if shown is None else shown}")
