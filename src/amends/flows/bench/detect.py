"""`amends bench detect`: breakdowns found in series, against labelled windows."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Bucket
from amends.engine.detect import DetectConfig, Detection, detect

from .series import SeriesFile, read_series
from .tables import coded, read_table, times

Windows = dict[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class DetectFigures:
    """How well and how fast breakdowns were found."""

    series: int
    buckets: int
    every: str
    evaluated_buckets: int
    alarm_buckets: int
    breakdowns: int
    labelled: int | None
    precision: float | None
    """Share of the breakdowns that overlap a labelled window."""
    recall: float | None
    """Share of the labelled windows with an alarm in them."""
    delay: float | None
    """Median buckets from the start of a window to its first alarm, of those found."""
    false_alarms_per_series_year: float | None
    budget: float
    not_watched: int
    series_updates_per_s: float
    seconds: float


def bench_detect(
    series: Path,
    tick: Callable[[str, int, int], None],
    *,
    labels: Path | None = None,
    every: Bucket | None = None,
    evaluate_from: str | None = None,
    budget: float = 0.1,
    scores_out: Path | None = None,
) -> DetectFigures:
    """Run detection over a file of series and compare with labelled windows.

    Raises
    ------
    BadInput
        A file or option cannot be used.

    """
    tick("read", 0, 3)
    given = read_series(series, every)
    first = _first_evaluated(given, evaluate_from)
    windows = _read_windows(labels, given) if labels else None
    tick("detect", 1, 3)
    config = DetectConfig(false_alarms_per_series_year=budget)
    started = perf_counter()
    found = detect(given.batch, config)
    seconds = perf_counter() - started
    tick("score", 2, 3)
    if scores_out:
        _write_scores(scores_out, given, found, first)
    figures = _figures(given, found, first, windows, (budget, seconds))
    tick("score", 3, 3)
    return figures


def _figures(
    given: SeriesFile,
    found: Detection,
    first: int,
    windows: Windows | None,
    run: tuple[float, float],
) -> DetectFigures:
    budget, seconds = run
    judged = ~np.isnan(found.score)
    judged[:, :first] = False
    spans = _alarmed(found, first)
    matched = _match(given.names, spans, found.is_alarm, windows, first) if windows else None
    wrong = len(spans) - (matched.right if matched else 0)
    years = int(judged.sum()) / given.batch.bucket.per_year
    return DetectFigures(
        series=len(given.names),
        buckets=len(given.batch.starts),
        every=given.batch.bucket.value,
        evaluated_buckets=int(judged.sum()),
        alarm_buckets=int(found.is_alarm[:, first:].sum()),
        breakdowns=len(spans),
        labelled=matched.labelled if matched else None,
        precision=matched.right / len(spans) if matched and spans else None,
        recall=matched.hit / matched.labelled if matched and matched.labelled else None,
        delay=float(np.median(matched.delays)) if matched and matched.delays else None,
        false_alarms_per_series_year=wrong / years if windows is not None and years else None,
        budget=budget,
        not_watched=len(found.not_watched),
        series_updates_per_s=given.batch.value.size / max(seconds, 1e-9),
        seconds=seconds,
    )


def _first_evaluated(given: SeriesFile, evaluate_from: str | None) -> int:
    if evaluate_from is None:
        return 0
    try:
        at = np.datetime64(evaluate_from.strip().removesuffix("Z"), "us")
    except ValueError:
        raise BadInput(
            f"{evaluate_from!r} is no time.", where="--evaluate-from", remedy="Write 2024-05-31."
        ) from None
    return int(np.searchsorted(given.batch.starts, at))


def _read_windows(path: Path, given: SeriesFile) -> Windows:
    table = read_table(path, ("series", "start", "end"))
    index, names = coded(table, "series")
    start, end = times(table, "start", path), times(table, "end", path)
    windows: Windows = {}
    starts = given.batch.starts
    for row in range(len(table)):
        name = names[index[row]]
        where = f"{path}, row {row + 1}"
        if name not in given.names:
            raise BadInput(f"There is no series {name!r}.", where=where)
        if end[row] < start[row]:
            raise BadInput("The window ends before it starts.", where=where)
        low = int(np.searchsorted(starts, start[row], side="right")) - 1
        high = int(np.searchsorted(starts, end[row], side="right")) - 1
        windows.setdefault(name, []).append((max(low, 0), high))
    return windows


def _alarmed(found: Detection, first: int) -> list[tuple[int, int, int]]:
    """Return (row, first alarm, last alarm) of every breakdown with alarms since `first`."""
    spans = []
    for row in np.flatnonzero(found.is_alarm[:, first:].any(axis=1)):
        alarms = first + np.flatnonzero(found.is_alarm[row, first:])
        numbers = found.event[row, alarms]
        for number in np.unique(numbers):
            own: NDArray[np.int64] = alarms[numbers == number]
            spans.append((int(row), int(own[0]), int(own[-1])))
    return spans


@dataclass(frozen=True, slots=True)
class _Matched:
    right: int
    hit: int
    labelled: int
    delays: list[int]


def _match(
    names: tuple[str, ...],
    spans: list[tuple[int, int, int]],
    is_alarm: NDArray[np.bool_],
    windows: Windows,
    first: int,
) -> _Matched:
    right = sum(
        any(low <= end and start <= high for low, high in windows.get(names[row], []))
        for row, start, end in spans
    )
    hit, labelled, delays = 0, 0, []
    for row, name in enumerate(names):
        for low, high in windows.get(name, []):
            if high < first:
                continue
            labelled += 1
            inside = np.flatnonzero(is_alarm[row, max(low, first) : high + 1])
            if len(inside):
                hit += 1
                delays.append(int(inside[0]) + max(low, first) - low)
    return _Matched(right, hit, labelled, delays)


def _write_scores(path: Path, given: SeriesFile, found: Detection, first: int) -> None:
    """Write one line per row of the file; what was not judged has score 0 and no alarm."""
    score = np.maximum(np.nan_to_num(found.score, nan=0.0), 0.0)
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("series", "at", "score", "is_alarm"))
            rows = zip(given.row_series, given.row_bucket, given.row_at_text, strict=True)
            for row, at, text in rows:
                if at >= first:
                    cell = f"{score[row, at]:.5f}"
                    out.writerow((given.names[row], text, cell, int(found.is_alarm[row, at])))
    except OSError as error:
        raise BadInput(f"It cannot be written: {error}", where=str(path)) from error
