"""A fitted classifier: the same text gets the same label whatever else is in the batch."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import UNSURE, ClassifierReport, Label, Labels, Taxonomy

from .calibrate import joined, probabilities
from .clean import clean_text
from .features import Features, Reals
from .linear import LinearHead
from .meaning import Embeds, Meaning

BATCH: Final = 4_000
_REASONS: Final = 4
_FEW: Final = 3

Ints32 = NDArray[np.int32]


def _silent(_done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Codebook:
    """What the labels that people gave stand for, and how far they are believed.

    `meant` maps label to path (or `UNSURE`). When `is_truth`, a person's label always stands;
    otherwise a sure classifier outvotes it, since single codes slip and the model has seen them
    all. `trust` is the share of labels that the rest of the data does not contradict.
    """

    meant: Mapping[str, str]
    is_truth: bool
    trust: float


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """Features, linear head and calibration over the causes of a taxonomy.

    `causes` are the K paths that can be given. A text whose best confidence lies below
    `threshold`, or in which no feature is known, is unsure.

    A classifier that has learnt a second look (`meaning`) takes it where it is given the embedding
    that it learnt with, as `embedder`; without, the words decide alone.
    """

    taxonomy: Taxonomy
    causes: tuple[str, ...]
    features: Features
    head: LinearHead
    sharpness: float
    threshold: float
    report: ClassifierReport
    codebook: Codebook | None = None
    meaning: Meaning | None = None
    embedder: Embeds | None = None
    candidates_from: float | None = None
    """Probability from which a cause is a candidate; None where it could not be learnt."""
    columns: NDArray[np.int64] | None = None
    """Which of the causes each column of the heads speaks for, where several speak for one."""

    @property
    def model_version(self) -> str:
        """Hash of everything that decides a label."""
        return self.report.model_version

    @property
    def looks_twice(self) -> bool:
        """Whether texts that the words are not sure of are embedded."""
        return self._second() is not None

    def label(
        self,
        texts: Sequence[str | None],
        tick: Callable[[int, int], None] = _silent,
        *,
        codes: Sequence[str | None] | None = None,
    ) -> Labels:
        """Label N raw texts (None and blank allowed); equal texts are worked out once.

        `tick(done, total)` is called after every batch of distinct texts. `codes` are the labels
        that people gave to these texts; the codebook says when they stand.
        """
        distinct: dict[str, int] = {}
        place = np.empty(len(texts), np.int64)
        for i, text in enumerate(texts):
            place[i] = distinct.setdefault(clean_text(text), len(distinct))
        best = np.full(len(distinct), -1, np.int32)
        second = np.full(len(distinct), -1, np.int32)
        confidence = np.zeros(len(distinct), np.float32)
        done = 0
        for batch in _batches(list(distinct)):
            part = slice(done, done + len(batch))
            best[part], second[part], confidence[part] = _decide(*self._looked_at(batch))
            done += len(batch)
            tick(done, len(distinct))
        looked = self._second()
        is_sure = (best >= 0) & (confidence >= (looked[0] if looked else self).threshold)
        labels = Labels(self.causes, best[place], confidence[place], second[place], is_sure[place])
        if codes is None or self.codebook is None:
            return labels
        return _with_codes(labels, codes, self.codebook)

    def probabilities(self, texts: Sequence[str | None]) -> Reals:
        """Return float32 (N, K), the probability of each cause; what is missing to 1: no cause."""
        return self._looked_at([clean_text(t) for t in texts])[0]

    def candidates(self, texts: Sequence[str | None]) -> list[tuple[tuple[str, float], ...]]:
        """Return for each text the causes to choose among, likeliest first, with probabilities.

        In 95 of 100 texts like those that were learnt from the right cause is among them; where
        that could not be measured, they are the three likeliest. None for a blank text.
        """
        share, is_blank = self._looked_at([clean_text(text) for text in texts])
        found = []
        for row, blank in zip(share, is_blank, strict=True):
            order = np.argsort(-row, kind="stable")
            n = _FEW if self.candidates_from is None else int((row >= self.candidates_from).sum())
            kept = () if blank else order[: max(n, 1)].tolist()
            found.append(tuple((self.causes[k], float(row[k])) for k in kept))
        return found

    def explain(self, text: str | None) -> Label:
        """Label one text and name the phrases of it that spoke most for its best cause."""
        labels = self.label([text])
        best = int(labels.best[0])
        if best < 0:
            return Label(UNSURE, 0.0, None, ())
        second = int(labels.second[0])
        return Label(
            cause=labels.paths()[0],
            confidence=float(labels.confidence[0]),
            runner_up=self.causes[second] if second >= 0 else None,
            reasons=self._reasons(clean_text(text), best),
        )

    def report_on(self, labels: Labels) -> ClassifierReport:
        """Return the report with the counts of this run."""
        return replace(self.report, n_texts=len(labels.best), n_labelled=int(labels.is_sure.sum()))

    def _second(self) -> tuple[Meaning, Embeds] | None:
        if self.meaning is None or self.embedder is None:
            return None
        return (
            (self.meaning, self.embedder) if self.embedder.version == self.meaning.version else None
        )

    def _looked_at(self, batch: Sequence[str]) -> tuple[Reals, NDArray[np.bool_]]:
        """Return the probabilities (N, K) of clean texts, and where a text says nothing."""
        rows = self.features.transform(batch)
        is_blank = np.diff(rows.indptr) == 0
        margins = self.head.margins(rows)
        n = len(self.causes if self.columns is None else self.columns)
        share = probabilities(margins.copy(), self.sharpness)[:, :n]
        looked = self._second()
        if looked is not None:
            meaning, embedder = looked
            doubt = np.flatnonzero((share.max(axis=1) < meaning.below) & ~is_blank)
            vectors = embedder.embed([batch[i] for i in doubt.tolist()])
            share[doubt] = meaning.shares(margins[doubt], vectors)[:, :n]
        return joined(share, self.columns, len(self.causes)), is_blank

    def _reasons(self, text: str, cause: int) -> tuple[str, ...]:
        """Words and pairs by their contribution: row value × (weight − mean weight)."""
        row = self.features.transform([text])
        weights = self.head.weights[row.indices]
        dense = weights if isinstance(weights, np.ndarray) else weights.toarray()
        own = [cause] if self.columns is None else np.flatnonzero(self.columns == cause)
        speaks = row.data * (dense[:, own].max(axis=1) - dense.mean(axis=1))
        phrases: dict[str, float] = {}
        for column, value in zip(row.indices, speaks, strict=True):
            name = self.features.phrase(int(column))
            if name is not None and value > 0:
                phrases[name] = float(value)
        ranked = sorted(phrases, key=lambda p: (-phrases[p], p))
        return tuple(_without_parts(ranked))[:_REASONS]


def _decide(share: Reals, is_blank: NDArray[np.bool_]) -> tuple[Ints32, Ints32, Reals]:
    """Return the likeliest cause, the next, and the probability of the first."""
    rows = np.arange(len(share))
    best = share.argmax(axis=1).astype(np.int32)
    confidence = share[rows, best]
    second = np.full(len(share), -1, np.int32)
    if share.shape[1] > 1:
        share[rows, best] = -1
        second = share.argmax(axis=1).astype(np.int32)
    best[is_blank], second[is_blank], confidence[is_blank] = -1, -1, 0
    return best, second, confidence


def version_of(
    features: Features,
    head: LinearHead,
    sharpness: float,
    threshold: float,
    meaning: Meaning | None = None,
) -> str:
    """Return "tfidf-" or "words-and-meaning-" and 12 hex digits over all that decides a label."""
    digest = hashlib.sha256()
    for word in (*features.words, *features.piece_ids):
        digest.update(word.encode() + b"\x00")
    weights = head.weights
    data = weights if isinstance(weights, np.ndarray) else weights.data
    for array in (features.pair_keys, features.idf, data, head.bias):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(f"{features.config}|{sharpness:.9g}|{threshold:.9g}".encode())
    if meaning is None:
        return f"tfidf-{digest.hexdigest()[:12]}"
    for array in (meaning.head.weights, meaning.head.bias):
        digest.update(np.ascontiguousarray(array).tobytes())
    numbers = (meaning.of_words, meaning.of_meaning, meaning.below, meaning.threshold)
    digest.update(f"{meaning.version}|{numbers}".encode())
    return f"words-and-meaning-{digest.hexdigest()[:12]}"


def _with_codes(labels: Labels, codes: Sequence[str | None], book: Codebook) -> Labels:
    index = {path: i for i, path in enumerate(labels.causes)}
    number = {code: index.get(path, -1) for code, path in book.meant.items()}
    given = np.array([number.get((code or "").strip(), -1) for code in codes], np.int32)
    stands = (given >= 0) & (book.is_truth | ~labels.is_sure)
    differs = stands & (given != labels.best)
    return Labels(
        causes=labels.causes,
        best=np.where(stands, given, labels.best),
        confidence=np.where(stands, np.float32(book.trust), labels.confidence),
        second=np.where(differs, labels.best, labels.second),
        is_sure=labels.is_sure | stands,
    )


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]


def _without_parts(ranked: Sequence[str]) -> Iterator[str]:
    """Leave out a phrase that lies in one already given, or contains one."""
    given: list[str] = []
    for phrase in ranked:
        words = set(phrase.split())
        if not any(words & set(other.split()) for other in given):
            given.append(phrase)
            yield phrase
