"""Causes against the truth of the simulated companies, by the way in which customers tell them.

    python -m bench.classify_worlds [--signals 12000] [--worlds retailer,bank,telco] [--opaque]

Models are made from one play (seed 1) and scored on another (seed 2): cold start from descriptions,
and learnt from agents' codes, of which about 15 % are wrong. `--opaque` replaces the codes by
numbers first, so that they have to be understood by their texts. `accuracy` is of forced
predictions where a cause is told (any of two where two are), `cover` the share that gets a label,
`right` the share of those that is right, `ECE` the calibration error of the confidence.
"""

import argparse
from collections import Counter
from dataclasses import dataclass
from time import process_time

import numpy as np
from numpy.typing import NDArray

from amends.engine.classify import Classifier, calibration_error, describe, train
from amends.engine.contracts import Taxonomy, starter_taxonomy
from amends.engine.worlds import read_world

TAXONOMY = {"retailer": "retail", "bank": "banking", "telco": "telecoms"}


@dataclass(frozen=True, slots=True)
class Play:
    """Verbatims of one play with what agents coded and what is true."""

    texts: list[str]
    codes: list[str | None]
    cause: list[str | None]
    """What happened, whether told or not."""
    told: list[list[str]]
    """The causes that the text tells."""
    way: NDArray[np.str_]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--signals", type=int, default=12_000)
    parser.add_argument("--worlds", default="retailer,bank,telco")
    parser.add_argument("--opaque", action="store_true")
    asked = parser.parse_args()
    for name in asked.worlds.split(","):
        taxonomy = starter_taxonomy(TAXONOMY[name])
        made, scored = play(name, asked.signals, 1), play(name, asked.signals, 2)
        started = process_time()
        classifier = describe(taxonomy, made.texts)
        show(f"{name}, cold start", classifier, scored, process_time() - started)
        codes = opaque(made.codes) if asked.opaque else made.codes
        started = process_time()
        classifier = train(made.texts, codes, taxonomy)
        show(f"{name}, learnt from codes", classifier, scored, process_time() - started)
        against_codes(classifier, made, codes, taxonomy)


def play(name: str, signals: int, seed: int) -> Play:
    """Return the verbatims of a play."""
    texts: list[str] = []
    codes: list[str | None] = []
    cause: list[str | None] = []
    told: list[list[str]] = []
    way: list[str] = []
    for chunk in read_world(name).simulate(signals, seed):
        truth = {row["signal_id"]: row for row in chunk.labels.to_pylist()}
        columns = chunk.signals.select(["signal_id", "verbatim", "resolution_code"])
        for row in columns.to_pylist():
            if row["verbatim"] and row["signal_id"] in truth:
                true = truth[row["signal_id"]]
                texts.append(row["verbatim"])
                codes.append(row["resolution_code"])
                cause.append(true["cause"])
                told.append(true["causes"] or [])
                way.append(str(true["way"]))
    return Play(texts, codes, cause, told, np.array(way))


def opaque(codes: list[str | None]) -> list[str | None]:
    """Replace each code by a number."""
    number = {code: f"{k:02d}" for k, code in enumerate(sorted({c for c in codes if c}))}
    return [number[code] if code else None for code in codes]


def show(title: str, classifier: Classifier, scored: Play, seconds: float) -> None:
    """Print one table: all, then each way of telling."""
    started = process_time()
    labels = classifier.label(scored.texts)
    rate = len(scored.texts) / (process_time() - started)
    names = [*labels.causes, ""]
    hit = np.array([names[b] in told for b, told in zip(labels.best, scored.told, strict=True)])
    tells = np.array([bool(told) for told in scored.told])
    print(f"\n{title}: made in {seconds:.1f} s, {rate:,.0f} texts/s (processor)")
    print(f"{'':<14}{'n':>7}{'accuracy':>10}{'cover':>8}{'right':>8}{'ECE':>8}")
    groups = [("all", np.ones(len(hit), bool)), ("tell a cause", tells), ("tell none", ~tells)]
    groups += [(way, scored.way == way) for way, _ in Counter(scored.way.tolist()).most_common()]
    for name, where in groups:
        sure = where & labels.is_sure
        forced = f"{hit[where & tells].mean():>10.1%}" if (where & tells).any() else f"{'–':>10}"
        right = f"{hit[sure].mean():>8.1%}" if sure.any() else f"{'–':>8}"
        error = calibration_error(labels.confidence[where], hit[where])
        print(
            f"{name:<14}{where.sum():>7}{forced}{labels.is_sure[where].mean():>8.1%}{right}{error:>8.3f}"
        )


def against_codes(
    classifier: Classifier, made: Play, codes: list[str | None], taxonomy: Taxonomy
) -> None:
    """Print how often the codes were right, and the labels that took them into account."""
    meant = {code: leaf.path for leaf in taxonomy.leaves for code in leaf.resolution_codes}
    rows = [i for i, code in enumerate(made.codes) if code and made.cause[i] and made.told[i]]
    labels = classifier.label([made.texts[i] for i in rows], codes=[codes[i] for i in rows])
    by_code = np.mean([meant.get(made.codes[i] or "") == made.cause[i] for i in rows])
    by_model = np.mean([p == made.cause[i] for p, i in zip(labels.paths(), rows, strict=True)])
    print(f"{len(rows)} coded texts: codes right {by_code:.1%}, labels right {by_model:.1%}")


if __name__ == "__main__":
    main()
