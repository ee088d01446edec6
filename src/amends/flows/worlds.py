"""Write a play of a world into a folder: signals, labels and the truth."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from amends.engine.contracts import SIGNAL_SCHEMA, BadInput
from amends.engine.worlds import LABEL_SCHEMA, read_world, world_names

Tick = Callable[[str, int, int], None]
FORMATS: Final = ("parquet", "jsonl")
_OURS: Final = ("signals.parquet", "signals.jsonl", "labels.parquet", "truth.json")


@dataclass(frozen=True, slots=True)
class WorldFiles:
    """What was written: paths, and how many rows of which kind."""

    signals: Path
    labels: Path
    truth: Path
    rows: int
    """signals that are no transactions"""
    transactions: int


@dataclass(frozen=True, slots=True)
class WorldSummary:
    """One line on a shipped world."""

    name: str
    title: str
    causes: int
    breakdowns: int
    default_signals: int


def list_worlds() -> list[WorldSummary]:
    """Return the shipped worlds."""
    companies = [read_world(name).company for name in world_names()]
    return [
        WorldSummary(c.name, c.title, len(c.causes), len(c.breakdowns), c.default_signals)
        for c in companies
    ]


def write_world(
    name: str,
    out: Path,
    *,
    signals: int | None = None,
    seed: int = 1,
    file_format: str = "parquet",
    force: bool = False,
    tick: Tick = lambda _stage, _done, _total: None,
) -> WorldFiles:
    """Play a world and write `signals.parquet` (or `.jsonl`), `labels.parquet` and `truth.json`.

    Files appear under their names only when they are whole.

    Raises
    ------
    BadInput
        The world, its file, the number, the format or the folder cannot be used.

    """
    if file_format not in FORMATS:
        raise BadInput(
            f"There is no format {file_format!r}.", remedy=f"Take {' or '.join(FORMATS)}."
        )
    world = read_world(name)
    _check_folder(out, force=force)
    tick("playing", 0, 1)
    play = world.play(signals, seed)
    tick("playing", 1, 1)
    out.mkdir(parents=True, exist_ok=True)
    for name_of_ours in _OURS:
        (out / name_of_ours).unlink(missing_ok=True)
    files = WorldFiles(
        out / f"signals.{file_format}", out / "labels.parquet", out / "truth.json", play.rows, 0
    )
    done = transactions = 0
    with _signal_writer(files.signals) as write_signals, _parquet(files.labels, LABEL_SCHEMA) as w:
        for chunk in play.chunks():
            write_signals(chunk.signals)
            w(chunk.labels)
            done += len(chunk.labels)
            transactions += len(chunk.signals) - len(chunk.labels)
            tick("writing signals", done, play.rows)
    truth = msgspec.json.format(msgspec.json.encode(play.truth()))
    with _whole(files.truth) as part:
        part.write_bytes(truth + b"\n")
    return replace(files, transactions=transactions)


def _check_folder(out: Path, *, force: bool) -> None:
    if out.exists() and not out.is_dir():
        raise BadInput(
            "This is a file, not a folder.", where=str(out), remedy="Name another --out."
        )
    if out.is_dir() and any(out.iterdir()) and not force:
        raise BadInput(
            "The folder is not empty.",
            where=str(out),
            remedy="Name another --out, or add --force to replace the world in it.",
        )


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a file its name when it has been written to the end."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _signal_writer(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    if path.suffix == ".parquet":
        with _parquet(path, SIGNAL_SCHEMA) as write:
            yield write
        return
    with _whole(path) as part, part.open("wb") as file:
        yield lambda table: _write_lines(file, table)


@contextmanager
def _parquet(path: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    with _whole(path) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        yield writer.write_table


def _write_lines(file: IO[bytes], table: pa.Table) -> None:
    """Write one JSON object per row; what is null is left out, times are ISO 8601 in UTC."""
    names, columns = [], []
    for field in table.schema:
        column = table[field.name]
        if column.null_count == len(column):
            continue
        names.append(field.name)
        columns.append(_plain(column))
    encoder = msgspec.json.Encoder(decimal_format="number")
    rows = (
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in zip(*columns, strict=True)
    )
    file.write(encoder.encode_lines(rows))


def _plain(column: pa.ChunkedArray) -> list[object]:
    kind = column.type
    plain: list[object]
    if pa.types.is_timestamp(kind):
        text = column.cast(pa.timestamp("s", tz="UTC")).cast(pa.string())
        plain = pc.replace_substring(text, " ", "T").to_pylist()
    elif pa.types.is_map(kind):
        plain = [None if pairs is None else dict(pairs) for pairs in column.to_pylist()]
    elif pa.types.is_dictionary(kind):
        plain = column.cast(pa.string()).to_pylist()
    else:
        plain = column.to_pylist()
    return plain
