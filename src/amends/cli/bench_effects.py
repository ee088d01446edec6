"""`amends bench effects`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.engine.contracts import BadInput
from amends.engine.track.effects import EffectConfig
from amends.flows.bench.effects import EffectColumns, bench_effects, read_estimand


def effects(
    table: Annotated[Path, typer.Option(help="CSV: one row per unit.")],
    treatment: Annotated[str, typer.Option(help="Column: who was treated.")],
    outcome: Annotated[str, typer.Option(help="Column: what came of it; empty: no answer.")],
    covariates: Annotated[str, typer.Option(help="Columns known before, comma-separated.")] = "",
    propensity: Annotated[
        str | None, typer.Option(help="Column: logged chance of treatment; else estimated.")
    ] = None,
    of_done: Annotated[
        bool, typer.Option("--propensity-of-done", help="It is the chance of what was done.")
    ] = False,
    placebo: Annotated[
        str | None, typer.Option(help="Column: an outcome settled before the treatment.")
    ] = None,
    treated: Annotated[str | None, typer.Option(help="Value that means treated.")] = None,
    control: Annotated[str | None, typer.Option(help="Value that means not treated.")] = None,
    estimand: Annotated[str, typer.Option(help="ate (all) or att (the treated).")] = "ate",
    trim: Annotated[
        float, typer.Option(help="Leave out whose propensity lies within this of 0 or 1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the cross-fitting folds.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Estimate the effect of a treatment, or say why the data cannot."""
    with refusals(), progress() as tick:
        if not 0 <= trim < 0.5:
            raise BadInput(f"--trim is {trim:g}.", remedy="Give a share from 0 to below 0.5.")
        names = tuple(name.strip() for name in covariates.split(",") if name.strip())
        columns = EffectColumns(
            treatment, outcome, names, propensity, placebo, treated, control, of_done
        )
        limits = (trim, 1 - trim) if trim else None
        config = EffectConfig(estimand=read_estimand(estimand), trim=limits, seed=seed)
        figures = bench_effects(table, columns, config, tick)
    if as_json:
        emit_json(figures)
        return
    for name, value in asdict(figures).items():
        if name != "warnings":
            typer.echo(f"{name.replace('_', ' '):<16} {_shown(value)}")
    for warning in figures.warnings:
        typer.echo(f"! {warning}")


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple):
        return " to ".join(f"{v:,.5g}" for v in value)
    return f"{value:,.5g}" if isinstance(value, float) else str(value)
