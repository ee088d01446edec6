"""`amends bench recommend`."""

from dataclasses import asdict
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.flows.bench.recommend import bench_recommend


def recommend(
    world: Annotated[str, typer.Option(help="Name of a world, or its file.")] = "telco",
    cases: Annotated[int, typer.Option(help="Cases to decide, in time order.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of cases, choices and answers.")] = 1,
    fuzz: Annotated[
        int, typer.Option(help="Made-up cases at the edges of the policy tables, besides", min=0)
    ] = 10_000,
    zen: Annotated[
        int, typer.Option(help="Made-up cases of each table to compare with zen-engine", min=0)
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Play the recommender against a world: regret, share of the gain, violations, speed."""
    with refusals(), progress() as tick:
        figures = bench_recommend(world, cases, seed, tick, fuzzed=fuzz, compared=zen)
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        shown = f"{value:,.4g}" if isinstance(value, float) else value or "–"
        typer.echo(f"{name.replace('_', ' '):<30} {shown}")
