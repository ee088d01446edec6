"""Outbreaks in counts: detection against Farrington Flexible on the 840 series of Noufaily et al.

    python -m bench.detect_noufaily DATA_DIR [--seed N --replicates R]

DATA_DIR holds y0, y1, ob (csv.gz), meta.csv, scenarios.json and the reference's p-values. FPR is
the share of alarmed buckets in the clean weeks 576–624 of y0, POD the share of current outbreaks
with an alarm in one of their weeks in y1. With --seed the series are simulated anew by the recipe.
"""

import argparse
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats, SeriesBatch, SeriesKey, Slice
from amends.engine.detect import DetectConfig, Detection, detect

WEEKS, FIRST = 624, 575
FPRS = (0.001, 0.005, 0.01)
NOMINAL = 0.005


@dataclass(frozen=True, slots=True)
class Series:
    """Clean and ill series, the cases of the current outbreak, and whose recipe each is."""

    clean: Floats
    outbreaks: Floats
    current: Floats
    scenario: NDArray[np.int64]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--replicates", type=int, default=5)
    options = parser.parse_args()
    scenarios = json.loads((options.data / "scenarios.json").read_text())
    if options.seed is None:
        series = load(options.data, len(scenarios))
    else:
        series = simulate(scenarios, options.replicates, options.seed)
    inside = series.current[:, FIRST:] > 0
    print(f"{len(series.clean)} series × {WEEKS} weeks; FPR of weeks {FIRST + 1}–{WEEKS}")
    print(f"{'':<34}" + "".join(f"  POD@{f:<6}" for f in FPRS))
    if options.seed is None:
        clean, ill = (-reference(options.data, y) for y in ("y0", "y1"))
        print(f"{'Farrington Flexible (R)':<34}" + row(pod(clean, ill, inside)))
    started = process_time()
    clean_found = run(series.clean)
    seconds = process_time() - started
    ill_found = run(series.outbreaks)
    clean, ill = clean_found.score[:, FIRST:], ill_found.score[:, FIRST:]
    print(f"{'amends':<34}" + row(pod(clean, ill, inside)))
    nominal(clean_found, ill_found, inside, series.scenario)
    print(f"{series.clean.size / seconds:,.0f} series updates a CPU-second ({seconds:.1f} s)")


def nominal(
    clean: Detection, ill: Detection, inside: NDArray[np.bool_], scenario: NDArray[np.int64]
) -> None:
    """Print what happens at the threshold in force."""
    alarms = clean.is_alarm[:, FIRST:]
    begun = (clean.event[:, 1:] > clean.event[:, :-1])[:, FIRST - 1 :]
    by_scenario = np.array([alarms[scenario == s].mean() for s in np.unique(scenario)])
    found = (ill.is_alarm[:, FIRST:] & inside).any(axis=1).mean()
    print(
        f"at nominal {NOMINAL}: FPR {alarms.mean():.4f} (breakdowns {begun.mean():.4f}), "
        f"POD {found:.3f}, scenarios with FPR > .01: {(by_scenario > 0.01).sum()}"
    )


def run(values: Floats) -> Detection:
    """Detect at the nominal rate."""
    keys = tuple(
        SeriesKey("complaints", Slice.of({"series": f"{i:05d}"})) for i in range(len(values))
    )
    # The recipe's year has 52 weeks; a week of 365.25/52 days keeps its phase.
    week = int(365.25 * 86_400 / 52 * 1e6)
    first = np.datetime64("2000-01-03T00:00:00", "us")
    starts = first + np.arange(values.shape[1]) * np.timedelta64(week, "us")
    batch = SeriesBatch(keys, Bucket.WEEK, starts, values, np.ones_like(values))
    budget = NOMINAL * Bucket.WEEK.per_year
    return detect(batch, DetectConfig(false_alarms_per_series_year=budget))


def pod(clean: Floats, ill: Floats, inside: NDArray[np.bool_]) -> list[float]:
    """Return the share of outbreaks found at each false-positive rate."""
    out = []
    for fpr in FPRS:
        threshold = np.quantile(clean, 1 - fpr, method="higher")
        out.append(float(((ill > threshold) & inside).any(axis=1).mean()))
    return out


def row(figures: list[float]) -> str:
    """Return one line of the table."""
    return "".join(f"  {f:<10.3f}" for f in figures)


def load(data: Path, n_scenarios: int) -> Series:
    """Read the published series."""
    clean, ill, current = (table(data / f"{name}.csv.gz") for name in ("y0", "y1", "ob"))
    scenario = np.repeat(np.arange(n_scenarios), len(clean) // n_scenarios)
    return Series(clean, ill, current, scenario)


def reference(data: Path, name: str) -> Floats:
    """Return the reference's p-values."""
    return np.nan_to_num(table(data / f"R_farringtonFlexible_{name}_noufaily_p.csv.gz"), nan=1.0)


def table(path: Path) -> Floats:
    """Read a table of numbers without a header."""
    with gzip.open(path, "rt") as file:
        rows = [[np.nan if c in ("", "NA") else float(c) for c in line.split(",")] for line in file]
    return np.array(rows)


def simulate(scenarios: list[list[float]], replicates: int, seed: int) -> Series:
    """Draw series anew."""
    rng = np.random.default_rng(seed)
    clean, ill, current, names = [], [], [], []
    for number, scenario in enumerate(scenarios):
        mean, phi = level(scenario), scenario[4]
        for _ in range(replicates):
            y = rng.poisson(mean) if phi == 1 else rng.negative_binomial(mean / (phi - 1), 1 / phi)
            sd = np.sqrt(phi * mean)
            past = sum(outbreak(rng, sd, k, 313, 575) for k in (2, 3, 5, 10))
            now = outbreak(rng, sd, int(rng.integers(1, 11)), 576, WEEKS)
            clean.append(y)
            ill.append(y + past + now)
            current.append(now)
            names.append(number)
    return Series(np.array(clean, dtype=float), np.array(ill), np.array(current), np.array(names))


def level(scenario: list[float]) -> Floats:
    """Return the expected count of every week."""
    theta, beta, cos, sin, _, harmonics, trend = scenario
    t = np.arange(1, WEEKS + 1)
    eta = np.full(WEEKS, theta) + beta * trend * t
    for j in range(1, int(harmonics) + 1):
        eta += cos * np.cos(2 * np.pi * j * t / 52) + sin * np.sin(2 * np.pi * j * t / 52)
    return np.asarray(np.exp(eta))


def outbreak(rng: np.random.Generator, sd: Floats, k: int, first: int, last: int) -> Floats:
    """Draw the cases of one outbreak."""
    start = int(rng.integers(first, last + 1))
    size = 0
    while size < 2:
        size = int(rng.poisson(k * sd[start - 1]))
    at = start - 1 + np.floor(np.exp(0.5 * rng.standard_normal(size))).astype(int)
    return np.bincount(at[at < WEEKS], minlength=WEEKS).astype(float)


if __name__ == "__main__":
    main()
