"""Learn causes from texts that people have labelled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from amends.engine.contracts import UNSURE, BadInput, ClassifierReport, Taxonomy

from .align import align_codes, are_opaque
from .classifier import Classifier, Codebook, version_of
from .clean import clean_text
from .codes import Reading, read_labels
from .describe import own_texts
from .examine import MOST_EXAMINED, Examination, Examples, Look, examine, joined, sample
from .features import FeatureConfig, Features, Ints, fit_features
from .linear import fit_head
from .meaning import Embeds, Meaning, fit_meaning_head
from .nothing import NOTHING

MOST_CAUSES: Final = 20_000
_MOST_SINGLE: Final = 0.5
_RARE: Final = 50
_NOTHING_WEIGHT: Final = 5


@dataclass(frozen=True, slots=True)
class LearnConfig:
    """How to learn.

    Parameters
    ----------
    precision
        Share of given labels that should be right; below the confidence where the held-out
        predictions reach it, a text is unsure.
    costs
        How dearly a wrong row may be paid for (C of the support vector machine; small: smoother);
        the best on held-out rows is taken, the first where labels are noisy codes.
    n_folds
        Folds of the cross-validation.
    most_rows
        At most so many rows are learnt from, drawn evenly, but never the last fifty of a cause.

    """

    precision: float = 0.8
    costs: tuple[float, ...] = (0.1, 0.7)
    n_folds: int = 3
    most_rows: int = 20_000
    seed: int = 0
    features: FeatureConfig = field(default_factory=FeatureConfig)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """Clean texts with their cause as an index into `paths`; beyond the end: no cause."""

    reading: Reading
    paths: tuple[str, ...]
    texts: list[str]
    cause: Ints
    own: list[str]
    own_cause: Ints

    @property
    def n_classes(self) -> int:
        return int(max(self.cause.max(), self.own_cause.max())) + 1


def train(
    texts: Sequence[str | None],
    labels: Sequence[str | None],
    taxonomy: Taxonomy | None,
    config: LearnConfig = LearnConfig(),
    *,
    embedder: Embeds | None = None,
) -> Classifier:
    """Fit a classifier on N raw texts and their labels (None or "": not labelled).

    Labels that stand for causes of the taxonomy (words, codes, or opaque codes understood by their
    texts) are read so; any others become a flat taxonomy of their own. Texts without a label serve
    only the understanding of opaque codes.

    Raises
    ------
    BadInput
        No text has a label, all have the same, or nearly every text has its own.

    """
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts, {len(labels)} labels.")
    lesson = _lesson(texts, _read(texts, labels, taxonomy), config)
    features = fit_features([*lesson.texts, *lesson.own], config.features)
    told, seen, part, extra = _examples(lesson, features, config, embedder)
    found = examine(
        told,
        part,
        extra,
        n_causes=lesson.n_classes,
        n_real=len(lesson.paths),
        costs=config.costs if lesson.reading.how == "labels" else config.costs[:1],
        n_folds=config.n_folds,
        precision=config.precision,
        noisy=lesson.reading.how != "labels",
        seed=config.seed,
    )
    everything = joined(seen, extra)
    head = fit_head(everything.words, everything.cause, lesson.n_classes, cost=found.cost)
    meaning = _meaning(joined(part, extra), lesson.n_classes, found.look, embedder)
    version = version_of(features, head, found.sharpness, found.threshold, meaning)
    return Classifier(
        taxonomy=lesson.reading.taxonomy,
        causes=lesson.paths,
        features=features,
        head=head,
        sharpness=found.sharpness,
        threshold=found.threshold,
        report=_report(version, lesson, found),
        codebook=Codebook(
            meant=lesson.reading.meant,
            is_truth=lesson.reading.how == "labels",
            trust=1 - found.contradicted,
        ),
        meaning=meaning,
        embedder=embedder,
        candidates_from=found.candidates_from,
    )


def _examples(
    lesson: _Lesson, features: Features, config: LearnConfig, embedder: Embeds | None
) -> tuple[list[str], Examples, Examples, Examples]:
    """Return texts to be examined, all examples, those of the texts, and the taxonomy's own."""
    examined = sample(len(lesson.texts), MOST_EXAMINED, config.seed + 2)
    told = [lesson.texts[i] for i in examined]
    vectors = embedder.embed([*told, *lesson.own]) if embedder else None
    seen = Examples(features.transform(lesson.texts), lesson.cause)
    extra = Examples(features.transform(lesson.own), lesson.own_cause)
    part = seen.take(examined)
    if vectors is not None:
        part = replace(part, vectors=vectors[: len(told)])
        extra = replace(extra, vectors=vectors[len(told) :])
    return told, seen, part, extra


def _meaning(
    rows: Examples, n_causes: int, look: Look | None, embedder: Embeds | None
) -> Meaning | None:
    if look is None or embedder is None or rows.vectors is None:
        return None
    return Meaning(
        version=embedder.version,
        head=fit_meaning_head(rows.vectors, rows.cause, n_causes),
        of_words=look.weights[0],
        of_meaning=look.weights[1],
        below=look.below,
        threshold=look.threshold,
    )


def _read(
    texts: Sequence[str | None], labels: Sequence[str | None], taxonomy: Taxonomy | None
) -> Reading:
    reading = read_labels(labels, taxonomy)
    if reading.how == "labels" and taxonomy is not None and are_opaque(labels):
        return align_codes(texts, labels, taxonomy) or reading
    return reading


def _lesson(texts: Sequence[str | None], reading: Reading, config: LearnConfig) -> _Lesson:
    rows = [
        (clean, path)
        for text, path in zip(texts, reading.paths, strict=True)
        if path is not None and (clean := clean_text(text))
    ]
    seen = {path for _, path in rows} - {UNSURE}
    _check_classes(len(seen), len(rows))
    paths = tuple(leaf.path for leaf in reading.taxonomy.leaves if leaf.path in seen)
    index = {path: i for i, path in enumerate(paths)} | {UNSURE: len(paths)}
    cause = np.array([index[path] for _, path in rows], np.int64)
    kept = _sample(cause, config.most_rows, np.random.default_rng(config.seed))
    own, own_cause = _own(reading, index)
    return _Lesson(reading, paths, [rows[i][0] for i in kept], cause[kept], own, own_cause)


def _own(reading: Reading, index: dict[str, int]) -> tuple[list[str], Ints]:
    """What the taxonomy says of the causes that occur: names and examples are labelled texts too.

    With a taxonomy also what tells of no cause.
    """
    own, leaf = own_texts(reading.taxonomy)
    leaves = reading.taxonomy.leaves
    pairs = [(t, index.get(leaves[k].path)) for t, k in zip(own, leaf.tolist(), strict=True)]
    if reading.how != "labels":
        pairs += [(text, index[UNSURE]) for text in NOTHING * _NOTHING_WEIGHT]
    known = [(text, k) for text, k in pairs if k is not None]
    return [text for text, _ in known], np.array([k for _, k in known], np.int64)


def _check_classes(n_causes: int, n_rows: int) -> None:
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
    if n_causes > MOST_CAUSES or (n_rows >= _RARE and n_causes > _MOST_SINGLE * n_rows):
        raise BadInput(
            f"{n_causes} different labels on {n_rows} texts are identifiers, not causes.",
            remedy="Name the column that holds the reason, not the one that numbers the cases.",
        )


def _sample(cause: Ints, most: int, rng: np.random.Generator) -> Ints:
    if len(cause) <= most:
        return np.arange(len(cause))
    order = rng.permutation(len(cause))
    by_cause = order[np.argsort(cause[order], kind="stable")]
    first = np.searchsorted(cause[by_cause], cause[by_cause])
    is_rare = np.arange(len(by_cause)) - first < _RARE
    rare, rest = by_cause[is_rare], rng.permutation(by_cause[~is_rare])
    return np.sort(np.concatenate([rare, rest[: max(most - len(rare), 0)]]))


def _report(version: str, lesson: _Lesson, found: Examination) -> ClassifierReport:
    return ClassifierReport(
        model_version=version,
        mode="learnt",
        taxonomy=lesson.reading.taxonomy.name,
        n_texts=0,
        n_labelled=0,
        n_training=len(lesson.texts),
        cv_accuracy=found.quality.accuracy,
        cv_macro_f1=found.quality.macro_f1,
        notes=(*_reading_notes(lesson.reading), *_data_notes(lesson), _found_note(lesson, found)),
    )


def _reading_notes(reading: Reading) -> list[str]:
    notes = []
    if reading.how == "labels":
        notes.append("The labels of the file are the causes: they do not stand for a taxonomy's.")
    if reading.how == "aligned":
        n_told = sum(path != UNSURE for path in reading.meant.values())
        notes.append(f"What {n_told} codes stand for was told by the texts they were given to.")
    if reading.unknown:
        listed = ", ".join(f"{label} ({n})" for label, n in reading.unknown[:5])
        notes.append(f"{len(reading.unknown)} labels stand for no cause: {listed}.")
    return notes


def _data_notes(lesson: _Lesson) -> list[str]:
    notes = []
    pairs = set(zip(lesson.texts, lesson.cause.tolist(), strict=True))
    torn = sum(n > 1 for n in Counter(text for text, _ in pairs).values())
    if torn:
        notes.append(f"{torn} texts carry different labels in different rows.")
    n_rows = np.bincount(lesson.cause, minlength=len(lesson.paths))[: len(lesson.paths)]
    rare = int((n_rows < 5).sum())
    if rare:
        notes.append(f"{rare} causes have fewer than five labelled texts; expect little of them.")
    return notes


def _found_note(lesson: _Lesson, found: Examination) -> str:
    scored = found.quality
    parts = [f"Held-out texts: {scored.accuracy:.0%} agree with their label"]
    if scored.selective_accuracy is not None:
        parts.append(
            f"{scored.selective_accuracy:.0%} of the {scored.coverage:.0%} that are not unsure"
        )
    parts.append(f"{found.contradicted:.0%} of the labels are contradicted by the rest")
    if lesson.reading.how != "labels":
        parts.append("taken for slips of coding when confidence was calibrated")
    if found.look is not None:
        parts.append(f"{found.look.asked:.0%} were looked at twice: by words, then by meaning")
    return ", ".join(parts) + "."
