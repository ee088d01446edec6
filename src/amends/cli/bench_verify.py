"""`amends bench verify`."""

from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.engine.contracts import BadInput
from amends.engine.prevent import VerifyConfig
from amends.flows.bench.verify import bench_verify


def verify(
    series: Annotated[
        Path, typer.Option(help="CSV: series, at, value[, exposure]; or at and a column each.")
    ],
    fix_at: Annotated[str, typer.Option(help="When the fix began to work: 2024-05-31.")],
    controls: Annotated[
        str, typer.Option(help="Series it could not touch, comma-separated; else all others.")
    ] = "",
    treated: Annotated[str | None, typer.Option(help="Series to judge; else the first.")] = None,
    hoped: Annotated[
        float, typer.Option(help="Least change that makes it worth while, −0.15: 15 % fewer.")
    ] = -0.15,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Tell whether a fix worked, against series that it could not touch."""
    with refusals(), progress() as tick:
        if not -1 < hoped < 0:
            raise BadInput(f"--hoped is {hoped:g}.", remedy="Give a share between -1 and 0.")
        names = [name.strip() for name in controls.split(",") if name.strip()]
        config = VerifyConfig(hoped=hoped)
        figures = bench_verify(series, fix_at, tick, treated=treated, controls=names, config=config)
    if as_json:
        emit_json(figures)
        return
    typer.echo(figures.verdict.replace("_", " "))
    for reason in figures.reasons:
        typer.echo(f"  {reason}")
