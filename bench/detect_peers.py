"""Side by side on the same daily series: amends, a windowed z-score, and Prophet if it is there.

    python -m bench.detect_peers [--seed N] [--series N] [--peers zscore,prophet]

Counts with weekdays, a year's season and overdispersion; in the second year half the series have
two breakdowns of a week, × 1.5 to × 3. Each tool judges every day of the second year by earlier
days only; amends and Prophet learn anew every 28 days. All are compared at the same share of
alarmed clean days, and at their own nominal setting (Prophet: above its 99 % interval; z-score:
above 3 standard deviations of the last 28 days). CPU time.

Prophet is no dependency: install it beside, e.g. in an environment of its own whose packages are
on PYTHONPATH.
"""

import argparse
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from time import process_time

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats, SeriesBatch, SeriesKey, Slice
from amends.engine.detect import DetectConfig, detect

DAYS, FIRST = 730, 365
REFIT = 28
LEVELS = (0.002, 0.01)
BUDGET = 2.0
START = np.datetime64("2023-01-02T00:00:00", "us")


@dataclass(frozen=True, slots=True)
class Told:
    """Scores of the second year (a higher one is worse), own alarms, and CPU seconds."""

    score: Floats
    is_alarm: NDArray[np.bool_]
    seconds: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--series", type=int, default=24)
    parser.add_argument("--peers", default="zscore,prophet")
    options = parser.parse_args()
    values, ill = draw(np.random.default_rng(options.seed), options.series)
    tools: dict[str, Callable[[Floats], Told]] = {"amends": amends}
    for name in options.peers.split(","):
        if name == "prophet" and find_spec("prophet") is None:
            print("Prophet is not installed here: it is left out.")
            continue
        tools[name] = {"zscore": zscore, "prophet": prophet}[name]
    found = "  ".join(f"found@{level:g}" for level in LEVELS)
    print(f"{len(values)} series, {breakdowns(ill)} breakdowns; share of clean days alarmed:")
    print(
        f"{'':<10}{found}  own: clean days  false/series-year  found  delay (days)  CPU ms/series"
    )
    for name, tool in tools.items():
        show(name, tool(values), ill)


def draw(rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return counts (N, DAYS) and the number of the breakdown of each day of the second year."""
    day = np.arange(DAYS)
    level = rng.gamma(2.0, 8.0, (n, 1)) + 1
    week = 1 + 0.3 * np.cos(2 * np.pi * (day % 7) / 7)
    season = np.exp(0.25 * np.cos(2 * np.pi * (day / 365.25 - rng.random((n, 1)))))
    rate = level * week * season
    ill = np.zeros((n, DAYS), dtype=np.int64)
    for row in range(0, n, 2):
        for number, begin in enumerate((rng.integers(380, 520), rng.integers(550, 715)), start=1):
            ill[row, begin : begin + 7] = number
            rate[row, begin : begin + 7] *= rng.uniform(1.5, 3.0)
    return rng.negative_binomial(rate, 0.5).astype(float), ill[:, FIRST:]


def breakdowns(ill: NDArray[np.int64]) -> int:
    """Return how many there are."""
    return int(sum(len(np.unique(row[row > 0])) for row in ill))


def show(name: str, told: Told, ill: NDArray[np.int64]) -> None:
    """Print one line of the table."""
    is_clean = ~ill.any(axis=1)
    clean = told.score[is_clean]
    at_level = []
    for level in LEVELS:
        threshold = np.quantile(clean, 1 - level, method="higher")
        at_level.append(recall(told.score > threshold, ill)[0])
    own, delay = recall(told.is_alarm, ill)
    shares = "  ".join(f"{share:11.2f}" for share in at_level)
    print(
        f"{name:<10}{shares}  {told.is_alarm[is_clean].mean():15.4f}  "
        f"{runs(told.is_alarm[is_clean]):17.2f}  {own:5.2f}  {delay:12.1f}  "
        f"{1000 * told.seconds / len(ill):13.1f}",
        flush=True,
    )


def runs(is_alarm: NDArray[np.bool_], apart: int = 7) -> float:
    """Return how many runs of alarms a series has, at least `apart` quiet days between two."""
    n = 0
    for row in is_alarm:
        days = np.flatnonzero(row)
        n += bool(len(days)) + int((np.diff(days) > apart).sum())
    return n / len(is_alarm)


def recall(is_alarm: NDArray[np.bool_], ill: NDArray[np.int64]) -> tuple[float, float]:
    """Return the share of breakdowns with an alarm in them and the median days until it."""
    delays, n = [], 0
    for row, numbers in zip(is_alarm, ill, strict=True):
        for number in np.unique(numbers[numbers > 0]):
            n += 1
            hits = np.flatnonzero(row[numbers == number])
            delays += hits[:1].tolist()
    return len(delays) / max(n, 1), float(np.median(delays)) if delays else np.nan


def amends(values: Floats) -> Told:
    """Detect under the budget."""
    began = process_time()
    keys = tuple(SeriesKey("complaints", Slice.of({"s": f"{i:04d}"})) for i in range(len(values)))
    starts = START + np.arange(DAYS) * np.timedelta64(1, "D")
    batch = SeriesBatch(keys, Bucket.DAY, starts, values, np.ones_like(values))
    config = DetectConfig(false_alarms_per_series_year=BUDGET, refit_every=REFIT)
    found = detect(batch, config)
    seconds = process_time() - began
    return Told(found.score[:, FIRST:], found.is_alarm[:, FIRST:], seconds)


def zscore(values: Floats) -> Told:
    """Compare each day with mean and standard deviation of the 28 days before."""
    began = process_time()
    past = np.lib.stride_tricks.sliding_window_view(values, REFIT, axis=1)[:, FIRST - REFIT : -1]
    score = (values[:, FIRST:] - past.mean(axis=2)) / np.maximum(past.std(axis=2), 1e-9)
    return Told(score, score > 3, process_time() - began)


def prophet(values: Floats) -> Told:
    """Compare each day with Prophet's forecast and its interval."""
    logging.getLogger("cmdstanpy").disabled = True
    logging.getLogger("prophet").disabled = True
    model_of, frame = import_module("prophet").Prophet, import_module("pandas").DataFrame
    began = process_time()
    at = (START + np.arange(DAYS) * np.timedelta64(1, "D")).astype("datetime64[ns]")
    score = np.zeros((len(values), DAYS - FIRST))
    is_alarm = np.zeros(score.shape, dtype=bool)
    for row, series in enumerate(values):
        for origin in range(FIRST, DAYS, REFIT):
            end = min(origin + REFIT, DAYS)
            model = model_of(interval_width=0.99, daily_seasonality=False)
            model.fit(frame({"ds": at[:origin], "y": series[:origin]}))
            ahead = model.predict(frame({"ds": at[origin:end]}))
            middle, high = (ahead[name].to_numpy() for name in ("yhat", "yhat_upper"))
            span = slice(origin - FIRST, end - FIRST)
            score[row, span] = (series[origin:end] - middle) / np.maximum(high - middle, 1e-9)
            is_alarm[row, span] = series[origin:end] > high
    return Told(score, is_alarm, process_time() - began)


if __name__ == "__main__":
    main()
