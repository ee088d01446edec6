"""Play the recommender against every world and seed, and print what it gained and how fast it was.

Set OPENBLAS_NUM_THREADS=1 on a shared machine.
"""

import argparse
from dataclasses import asdict

from amends.engine.worlds import world_names
from amends.flows.bench.recommend import bench_recommend

COLUMNS = {
    "world": "{:<10}",
    "seed": "{:>4}",
    "oracle_value": "{:>12.2f}",
    "regret_of_rule_first_1k": "{:>23.2%}",
    "regret_first_1k": "{:>15.2%}",
    "regret_of_rule": "{:>14.2%}",
    "regret": "{:>7.2%}",
    "oracle_share": "{:>12.1%}",
    "explored": "{:>8.1%}",
    "violations": "{:>10}",
    "decisions_per_s": "{:>15,.0f}",
    "p99_ms": "{:>6.2f}",
}


def main() -> None:
    """Print one row for each world and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--worlds", nargs="+", default=list(world_names()))
    given = parser.parse_args()
    heads = (f"{name:>{_width(form)}}" for name, form in COLUMNS.items())
    print("  ".join(heads))
    for world in given.worlds:
        for seed in given.seeds:
            figures = asdict(bench_recommend(world, given.cases, seed, lambda *_: None))
            print(
                "  ".join(form.format(figures[name]) for name, form in COLUMNS.items()), flush=True
            )


def _width(form: str) -> int:
    digits = "".join(c for c in form.split(".", 1)[0] if c.isdigit())
    return int(digits)


if __name__ == "__main__":
    main()
