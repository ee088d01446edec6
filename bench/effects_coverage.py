"""Coverage and false positives of effects: `python bench/effects_coverage.py [--runs 700]`.

Logs are confounded: those who would do badly are treated more. Three actions, two cohorts, a 2 %
floor on the logged propensities; each run gives an ATE per action and an effect per action and
cohort. Known and estimated propensities; the truth is 0 for the first action, 0.3 for the second.
"""

import argparse
import time

import numpy as np

from amends.engine.contracts import Effect, Floats
from amends.engine.track.effects import (
    Covariates,
    EffectConfig,
    Learner,
    Study,
    cohort_effects,
)

TRUTH = {"words": 0.0, "credit": 0.3}
ACTIONS = ("none", *TRUTH)


def main() -> None:
    """Print coverage, false positives, error and the naive difference's error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=700)
    parser.add_argument("--units", type=int, default=1500)
    args = parser.parse_args()
    print(f"{'propensities, level':<28} {'estimates':>9} {'refused':>8} {'coverage':>9} "
          f"{'null FP':>8} {'RMSE':>7} {'naive':>7}")  # fmt: skip
    for is_logged in (True, False):
        started = time.perf_counter()
        rows = [one(seed, args.units, is_logged=is_logged) for seed in range(args.runs)]
        for level in ("all", "cohort"):
            show(f"{'logged' if is_logged else 'estimated'}, {level}", [r[level] for r in rows])
        print(f"  {time.perf_counter() - started:.0f} s")


Found = list[tuple[float, Effect, float]]
"""(truth, effect, naive difference)"""


def one(seed: int, n: int, *, is_logged: bool) -> dict[str, Found]:
    """Return the effects found in one simulated log."""
    rng = np.random.default_rng(seed)
    study, cohort = confounded_log(rng, n, is_logged=is_logged)
    config = EffectConfig(learner=Learner.LINEAR)
    found: dict[str, Found] = {}
    for level, names in (("all", np.full(n, "everyone")), ("cohort", cohort)):
        effects = cohort_effects(study, ACTIONS, names.tolist(), config)
        found[level] = [
            (TRUTH[e.action], e.effect, naive(study, ACTIONS.index(e.action), names == e.cohort))
            for e in effects
        ]
    return found


def confounded_log(
    rng: np.random.Generator, n: int, *, is_logged: bool
) -> tuple[Study, np.ndarray]:
    """Return units in three arms whose choice depends on what also drives the outcome."""
    x = rng.normal(size=(n, 3))
    cohort = rng.choice(["new", "old"], n)
    logits = np.column_stack([0.8 * x[:, 0], np.zeros(n), -0.8 * x[:, 0] + 0.4 * x[:, 1]])
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chance = 0.94 * share + 0.02
    arm = (rng.random(n)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    gain = np.array([0.0, *TRUTH.values()])[arm]
    outcome = x[:, 0] + 0.5 * np.sin(2 * x[:, 1]) + gain + rng.normal(size=n)
    outcome += 0.4 * (cohort == "new")
    columns = np.column_stack([x, (cohort == "new") - 0.5])
    covariates = Covariates(columns, ("need", "tenure", "noise", "new"))
    return Study(arm, outcome, covariates, chance if is_logged else None), cohort


def naive(study: Study, arm: int, mine: np.ndarray) -> float:
    """Return the plain difference of means."""
    treated = study.outcome[mine & (study.arm == arm)].mean()
    return float(treated - study.outcome[mine & (study.arm == 0)].mean())


def show(name: str, runs: list[Found]) -> None:
    """Print one line."""
    rows = [row for run in runs for row in run]
    kept = [(t, e.interval, e.estimate, p) for t, e, p in rows if e.interval and e.estimate]
    truth: Floats = np.array([t for t, *_ in kept])
    covers = np.array([i.low <= t <= i.high for t, i, *_ in kept])
    error = np.array([estimate for *_, estimate, _ in kept]) - truth
    plain = np.array([p for *_, p in kept]) - truth
    print(f"{name:<28} {len(kept):>9,} {1 - len(kept) / len(rows):>8.3f} {covers.mean():>9.3f} "
          f"{1 - covers[truth == 0].mean():>8.3f} {np.sqrt((error**2).mean()):>7.3f} "
          f"{np.sqrt((plain**2).mean()):>7.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
