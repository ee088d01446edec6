"""`amends demo [WORLD]`: a simulated company in the running product."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import progress, refusals, stderr


def demo(
    world: Annotated[str, typer.Argument(help="retailer, telco or bank")] = "retailer",
    home: Annotated[Path, typer.Option(help="The demo's data folder")] = Path("amends-demo"),
    port: Annotated[int, typer.Option(help="The port to listen on")] = 8000,
    signals: Annotated[
        int, typer.Option(help="How many signals the company heard in its months", min=2_000)
    ] = 200_000,
    seed: Annotated[int, typer.Option(help="Another seed, another year", min=0)] = 7,
) -> None:
    """Run amends with a company that lives in it: twelve months of history, then live."""
    from amends.web.project.demo import run_demo
    from amends.web.project.serve import Door

    def say(text: str) -> None:
        stderr.print(text, markup=False, highlight=False)

    os.environ["AMENDS_DEMO"] = "1"
    with refusals(), progress() as tick:
        code = run_demo(
            home, world, signals, seed, Door(port=port), datetime.now(UTC), say=say, tick=tick
        )
    raise typer.Exit(code)
