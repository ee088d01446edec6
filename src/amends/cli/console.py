"""How every command speaks: results on stdout, progress and errors on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from amends.engine.contracts import BadInput

stderr = Console(stderr=True)

Tick = Callable[[str, int, int], None]
"""(stage, done, total): what a flow calls as it goes; total 0 means unknown."""


@contextmanager
def progress() -> Iterator[Tick]:
    """Show one bar per stage on stderr."""
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, disable=not stderr.is_terminal) as bars:
        tasks = {}

        def tick(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield tick


@contextmanager
def refusals() -> Iterator[None]:
    """Turn `BadInput` into one clear message and exit code 2."""
    try:
        yield
    except BadInput as error:
        place = f"{error.where}: " if error.where else ""
        # soft wrap: a path that is broken over two lines cannot be copied
        told = Text(f"amends: {place}{error.what}", style="red")
        stderr.print(told, highlight=False, soft_wrap=True)
        if error.remedy:
            stderr.print(Text(error.remedy), highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None


def emit_json(result: object) -> None:
    """Print one JSON object (any msgspec-encodable dataclass or dict) on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(result)).decode() + "\n")
