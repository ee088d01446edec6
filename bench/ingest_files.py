"""Read every table file of a folder into signals and print how it was understood and how fast.

    python bench/ingest_files.py DATA [--columns]

`DATA` is a folder (searched for CSV, TSV, XLSX, JSON, JSONL and Parquet files) or one file. Seconds
are those of the processor, so that other work on the machine does not count.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from amends.connectors import detect_preset
from amends.connectors.files import open_table
from amends.engine.contracts import MEASURES, BadInput, Understanding
from amends.engine.signals import clean, coverage, measures_of, normalise, roll_up, understand

T = TypeVar("T")

_ENDINGS = (".csv", ".tsv", ".xlsx", ".json", ".jsonl", ".parquet", ".gz")


def main() -> None:
    """Read the files and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--columns", action="store_true", help="print each column's understanding")
    options = parser.parse_args()
    console = Console(width=160)
    table = Table(title="files read into signals, CPU seconds")
    for name in ("file", "kind", "preset", "rows", "set aside", "twice", "dimensions", "measures"):
        table.add_column(name, overflow="fold")
    for name in ("read", "understand", "normalise", "clean", "roll up", "series", "GB"):
        table.add_column(name, justify="right")
    for path in _files(options.data):
        try:
            table.add_row(*_row(path, console if options.columns else None))
        except BadInput as refusal:
            table.add_row(path.name, f"refused: {refusal}"[:60])
    console.print(table)


def _files(data: Path) -> list[Path]:
    if data.is_file():
        return [data]
    return sorted(path for path in data.rglob("*") if path.name.lower().endswith(_ENDINGS))


def _row(path: Path, console: Console | None) -> list[str]:
    raw, read_s = _timed(lambda: open_table(path))
    preset = detect_preset(raw.columns.column_names)
    understanding, understand_s = _timed(lambda: understand(raw, preset))
    if console is not None:
        _print_columns(path, understanding, console)
    result, normalise_s = _timed(lambda: normalise(raw, understanding, path.name))
    cleaned, clean_s = _timed(lambda: clean(result.signals))
    covered = coverage(cleaned.signals)
    dims = [dim for dim, _ in covered.dimensions]
    measures = measures_of(cleaned.signals, 20) if covered.has_dates else ()
    batches, roll_s = _timed(
        lambda: [roll_up(cleaned.signals, measure, dims, pairs=True) for measure in measures]
    )
    return [
        path.name,
        understanding.kind.value,
        understanding.preset,
        f"{result.read:,}",
        f"{len(result.quarantined):,}",
        f"{cleaned.duplicates:,}",
        " ".join(f"{dim}:{n}" for dim, n in covered.dimensions),
        ", ".join(MEASURES[measure].label for measure in measures),
        *(f"{s:.1f}" for s in (read_s, understand_s, normalise_s, clean_s, roll_s)),
        f"{sum(len(batch.keys) for batch in batches):,}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f}",
    ]


def _timed(do: Callable[[], T]) -> tuple[T, float]:
    begun = time.process_time()
    done = do()
    return done, time.process_time() - begun


def _print_columns(path: Path, understanding: Understanding, console: Console) -> None:
    console.rule(f"{path.name}: {understanding.kind} ({understanding.kind_because})")
    for column in understanding.columns:
        console.print(
            f"{column.column[:30]:30} {column.field or '–':16} {column.how:9} {column.detail}",
            markup=False,
            highlight=False,
        )


if __name__ == "__main__":
    main()
