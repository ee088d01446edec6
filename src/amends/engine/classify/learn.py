"""Learn causes from texts that people have labelled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from amends.engine.contracts import BadInput, ClassifierReport, Taxonomy

from .calibrate import Quality, fit_sharpness, probabilities, quality, threshold_for
from .classifier import Classifier, version_of
from .clean import clean_text
from .codes import Reading, read_labels
from .features import FeatureConfig, Ints, Reals, fit_features
from .linear import fit_head, folds, out_of_fold, stack

MOST_CAUSES: Final = 20_000
MOST_SINGLE: Final = 0.5
MOST_MARGINS: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class LearnConfig:
    """How to learn.

    Parameters
    ----------
    precision
        Share of given labels that should be right; below the confidence where the out-of-fold
        predictions reach it, a text is unsure.
    cost
        How dearly a wrong row is paid for (C of the support vector machine); small: smoother.
    n_folds
        Folds of the cross-validation.
    most_rows
        At most so many rows are learnt from, drawn evenly over the causes' shares.

    """

    precision: float = 0.8
    cost: float = 0.3
    n_folds: int = 3
    most_rows: int = 20_000
    seed: int = 0
    features: FeatureConfig = field(default_factory=FeatureConfig)


def train(
    texts: Sequence[str | None],
    labels: Sequence[str | None],
    taxonomy: Taxonomy | None,
    config: LearnConfig = LearnConfig(),
) -> Classifier:
    """Fit a classifier on N raw texts and their labels (None or "": not labelled).

    Raises
    ------
    BadInput
        No text has a label, or the labels are no classes (nearly every text has its own).

    """
    reading = read_labels(labels, taxonomy)
    index = {leaf.path: i for i, leaf in enumerate(reading.taxonomy.leaves)}
    clean, cause = _rows(texts, reading, index, config)
    return _fit(reading, clean, cause, _notes(reading, clean, cause), config)


def _rows(
    texts: Sequence[str | None], reading: Reading, index: dict[str, int], config: LearnConfig
) -> tuple[list[str], Ints]:
    if len(texts) != len(reading.paths):
        raise ValueError(f"{len(texts)} texts, {len(reading.paths)} labels.")
    rows = [
        (clean, index[path])
        for text, path in zip(texts, reading.paths, strict=True)
        if path is not None and (clean := clean_text(text))
    ]
    cause = np.array([c for _, c in rows], np.int64)
    _check_classes(cause)
    kept = _sample(cause, config.most_rows, np.random.default_rng(config.seed))
    return [rows[i][0] for i in kept], cause[kept]


def _check_classes(cause: Ints) -> None:
    n_causes = len(np.unique(cause))
    if n_causes == 0:
        raise BadInput(
            "No text has a label to learn from.",
            remedy="Name the column with the labels, or classify by descriptions instead.",
        )
    if n_causes == 1:
        raise BadInput(
            "All labels are the same, so there is nothing to tell apart.",
            remedy="Give texts of at least two causes, or classify by descriptions instead.",
        )
    if n_causes > MOST_CAUSES or (len(cause) >= 50 and n_causes > MOST_SINGLE * len(cause)):
        raise BadInput(
            f"{n_causes} different labels on {len(cause)} texts are identifiers, not causes.",
            remedy="Name the column that holds the reason, not the one that numbers the cases.",
        )


def _sample(cause: Ints, most: int, rng: np.random.Generator) -> Ints:
    """Draw rows evenly, but never the last fifty of a cause away."""
    if len(cause) <= most:
        return np.arange(len(cause))
    order = rng.permutation(len(cause))
    by_cause = order[np.argsort(cause[order], kind="stable")]
    first = np.searchsorted(cause[by_cause], cause[by_cause])
    is_rare = np.arange(len(by_cause)) - first < 50
    rare, rest = by_cause[is_rare], rng.permutation(by_cause[~is_rare])
    return np.sort(np.concatenate([rare, rest[: max(most - len(rare), 0)]]))


def _notes(reading: Reading, texts: Sequence[str], cause: Ints) -> list[str]:
    notes = []
    if reading.is_from_labels:
        notes.append("The labels of the file are the causes: they do not stand for a taxonomy's.")
    if reading.unknown:
        listed = ", ".join(f"{label} ({n})" for label, n in reading.unknown[:5])
        notes.append(f"{len(reading.unknown)} labels stand for no cause: {listed}.")
    seen = Counter(zip(texts, cause.tolist(), strict=True))
    torn = [text for text, n in Counter(text for text, _ in seen).items() if n > 1]
    if torn:
        notes.append(f"{len(torn)} texts carry different labels in different rows.")
    rare = int((np.bincount(cause)[np.unique(cause)] < 5).sum())
    if rare:
        notes.append(f"{rare} causes have fewer than five labelled texts; expect little of them.")
    return notes


def _fit(
    reading: Reading, texts: list[str], cause: Ints, notes: list[str], config: LearnConfig
) -> Classifier:
    causes, cause = _present(reading.taxonomy, cause)
    own, own_cause = _own_texts(reading.taxonomy, causes)
    features = fit_features([*texts, *own], config.features)
    rows = features.transform(texts)
    extra = (features.transform(own), own_cause)
    checked = _checked(len(texts), len(causes), config)
    margins = _held_out(rows, cause, texts, extra, checked, config)
    sharpness = fit_sharpness(margins, cause[checked])
    share = probabilities(margins, sharpness)
    predicted = share.argmax(axis=1)
    confidence = share[np.arange(len(checked)), predicted]
    threshold = threshold_for(confidence, predicted == cause[checked], config.precision)
    scored = quality(predicted, confidence, cause[checked], threshold=threshold)
    x, y = stack(rows, cause, extra)
    head = fit_head(x, y, len(causes), cost=config.cost)
    version = version_of(features, head, sharpness, threshold)
    report = _report(version, reading.taxonomy, len(texts), scored, notes)
    return Classifier(reading.taxonomy, causes, features, head, sharpness, threshold, report)


def _present(taxonomy: Taxonomy, cause: Ints) -> tuple[tuple[str, ...], Ints]:
    """Keep the causes that occur, in the taxonomy's order."""
    seen, renumbered = np.unique(cause, return_inverse=True)
    leaves = taxonomy.leaves
    return tuple(leaves[i].path for i in seen), renumbered.astype(np.int64)


def _own_texts(taxonomy: Taxonomy, causes: Sequence[str]) -> tuple[list[str], Ints]:
    """What the taxonomy itself says of its causes: names and examples are labelled texts too."""
    texts, cause = [], []
    for i, path in enumerate(causes):
        node = taxonomy[path]
        for text in dict.fromkeys((node.label, node.description, *node.examples)):
            texts.append(text)
            cause.append(i)
    return texts, np.array(cause, np.int64)


def _checked(n_rows: int, n_causes: int, config: LearnConfig) -> Ints:
    """Rows whose held-out margins are worked out: all, while rows × causes stay in memory."""
    most = max(MOST_MARGINS // n_causes, 1_000)
    rng = np.random.default_rng(config.seed + 1)
    return np.sort(rng.permutation(n_rows)[:most])


def _held_out(
    rows: csr_matrix,
    cause: Ints,
    texts: Sequence[str],
    extra: tuple[csr_matrix, Ints],
    checked: Ints,
    config: LearnConfig,
) -> Reals:
    """Margins (len(checked), K) by heads that have seen neither the row nor its equals."""
    n_causes = int(extra[1].max()) + 1
    fold = folds(texts, cause, config.n_folds, np.random.default_rng(config.seed))
    return out_of_fold(rows, cause, n_causes, fold, checked=checked, cost=config.cost, extra=extra)


def _report(
    version: str, taxonomy: Taxonomy, n_training: int, scored: Quality, notes: list[str]
) -> ClassifierReport:
    right = (
        ""
        if scored.selective_accuracy is None
        else (
            f" Of the texts that got a cause {scored.selective_accuracy:.0%} were right,"
            f" {1 - scored.coverage:.0%} were left unsure."
        )
    )
    calibration = f" Confidence is off by {scored.calibration_error:.3f} on average."
    return ClassifierReport(
        model_version=version,
        mode="learnt",
        taxonomy=taxonomy.name,
        n_texts=0,
        n_labelled=0,
        n_training=n_training,
        cv_accuracy=scored.accuracy,
        cv_macro_f1=scored.macro_f1,
        notes=(*notes, f"Checked on texts held out of the training.{right}{calibration}"),
    )
