"""`amends worlds`: simulated companies whose truth is known."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from amends.cli.console import emit_json, progress, refusals, stderr
from amends.flows.worlds import list_worlds, write_world

worlds = typer.Typer(help="Simulated companies with planted truth.", no_args_is_help=True)


@worlds.command()
def make(
    name: Annotated[str, typer.Argument(help="telco, retailer, bank, or a world's YAML file")],
    out: Annotated[Path, typer.Option(help="Folder for signals, labels and truth.json")],
    signals: Annotated[
        int | None, typer.Option(help="Signals besides transactions; default: the world's own")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another play")] = 1,
    file_format: Annotated[str, typer.Option("--format", help="parquet or jsonl")] = "parquet",
    force: Annotated[bool, typer.Option("--force", help="Replace the world in the folder")] = False,
) -> None:
    """Play a world and write its signals, their labels and what was planted."""
    with refusals(), progress() as tick:
        files = write_world(
            name,
            out,
            signals=signals,
            seed=seed,
            file_format=file_format,
            force=force,
            tick=tick,
        )
    stderr.print(
        f"{files.rows:,} signals and {files.transactions:,} rows of transactions.", highlight=False
    )
    for path in (files.signals, files.labels, files.truth):
        typer.echo(path)


@worlds.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array")] = False,
) -> None:
    """Say which worlds there are."""
    found = list_worlds()
    if as_json:
        emit_json(found)
        return
    table = Table("name", "company", "causes", "planted breakdowns", "signals by default")
    for world in found:
        counts = (world.causes, world.breakdowns, world.default_signals)
        table.add_row(world.name, world.title, *(f"{count:,}" for count in counts))
    Console().print(table)
