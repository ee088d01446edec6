"""`amends bench localize`: the slices of a table that explain what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa

from amends.engine.contracts import BadInput, Floats, LeafTable
from amends.engine.detect import LocalizeConfig, leaves_at, localize

from .tables import coded, numbers, read_table

MODES = ("auto", "counts", "values")
_MOST_CAUSES = 12


@dataclass(frozen=True, slots=True)
class LocalizeFigures:
    """Slices, best first; the first `explained_by` of them are claimed as the causes."""

    slices: list[dict[str, str]]
    explained_by: int
    shares: list[float]
    scores: list[float]
    leaves: int
    mode: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Against:
    """What the actual figures are held against: expected ones, or those of other times."""

    expected: str | None = None
    exposure: str | None = None
    time: str | None = None
    at: str | None = None


def bench_localize(
    table: Path, dims: Sequence[str], actual: str, against: Against, *, mode: str = "auto"
) -> LocalizeFigures:
    """Localise one table.

    With `expected`, every row is a leaf with its prediction. Otherwise the rows at the time `at`
    are compared with the rate (actual ÷ exposure) of the rows at all other times. In mode "auto"
    whole numbers of 0 or more are counts, other figures are values against predictions.

    Raises
    ------
    BadInput
        The file or an option cannot be used.

    """
    _check_options(dims, against, mode)
    named = (against.expected, against.exposure, against.time)
    needed = [*dims, actual, *(c for c in named if c)]
    rows = read_table(table, needed)
    if against.expected:
        leaves = _predicted(rows, table, dims, (actual, against.expected))
    else:
        leaves = _compared(rows, table, dims, actual, against)
    chosen = mode if mode != "auto" else _mode_of(leaves, predicted=bool(against.expected))
    started = perf_counter()
    found = localize(leaves, LocalizeConfig(mode=chosen, shown=_MOST_CAUSES))
    seconds = perf_counter() - started
    return LocalizeFigures(
        slices=[share.slice.as_dict() for share in found.slices],
        explained_by=found.explained_by,
        shares=[round(share.share_explained, 4) for share in found.slices],
        scores=[round(share.score, 3) for share in found.slices],
        leaves=len(leaves.actual),
        mode=chosen,
        seconds=seconds,
    )


def _check_options(dims: Sequence[str], against: Against, mode: str) -> None:
    if not dims or len(set(dims)) != len(dims):
        raise BadInput("Dimensions must be named, each once.", where="--dims", remedy="--dims a,b")
    compared = (against.exposure, against.time, against.at)
    if bool(against.expected) == any(compared) or (any(compared) and not all(compared)):
        raise BadInput(
            "Say what the figures are held against.",
            remedy="Give either --expected COL, or all of --exposure COL --time COL --at T.",
        )
    if mode not in MODES:
        raise BadInput(
            f"{mode!r} is no mode.", where="--mode", remedy=f"One of {', '.join(MODES)}."
        )


def _predicted(
    rows: pa.Table, path: Path, dims: Sequence[str], columns: tuple[str, str]
) -> LeafTable:
    codes, values = _codes(rows, dims)
    actual, expected = (numbers(rows, column, path) for column in columns)
    return LeafTable(tuple(dims), codes, values, actual, expected)


def _compared(
    rows: pa.Table, path: Path, dims: Sequence[str], actual: str, against: Against
) -> LeafTable:
    codes, values = _codes(rows, dims)
    seen: Floats = numbers(rows, actual, path)
    exposure = numbers(rows, str(against.exposure), path)
    if (seen < 0).any() or (exposure < 0).any() or np.isnan(seen + exposure).any():
        row = int(np.flatnonzero(~((seen >= 0) & (exposure >= 0)))[0])
        raise BadInput(
            "Figures and exposure must be numbers of 0 or more.", where=f"{path}, row {row + 1}"
        )
    time, times = coded(rows, str(against.time))
    wanted = str(against.at).strip()
    if wanted not in times:
        raise BadInput(
            f"No row has {against.time} = {wanted}.",
            where=str(path),
            remedy=f"There are {len(times)} times, from {times[0]} to {times[-1]}.",
        )
    is_now = time == times.index(wanted)
    if is_now.all():
        raise BadInput("There is no other time to compare with.", where=str(path))
    return leaves_at(dims, codes, values, seen, exposure, is_now)


def _codes(rows: pa.Table, dims: Sequence[str]) -> tuple[np.ndarray, tuple[tuple[str, ...], ...]]:
    columns = [coded(rows, dim) for dim in dims]
    codes = np.column_stack([index for index, _ in columns]).astype(np.int32)
    return codes, tuple(values for _, values in columns)


def _mode_of(leaves: LeafTable, *, predicted: bool) -> str:
    whole = bool((leaves.actual >= 0).all() and (leaves.actual == np.round(leaves.actual)).all())
    return "values" if predicted and not (whole and (leaves.expected >= 0).all()) else "counts"
