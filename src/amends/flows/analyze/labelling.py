"""A cause, a sentiment and a severity for every signal, and how they came about."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.classify import (
    NEGATIVE_BELOW,
    Classifier,
    SeverityFacts,
    choose_taxonomy,
    describe,
    read_labels,
    sentiment,
    severity,
    train,
)
from amends.engine.contracts import (
    UNSURE,
    BadInput,
    ClassifierReport,
    Kind,
    Taxonomy,
    read_taxonomy,
    starter_taxonomies,
    starter_taxonomy,
)

Tick = Callable[[str, int, int], None]
Flags = NDArray[np.bool_]

ENOUGH_LABELS: Final = 200
"""Texts with a human reason from which it is worth learning."""
CODE_CONFIDENCE: Final = 0.85
"""How often a reason that a person coded is taken to be right (Crowdflower, CRM audits)."""
_FAILURE_KINDS: Final = (Kind.COMPLAINT, Kind.TICKET, Kind.ESCALATION)
"""Signals that are about a failure whatever their mood."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Signals with the enriched columns filled; `cause` is null where no failure is told."""

    signals: pa.Table
    taxonomy: Taxonomy
    report: ClassifierReport | None
    """None when there was neither text nor reason."""


def label_signals(signals: pa.Table, wanted: str, hint: str | None, tick: Tick) -> Labelled:
    """Classify the signals.

    Human reasons in `resolution_code` are learnt from when there are enough; without them the
    taxonomy's own words must do. Where a person gave a reason it stands. Praise gets no cause.

    Parameters
    ----------
    signals
        `SIGNAL_SCHEMA`.
    wanted
        "auto", a shipped taxonomy, or a file.
    hint
        The taxonomy that the source names, if any.

    """
    texts = pc.coalesce(signals["verbatim"], signals["subject"]).to_pylist()
    codes = signals["resolution_code"].to_pylist()
    taxonomy, note = _taxonomy(wanted, hint, texts, codes)
    classifier, notes = _classifier(taxonomy, texts, codes, tick)
    if classifier is not None:
        taxonomy = classifier.taxonomy
    mood = sentiment(texts)
    is_told = np.array([bool(text) for text in texts])
    tells = is_told & _tells_of_failure(signals, mood)
    paths, confidence = _causes(classifier, taxonomy, texts, codes, tells, tick)
    tick("weighing severity", 0, 1)
    known = [path or UNSURE for path in paths]
    levels = severity(texts, known, taxonomy, _facts(signals, mood)).words()
    tick("weighing severity", 1, 1)
    version = classifier.model_version if classifier else "given"
    columns = {
        "sentiment": pa.array(mood, pa.float32(), mask=~is_told),
        "cause": pa.array(paths, pa.string()),
        "cause_confidence": pa.array(confidence, pa.float32(), mask=np.isnan(confidence)),
        "severity": pa.array(levels, pa.string(), mask=np.array([p is None for p in paths])),
        "model_version": pa.array([version if p else None for p in paths], pa.string()),
    }
    for name, values in columns.items():
        signals = signals.set_column(signals.schema.get_field_index(name), name, values)
    report = _report(classifier, taxonomy, paths, [note, *notes])
    return Labelled(signals, taxonomy, report)


def _taxonomy(
    wanted: str, hint: str | None, texts: list[str | None], codes: list[str | None]
) -> tuple[Taxonomy, str]:
    if wanted in starter_taxonomies():
        return starter_taxonomy(wanted), "The taxonomy was named on the command line."
    if wanted != "auto":
        return _own_taxonomy(Path(wanted)), f"The taxonomy is that of {Path(wanted).name}."
    if hint is not None:
        return starter_taxonomy(hint), "The taxonomy is the one that the source's preset names."
    starters = [starter_taxonomy(name) for name in starter_taxonomies()]
    given = [code for code in codes if code]
    for starter in starters:
        if given and read_labels(given, starter).how == "names":
            return starter, f"The reasons in the file are those of the taxonomy “{starter.title}”."
    choice = choose_taxonomy([text for text in texts if text], starters)
    return starter_taxonomy(choice.name), choice.note


def _own_taxonomy(path: Path) -> Taxonomy:
    if not path.exists():
        raise BadInput(
            f"There is no taxonomy {str(path)!r}.",
            where="--taxonomy",
            remedy=f"Give a YAML file, or one of: {', '.join(starter_taxonomies())}.",
        )
    try:
        return read_taxonomy(path)
    except ValueError as error:
        raise BadInput(str(error), where="--taxonomy", remedy="Correct the file.") from error


def _classifier(
    taxonomy: Taxonomy, texts: list[str | None], codes: list[str | None], tick: Tick
) -> tuple[Classifier | None, list[str]]:
    if not any(texts):
        return None, ["There is no text, so causes are the reasons that people gave."]
    notes = []
    tick("learning causes", 0, 1)
    classifier = None
    if sum(bool(t and c) for t, c in zip(texts, codes, strict=True)) >= ENOUGH_LABELS:
        try:
            classifier = train(texts, codes, taxonomy)
        except BadInput as error:
            notes.append(f"The reasons in the file were not learnt from: {error.what}")
    if classifier is None:
        classifier = describe(taxonomy, [text for text in texts if text])
    tick("learning causes", 1, 1)
    return classifier, notes


def _tells_of_failure(signals: pa.Table, mood: NDArray[np.float32]) -> Flags:
    """Return where a failure is told: its kind says so, or the mood or a score is bad."""
    kinds = pa.array([kind.value for kind in _FAILURE_KINDS])
    told: Flags = _flags(pc.is_in(signals["kind"], value_set=kinds)) | (mood < NEGATIVE_BELOW)
    for field, worst in (("nps", 6), ("csat", 3), ("ces", 4)):
        told |= _flags(pc.fill_null(pc.less_equal(signals[field], worst), False))
    return told


def _causes(
    classifier: Classifier | None,
    taxonomy: Taxonomy,
    texts: list[str | None],
    codes: list[str | None],
    tells: Flags,
    tick: Tick,
) -> tuple[list[str | None], NDArray[np.float32]]:
    """Return the cause of each signal (None: no failure told) and the confidence in it.

    Where nobody learnt from the codes, those that stand for a cause are taken as they are.
    """
    paths: list[str | None] = [None] * len(texts)
    confidence = np.full(len(texts), np.nan, np.float32)
    book = classifier.codebook if classifier else None
    given = [code if book is None or (code or "").strip() in book.meant else None for code in codes]
    if classifier is not None:
        asked = np.flatnonzero(tells | np.array([book is not None and bool(c) for c in given]))
        labels = classifier.label(
            [texts[i] for i in asked],
            lambda done, total: tick("classifying", done, total),
            codes=[given[i] for i in asked],
        )
        for place, path in zip(asked, labels.paths(), strict=True):
            paths[place] = path
        confidence[asked] = labels.confidence
    if book is None and any(given):
        for i, reason in enumerate(read_labels(given, taxonomy).paths):
            if reason is not None:
                paths[i], confidence[i] = reason, CODE_CONFIDENCE
    return paths, confidence


def _facts(signals: pa.Table, mood: NDArray[np.float32]) -> SeverityFacts:
    def counted(name: str) -> NDArray[np.int64]:
        return np.asarray(pc.fill_null(signals[name], 0), dtype=np.int64)

    loss = pc.fill_null(signals["loss"].cast(pa.float64()), np.nan)
    return SeverityFacts(
        contacts=counted("contacts"),
        reopens=counted("reopens"),
        is_escalated=_flags(pc.fill_null(signals["is_escalated"], False)),
        loss=np.asarray(loss, dtype=np.float64),
        mood=mood,
    )


def _flags(values: pa.ChunkedArray) -> Flags:
    return np.asarray(values, dtype=bool)


def _report(
    classifier: Classifier | None, taxonomy: Taxonomy, paths: list[str | None], notes: list[str]
) -> ClassifierReport | None:
    told = sum(path is not None for path in paths)
    sure = sum(path is not None and path != UNSURE for path in paths)
    if classifier is None:
        if not told:
            return None
        return ClassifierReport(
            "given", "given", taxonomy.name, told, sure, 0, None, None, tuple(notes)
        )
    report = classifier.report
    return replace(report, n_texts=told, n_labelled=sure, notes=(*notes, *report.notes))
