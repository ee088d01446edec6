"""`amends demo [WORLD]`: make a simulated company and analyse it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import progress, refusals, stderr
from amends.flows.analyze import AnalyzeOptions, analyze_files, write_analysis
from amends.flows.worlds import write_world


def demo(
    world: Annotated[str, typer.Argument(help="telco, retailer or bank")] = "retailer",
    out: Annotated[Path, typer.Option(help="Folder for the world and its report")] = Path("demo"),
    signals: Annotated[int, typer.Option(help="How many signals the company hears")] = 60_000,
    seed: Annotated[int, typer.Option(help="Another seed, another year")] = 7,
) -> None:
    """Simulate a company, analyse what its customers say, and say where the report is."""
    with refusals(), progress() as tick:
        folder = out / world
        write_world(world, folder, signals=signals, seed=seed, force=True, tick=tick)
        analysis = analyze_files(
            [folder / "signals.parquet"],
            AnalyzeOptions(title=f"Demo: {world}"),
            now=datetime.now(UTC),
            tick=tick,
        )
        html, *_ = write_analysis(analysis, folder / "report", tick)
    stderr.print(f"\n{analysis.report.headline}", highlight=False, markup=False)
    stderr.print("What was planted is in", folder / "truth.json", highlight=False)
    typer.echo(f"The report is at {html}")
