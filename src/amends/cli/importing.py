"""`amends import FILE…`: files into the running system's inbox, with a receipt.

Django is imported inside the functions: `amends analyze` starts without paying for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from amends.cli.console import Tick, emit_json, progress, refusals, stderr
from amends.cli.options import mapping_of
from amends.cli.serve import Home
from amends.engine.contracts import BadInput

if TYPE_CHECKING:
    from amends.web.intake.models import Import


@dataclass(frozen=True, slots=True)
class FileReceipt:
    """What became of the rows of one file, or would become of them in a dry run."""

    file: str
    source: str
    preset: str
    rows: int
    accepted: int
    duplicates: int
    superseded: int
    quarantined: int
    state: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """A file, how it is read, and whose signals its rows are."""

    path: Path
    source: str
    preset: str
    told: Mapping[str, str]
    found: str
    """Name of the preset that was found."""


def import_(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="CSV, TSV, XLSX, JSON, JSONL or Parquet, also .gz"),
    ] = None,
    preset: Annotated[
        str, typer.Option(help="auto, none, or the product that the export comes from")
    ] = "auto",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD, overrules how a column was understood"),
    ] = None,
    source: Annotated[
        str,
        typer.Option(help="Whose signals the rows are; default: the product, else the file's name"),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would become of the rows")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout")] = False,
    home: Home = None,
) -> None:
    """Import files into the running system; the same command goes on with what was halted."""
    from amends.web.project.start import prepared

    with refusals():
        if not files:
            raise BadInput(
                "No file was named.", remedy="Try: amends import complaints.csv --dry-run"
            )
        told = mapping_of(mapping or [])
        with prepared(home):
            import pghistory

            from amends.web.project.tables import migrate

            migrate()
            # Whatever cannot be read is refused before anything is taken in.
            choices = [_choice(path, preset, told, source) for path in files]
            with pghistory.context(source="command line"), progress() as tick:
                work = _rehearse if dry_run else _carry_out
                receipts = [work(choice, tick) for choice in choices]
            waiting = _waiting()
    if as_json:
        emit_json({"dry_run": dry_run, "files": receipts})
    else:
        _say(receipts, waiting, is_dry=dry_run)


def _choice(path: Path, preset: str, told: Mapping[str, str], source: str) -> _Choice:
    from amends.flows.importing import plan_import, source_name
    from amends.web.intake.queries import source_of_columns

    plan = plan_import(path, preset=preset, told=told)
    known = source_of_columns(plan.columns, source)
    if known is not None and not told and preset == "auto":
        _print(f"{path.name} has the columns of {known.name}: it is read as its files were.")
        kept_preset = str(known.options["preset"])
        plan = plan_import(path, preset=kept_preset, told=known.mapping)
        return _Choice(path, known.name, kept_preset, known.mapping, plan.understanding.preset)
    for warning in plan.warnings:
        _print(f"{path.name}: {warning}")
    return _Choice(path, source or source_name(plan), preset, told, plan.understanding.preset)


def _rehearse(choice: _Choice, tick: Tick) -> FileReceipt:
    from amends.web.intake.rehearsing import rehearse

    found = rehearse(
        choice.path,
        name=choice.path.name,
        source=choice.source,
        preset=choice.preset,
        told=choice.told,
        tick=lambda rows, share: _tick(tick, choice, rows, share),
    )
    for reason in found.reasons:
        _print(f"  {reason.n:,} × {reason.field or 'row'}: {reason.what}")
    counts = (found.rows, found.accepted, found.duplicates, found.superseded, found.quarantined)
    return FileReceipt(choice.path.name, choice.source, choice.found, *counts, "dry run")


def _carry_out(choice: _Choice, tick: Tick) -> FileReceipt:
    from django.core.exceptions import ValidationError

    from amends.web.intake.actions.imports import begin_or_go_on
    from amends.web.intake.importing import BusyElsewhere, carry_out

    tell = _teller(choice, tick)
    taken: frozenset[int] = frozenset()
    while True:
        try:
            begun = begin_or_go_on(
                choice.path,
                source=choice.source,
                preset=choice.preset,
                mapping=choice.told,
                taken=taken,
            )
        except ValidationError as error:
            raise BadInput(" ".join(error.messages), where=f"--source {choice.source}") from None
        if begun.reached:
            _print(f"{choice.path.name}: going on after row {begun.reached:,}.")
        try:
            done = carry_out(begun.pk, choice.path, tell)
        except BusyElsewhere:
            taken |= {begun.pk}
            continue
        counts = (done.rows, done.accepted, done.duplicates, done.superseded, done.quarantined)
        return FileReceipt(choice.path.name, choice.source, choice.found, *counts, done.state)


def _teller(choice: _Choice, tick: Tick) -> Callable[["Import"], None]:
    was_held = False

    def tell(found: "Import") -> None:
        nonlocal was_held
        if found.is_held and not was_held:
            _print(
                "The inbox is full: waiting for the workers to make room. "
                "(Is `amends serve` or `amends worker` running?)"
            )
        was_held = found.is_held
        _tick(tick, choice, found.rows, found.share)

    return tell


def _tick(tick: Tick, choice: _Choice, rows: int, share: float) -> None:
    """Tell rows of rows; how many there are is known at the end, before it is reckoned."""
    tick(choice.path.name[:28], rows, max(round(rows / share), rows) if share else 0)


def _waiting() -> int:
    from amends.web.intake.queries import waiting_signals

    return waiting_signals()


def _say(receipts: list[FileReceipt], waiting: int, *, is_dry: bool) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("File", "Source"):
        table.add_column(name, overflow="fold")
    for name in ("Rows read", "Accepted", "Duplicates", "Superseded", "Quarantined"):
        table.add_column(name, justify="right")
    for r in receipts:
        counts = (r.rows, r.accepted, r.duplicates, r.superseded, r.quarantined)
        table.add_row(r.file, r.source, *(f"{count:,}" for count in counts))
    stderr.print(table, highlight=False)
    if is_dry:
        _print("Nothing was taken in: this was a dry run.")
        return
    if any(r.quarantined for r in receipts):
        _print("Quarantined rows are kept with their reasons; mend them at /signals/quarantine/.")
    if waiting:
        _print(f"{waiting:,} signals wait in the inbox for `amends serve` or `amends worker`.")


def _print(text: str) -> None:
    stderr.print(text, markup=False, highlight=False, soft_wrap=True)
