"""Do the promises hold? False alarms, false discoveries and pace on simulated days.

    python -m bench.detect_control [--seed N] [--series N] [--years Y] [--streams N]

Budget: nothing is planted, baselines are estimated on the way. Realised ÷ nominal is the mean time
between two breakdowns over the time that the budget grants; at least 1 is kept.
Discoveries: streams of which 1 % break by a factor of 2 for good; e-BH names series at α = .10.
Pace: one bucket of 100,000 series, CPU time.
"""

import argparse
from time import process_time

import numpy as np

from amends.engine.contracts import Bucket, Floats, SeriesBatch, SeriesKey, Slice
from amends.engine.detect import DetectConfig, Monitor, Past, detect, discover
from amends.engine.stats.intervals import poisson_rate

BUDGET = 2.0
FALSE_SHARE = 0.10
FIRST = np.datetime64("2023-01-02T00:00:00", "us")


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--years", type=float, default=2.0)
    parser.add_argument("--streams", type=int, default=10_000)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    budget(rng, options.series, options.years)
    discoveries(rng, options.streams)
    pace(rng)


def batch_of(values: Floats) -> SeriesBatch:
    """Return daily counts as a batch."""
    keys = tuple(
        SeriesKey("complaint_rate", Slice.of({"s": f"{i:06d}"})) for i in range(len(values))
    )
    starts = FIRST + np.arange(values.shape[1]) * np.timedelta64(1, "D")
    return SeriesBatch(keys, Bucket.DAY, starts, values.astype(float), np.ones(values.shape))


def counts(rng: np.random.Generator, mean: Floats, dispersion: float) -> Floats:
    """Draw Poisson or negative binomial counts."""
    if dispersion == 1:
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion).astype(float)


def budget(rng: np.random.Generator, n: int, years: float) -> None:
    """Compare false breakdowns with the budget."""
    print(f"false breakdowns per series-year where {BUDGET:g} are granted ({n} series each)")
    print(
        "mean  dispersion  series-years  breakdowns  realised (95 %)       realised ÷ nominal time"
    )
    total, exposed = 0, 0.0
    days = 42 + int(365 * years)
    for mean in (1.0, 3.0, 10.0, 50.0):
        for dispersion in (1.0, 2.5):
            batch = batch_of(counts(rng, np.full((n, days), mean), dispersion))
            found = detect(batch, DetectConfig(false_alarms_per_series_year=BUDGET))
            begun = int((found.event[:, 1:] > found.event[:, :-1]).sum())
            seen = float((~np.isnan(found.score)).sum()) / Bucket.DAY.per_year
            total, exposed = total + begun, exposed + seen
            show(f"{mean:4.0f}  {dispersion:10.1f}", begun, seen)
    show(" all            ", total, exposed)


def show(name: str, begun: int, seen: float) -> None:
    """Print one line of the budget's table."""
    rate = poisson_rate(begun, seen)
    ratio = BUDGET * seen / max(begun, 1)
    print(
        f"{name}  {seen:12.0f}  {begun:10}  {begun / seen:5.2f} ({rate.low:.2f}–{rate.high:.2f})"
        f"        {ratio:6.1f}",
        flush=True,
    )


def discoveries(rng: np.random.Generator, n: int) -> None:
    """Name series that changed among many."""
    config = DetectConfig(false_alarms_per_series_year=BUDGET, refit_every=90)
    history, period = 126, 90
    rate = rng.gamma(2.0, 4.0, (n, 1)) * np.ones(history + period)
    broken = rng.random(n) < 0.01
    rate[broken, history + 20 :] *= 2
    batch = batch_of(counts(rng, rate, 1.5))
    config = DetectConfig(
        false_alarms_per_series_year=BUDGET, min_history_buckets=history, refit_every=90
    )
    named = discover(batch, detect(batch, config), config, period=period, false_share=FALSE_SHARE)
    print(
        f"\n{n} streams, {int(broken.sum())} broken by × 2 at day 20 of {period}, α = {FALSE_SHARE}"
    )
    print("day  named  false  false share  found")
    for day in (10, 30, 40, 60, 89):
        now = named[:, history + day]
        false = int((now & ~broken).sum())
        share = false / max(int(now.sum()), 1)
        found = float((now & broken).sum()) / max(int(broken.sum()), 1)
        print(f"{day:3}  {int(now.sum()):5}  {false:5}  {share:11.3f}  {found:5.2f}")


def pace(rng: np.random.Generator, n: int = 100_000) -> None:
    """Take in one bucket after the other."""
    values = rng.poisson(rng.gamma(1.0, 8.0, (n, 1)), (n, 52)).astype(float)
    ones = np.ones_like(values)
    keys = batch_of(values).keys
    monitor = Monitor(keys, Bucket.DAY, FIRST, DetectConfig(false_alarms_per_series_year=0.1))
    monitor.update(values[:, :42], ones[:, :42])
    began = process_time()
    monitor.fit(Past(values[:, :42], ones[:, :42]))
    fitted = process_time()
    for day in range(42, 52):
        monitor.update(values[:, day : day + 1], ones[:, day : day + 1])
    updated = process_time()
    kept = len(monitor.to_bytes())
    print(
        f"\n{n:,} series: {10 * n / (updated - fitted):,.0f} updates a CPU-second, a fit "
        f"{fitted - began:.1f} CPU-s, state {kept / n:,.0f} bytes a series"
    )


if __name__ == "__main__":
    main()
