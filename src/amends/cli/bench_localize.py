"""`amends bench localize`."""

from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, refusals
from amends.flows.bench.localize import Against, bench_localize


def localize(
    table: Annotated[Path, typer.Option(help="CSV of leaves, one row per cell (and time).")],
    dims: Annotated[str, typer.Option(help="Dimension columns, with commas.")],
    actual: Annotated[str, typer.Option(help="Column of what was seen.")],
    expected: Annotated[str | None, typer.Option(help="Column of what was predicted.")] = None,
    exposure: Annotated[str | None, typer.Option(help="Column the figures are per.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of the time.")] = None,
    at: Annotated[str | None, typer.Option(help="The time that is to be explained.")] = None,
    mode: Annotated[str, typer.Option(help="auto, counts or values.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Find the slices that explain what changed, best first."""
    with refusals():
        names = [name.strip() for name in dims.split(",") if name.strip()]
        figures = bench_localize(
            table, names, actual, Against(expected, exposure, time, at), mode=mode
        )
    if as_json:
        emit_json(figures)
        return
    for number, terms in enumerate(figures.slices, start=1):
        claim = "cause" if number <= figures.explained_by else "runner-up"
        name = ", ".join(f"{d}={v}" for d, v in terms.items()) or "everything"
        typer.echo(f"{number}. {name}  {figures.shares[number - 1]:.0%} of the excess ({claim})")
    typer.echo(f"{figures.leaves:,} leaves in {figures.seconds:.3f} s")
