"""`bench verify`: did a fix work, from a file of series."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from amends.engine.contracts import BadInput, Bucket, Floats
from amends.engine.prevent import FixSeries, VerifyConfig, verify

from .series import read_series
from .tables import numbers, read_table, times

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class VerifyFigures:
    """What the door prints; `effect` is relative (−0.15: 15 % fewer), null when there is none."""

    verdict: str
    effect: float | None
    ci: tuple[float, float] | None
    p: float | None
    placebo: float | None
    treated: str
    controls: tuple[str, ...]
    blocks_before: int
    blocks_after: int
    reasons: tuple[str, ...]


def bench_verify(
    path: Path,
    fix_at: str,
    tick: Tick,
    *,
    treated: str | None = None,
    controls: Sequence[str] = (),
    config: VerifyConfig | None = None,
) -> VerifyFigures:
    """Verify a fix from a long table (series, at, value[, exposure]) or a wide one (at, a, b, …).

    `treated` is the first series of the file unless named; the controls are all others unless
    named.

    Raises
    ------
    BadInput
        The file cannot be used, has no series of that name, or the fix lies outside its time.

    """
    tick("verify", 0, 1)
    names, series = _read(path, treated, controls)
    instant = _instant(fix_at)
    first, last = series.starts[0], series.starts[-1]
    if not first < np.datetime64(instant.replace(tzinfo=None), "us") <= last:
        raise BadInput(
            f"The fix at {fix_at} lies outside the series, which go from {first.astype('M8[D]')} "
            f"to {last.astype('M8[D]')}.",
            where=str(path),
            remedy="Give the day from which the fix worked (--fix-at).",
        )
    found = verify(series, instant, config)
    tick("verify", 1, 1)
    return VerifyFigures(
        verdict=found.verdict.value,
        effect=found.effect,
        ci=(found.interval.low, found.interval.high) if found.interval else None,
        p=found.p_value,
        placebo=found.placebo_p_value,
        treated=names[0],
        controls=tuple(names[1:]),
        blocks_before=found.blocks_before,
        blocks_after=found.blocks_after,
        reasons=found.reasons,
    )


def _read(path: Path, treated: str | None, controls: Sequence[str]) -> tuple[list[str], FixSeries]:
    table = read_table(path, ("at",))
    is_long = {"series", "value"} <= set(table.column_names)
    if is_long:
        order = list(dict.fromkeys(table["series"].to_pylist()))
    else:
        order = [name for name in table.column_names if name != "at"]
    if not order:
        raise BadInput(
            "There is no series in it.",
            where=str(path),
            remedy="Give columns series, at, value, or at and one column per series.",
        )
    mine = treated or order[0]
    others = list(controls) or [name for name in order if name != mine]
    chosen = [mine, *others]
    unknown = [name for name in chosen if name not in order]
    if unknown:
        raise BadInput(
            f"There is no series {', '.join(unknown)}.",
            where=str(path),
            remedy=f"There are {', '.join(order)}.",
        )
    if mine in others:
        raise BadInput(f"{mine} cannot be its own control.", where=str(path))
    return chosen, _long(path, chosen) if is_long else _wide(table, path, chosen)


def _long(path: Path, chosen: list[str]) -> FixSeries:
    file = read_series(path, None)
    rows = [file.names.index(name) for name in chosen]
    value, exposure = file.batch.value[rows], file.batch.exposure[rows]
    _refuse_negative(value, chosen, path)
    return FixSeries(
        file.batch.starts, value[0], value[1:], tuple(chosen[1:]), exposure[0], exposure[1:]
    )


def _wide(table: pa.Table, path: Path, chosen: list[str]) -> FixSeries:
    at = times(table, "at", path)
    order = np.argsort(at, kind="stable")
    steps = np.diff(at[order])
    if len(at) < 2 or steps.min() <= np.timedelta64(0, "us"):
        raise BadInput("Two rows have the same time, or there is one row only.", where=str(path))
    width = steps.min()
    place = ((at[order] - at[order][0]) // width).astype(np.int64)
    if np.any((at[order] - at[order][0]) % width):
        raise BadInput(
            "The times are not evenly spaced.",
            where=str(path),
            remedy=f"Give one row per {Bucket.DAY.value} or {Bucket.WEEK.value}; gaps may be left.",
        )
    starts = at[order][0] + np.arange(int(place[-1]) + 1) * width
    value = np.full((len(chosen), len(starts)), np.nan)
    for i, name in enumerate(chosen):
        value[i, place] = numbers(table, name, path, may_be_empty=True)[order]
    _refuse_negative(value, chosen, path)
    return FixSeries(starts, value[0], value[1:], tuple(chosen[1:]))


def _refuse_negative(value: Floats, chosen: list[str], path: Path) -> None:
    for name, row in zip(chosen, value, strict=True):
        if np.any(row < 0):
            raise BadInput(
                f"Series {name} has a negative value.",
                where=str(path),
                remedy="Counts and rates are 0 or above; verify compares their ratios.",
            )


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"{text!r} is no time.", where="--fix-at", remedy="Write it as 2024-05-31."
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
