"""`amends backtest FILE…`: the alarms that a budget would have raised in what has been."""

from pathlib import Path
from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals
from amends.engine.contracts import BadInput, Bucket
from amends.flows.analyze import AnalyzeOptions
from amends.flows.backtest import Backtest, backtest_files

SHOWN = 30
"""Alarms that are listed on a terminal; --json has all."""


def backtest(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Signals as for analyze, or one CSV: series, at, value[, exposure]"),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="CSV of known events: start, end[, name, measure, series, slice]"),
    ] = None,
    budget: Annotated[
        float, typer.Option(help="False alarms a year that all series together may raise")
    ] = 6.0,
    every: Annotated[
        Bucket | None, typer.Option(help="Bucket of a CSV of series; else told by the data")
    ] = None,
    preset: Annotated[str, typer.Option(help="auto, or where the export comes from")] = "auto",
    taxonomy: Annotated[str, typer.Option(help="auto, a shipped taxonomy, or a file")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout")] = False,
) -> None:
    """Watch history again: which alarms, how many of them false, how late for known events."""
    with refusals(), progress() as tick:
        if not files:
            raise BadInput(
                "No file was named.", remedy="Try: amends backtest signals.csv --labels events.csv"
            )
        options = AnalyzeOptions(preset=preset, taxonomy=taxonomy)
        done = backtest_files(
            files, options, tick, budget_per_year=budget, labels=labels, every=every
        )
    if as_json:
        emit_json(done)
    else:
        _say(done)


def _say(done: Backtest) -> None:
    typer.echo(
        f"{done.series:,} series by {done.every}, {done.starts_at:%-d %b %Y} to "
        f"{done.ends_at:%-d %b %Y}: {len(done.alarms):,} alarms, {done.alarms_per_year:.1f} a year"
    )
    for alarm in done.alarms[:SHOWN]:
        place = ", ".join(f"{d}={v}" for d, v in alarm.slice.items()) or "everything"
        told = f"  →  {alarm.known_event}" if alarm.known_event else ""
        typer.echo(
            f"  {alarm.detected_at:%Y-%m-%d %H:%M}  {alarm.measure} of {place}: "
            f"{alarm.observed:,.0f} where {alarm.expected:,.0f} were expected{told}"
        )
    if len(done.alarms) > SHOWN:
        typer.echo(f"  … and {len(done.alarms) - SHOWN} more; --json lists them all")
    for event in done.known_events:
        when = "missed" if event.delay_days is None else f"known after {event.delay_days:.1f} days"
        typer.echo(f"{event.name}: {when}")
    interval = done.false_alarms_per_year_interval
    if interval is not None:
        typer.echo(
            f"False alarms a year: {done.false_alarms_per_year:.1f} "
            f"(95 %: {interval.low:.1f} to {interval.high:.1f}), granted {done.budget_per_year:g}"
        )
    typer.echo(done.note)
