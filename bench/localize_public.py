"""Localisation on public data with known causes: RS (real, counts), RiskLoc S and L (predicted).

    python -m bench.localize_public DATA_DIR

DATA_DIR holds rs_localization/, riskloc_S/ and riskloc_L/. Micro-F1 compares the claimed slices
with the true ones; hit@k asks whether a true slice is among the first k.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amends.flows.bench.localize import Against, LocalizeFigures, bench_localize

Slices = set[frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Case:
    """The true slices and what was found."""

    truth: Slices
    found: LocalizeFigures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    print(f"{'':<12}cases  micro-F1  hit@1  hit@3  hit@5  s/case  slowest")
    show("RS", list(rs(data / "rs_localization")))
    for name in ("S", "L"):
        show(f"RiskLoc {name}", list(riskloc(data / f"riskloc_{name}")))


def rs(folder: Path) -> Iterator[Case]:
    """Localise the RS cases."""
    for case in json.loads((folder / "truth.json").read_text()):
        path = folder / f"{case['data']}.csv"
        with path.open(encoding="utf-8") as file:
            header = next(csv.reader(file))
        dims = [c for c in header if c not in ("min", "value", "cnt")]
        against = Against(exposure="cnt", time="min", at=str(case["timestamp"]))
        causes = case["cause"] if isinstance(case["cause"], list) else [case["cause"]]
        truth = {frozenset((d, str(v)) for d, v in cause.items()) for cause in causes}
        yield Case(truth, bench_localize(path, dims, "value", against))


def riskloc(folder: Path) -> Iterator[Case]:
    """Localise the cases of one RiskLoc set."""
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        cases = list(csv.DictReader(file))
    for case in cases:
        path = folder / f"{case['timestamp']}.csv.gz"
        terms = [
            pair.split("=")[0] for slice_ in case["set"].split(";") for pair in slice_.split("&")
        ]
        dims = sorted({"a", "b", "c", "d", *terms})
        if folder.name.endswith("_S"):
            dims = ["a", "b", "c", "d", "e"]
        truth = {
            frozenset((d, v) for d, v in (pair.split("=") for pair in slice_.split("&")))
            for slice_ in case["set"].split(";")
        }
        yield Case(truth, bench_localize(path, list(dims), "real", Against(expected="predict")))


def show(name: str, cases: list[Case]) -> None:
    """Print one line of the table."""
    right = wrong = missed = 0
    hits = {1: 0, 3: 0, 5: 0}
    for case in cases:
        ranked = [frozenset(terms.items()) for terms in case.found.slices]
        claimed = set(ranked[: case.found.explained_by])
        right += len(claimed & case.truth)
        wrong += len(claimed - case.truth)
        missed += len(case.truth - claimed)
        for k in hits:
            hits[k] += any(s in case.truth for s in ranked[:k])
    seconds = [case.found.seconds for case in cases]
    f1 = 2 * right / max(2 * right + wrong + missed, 1)
    shares = "  ".join(f"{hits[k] / len(cases):5.2f}" for k in hits)
    print(
        f"{name:<12}{len(cases):5}  {f1:8.3f}  {shares}  "
        f"{sum(seconds) / len(cases):6.3f}  {max(seconds):7.3f}"
    )


if __name__ == "__main__":
    main()
