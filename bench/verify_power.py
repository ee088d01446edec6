"""False positives and power of fix verification: `python bench/verify_power.py [--runs 500]`.

Part 1 is the simulation of counts about 200 a day with AR(1) 0.5 noise, a shared random walk and a
noisy control, 126 days before and 56 after, also with a control that drifts away by itself. Part 2
judges the fixes of the shipped worlds, with one control and with all.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time

import numpy as np
from scipy import stats

from amends.engine.contracts import Floats, Verification
from amends.engine.prevent import FixSeries, verify
from amends.engine.worlds import read_world, world_names

BEFORE, AFTER = 126, 56
START = np.datetime64("2025-01-01", "us")
FIX_AT = datetime(2025, 5, 7, tzinfo=UTC)


def main() -> None:
    """Print both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--world-runs", type=int, default=60)
    args = parser.parse_args()
    print(f"{'series':<34} {'true':>6} {'verified':>9} {'refuted':>8} {'undecided':>10} "
          f"{'p<.05':>6} {'covers':>7} {'pre/post p<.05':>15}")  # fmt: skip
    for name, spread, drift in (
        ("own noise .07", 0.07, 0.0),
        ("own noise .10", 0.10, 0.0),
        ("own noise .07, ratio walks .005", 0.07, 0.005),
    ):
        for effect in (0.0, -0.15, -0.3):
            report(name, effect, simulated(args.runs, effect, spread, drift))
    for world in world_names():
        for runs in worlds(world, args.world_runs):
            report(*runs)


def report(name: str, effect: float, runs: Iterator[tuple[Verification, float]]) -> None:
    """Print how often each verdict was given."""
    found = list(runs)
    n = len(found)
    verdicts = Counter(v.verdict.value for v, _ in found)
    low = np.mean([v.p_value is not None and v.p_value < 0.05 for v, _ in found])
    spans = [v.interval for v, _ in found if v.interval is not None]
    covers = np.mean([i.low <= effect <= i.high for i in spans]) if spans else float("nan")
    plain = np.mean([p < 0.05 for _, p in found])
    shares = [verdicts[k] / n for k in ("verified", "refuted", "too_early")]
    print(f"{name:<34} {effect:>6.2f} {shares[0]:>9.3f} {shares[1]:>8.3f} {shares[2]:>10.3f} "
          f"{low:>6.3f} {covers:>7.3f} {plain:>15.3f}")  # fmt: skip


def simulated(
    runs: int, effect: float, spread: float, drift: float
) -> Iterator[tuple[Verification, float]]:
    """Yield verdicts on simulated series and the p value of a plain pre/post test."""
    days = BEFORE + AFTER
    starts = START + np.arange(days) * np.timedelta64(1, "D")
    for run in range(runs):
        rng = np.random.default_rng([run, round(1000 * spread), round(1000 * drift)])
        shared = np.cumsum(rng.normal(0, 0.01, days))
        level = np.log(200) + shared + np.stack([ar(rng, days, spread), ar(rng, days, spread)])
        level[0, BEFORE:] += np.log1p(effect)
        level[1] += rng.normal(0, 0.05, days) + np.cumsum(rng.normal(0, drift, days))
        counts = rng.poisson(np.exp(level)).astype(float)
        found = verify(FixSeries(starts, counts[0], counts[1:], ("control",)), FIX_AT)
        yield found, plain_p_value(counts[0], BEFORE)


def worlds(
    world: str, runs: int
) -> Iterator[tuple[str, float, Iterator[tuple[Verification, float]]]]:
    """Yield every fix of a world, as planted, with one control and with all of them."""
    company = read_world(world)
    for fix in company.company.fixes:
        for n_controls, words in ((1, "1 control"), (None, "all controls")):
            name = f"{world} {fix.name}, {words}"[:34]
            yield name, fix.effect, _judged(world, fix.name, n_controls, runs)


def _judged(
    world: str, fix: str, n_controls: int | None, runs: int
) -> Iterator[tuple[Verification, float]]:
    company = read_world(world)
    for seed in range(1, runs + 1):
        played = company.fix_series(fix, seed=seed)
        names = tuple(played.controls)[:n_controls]
        starts = np.array(played.days, dtype="datetime64[us]")
        controls = np.stack([played.controls[n] for n in names])
        at = datetime.combine(played.at, time(), UTC)
        series = FixSeries(starts, played.fixed, controls, names)
        yield verify(series, at), plain_p_value(played.fixed, BEFORE)


def ar(rng: np.random.Generator, days: int, spread: float) -> Floats:
    """Return AR(1) noise with autocorrelation 0.5 and the given standard deviation."""
    noise = rng.normal(0, spread * np.sqrt(0.75), days)
    noise[0] = rng.normal(0, spread)
    for i in range(1, days):
        noise[i] += 0.5 * noise[i - 1]
    return noise


def plain_p_value(counts: Floats, before: int) -> float:
    """Return p of the comparison that is never shown: the days after against the days before."""
    return float(stats.ttest_ind(counts[:before], counts[before:]).pvalue)


if __name__ == "__main__":
    main()
