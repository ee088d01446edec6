"""`amends bench topics`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.flows.bench.topics import bench_topics


def topics(
    table: Annotated[Path, typer.Option(help="CSV with the texts.")],
    text: Annotated[str, typer.Option(help="Column with the text.")],
    embeddings: Annotated[Path, typer.Option(help="Folder in which the network is kept.")],
    label: Annotated[
        str | None, typer.Option(help="Column with labels that topics are compared with.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every draw.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find the topics of a file of texts."""
    with refusals(), progress() as tick:
        figures = bench_topics(
            table, tick, text=text, label=label, embeddings=embeddings, seed=seed
        )
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        if name == "largest":
            continue
        shown = f"{value:,.4g}" if isinstance(value, float) else value
        typer.echo(f"{name.replace('_', ' '):<30} {'–' if shown is None else shown}")
    for topic in figures.largest:
        typer.echo(f"{topic.texts:>6}  {', '.join(topic.phrases)}: “{topic.typical[:80]}”")
