"""A cause, a sentiment and a severity for every signal: what classify adds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.classify import (
    NEGATIVE_BELOW,
    Classifier,
    SeverityFacts,
    read_labels,
    sentiment,
    severity,
)
from amends.engine.contracts import UNSURE, Kind, Taxonomy, check_signals

Tick = Callable[[str, int, int], None]
Flags = NDArray[np.bool_]

CODE_CONFIDENCE: Final = 0.85
"""How often a reason that a person coded is taken to be right (Crowdflower, CRM audits)."""
CONFIRMED: Final = "confirmed"
"""The model version of a cause that a person gave."""
_FAILURE_KINDS: Final = (Kind.COMPLAINT, Kind.TICKET, Kind.ESCALATION)
"""Signals that are about a failure whatever their mood."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


def enrich(
    signals: pa.Table, classifier: Classifier | None, taxonomy: Taxonomy, tick: Tick = _silent
) -> pa.Table:
    """Return the signals (`SIGNAL_SCHEMA`) with the enriched columns filled.

    `cause` is null where no failure is told. Praise gets no cause. Without a classifier the causes
    are the reasons that people gave. A signal gets the same whatever else is in the table.
    """
    texts = pc.coalesce(signals["verbatim"], signals["subject"]).to_pylist()
    codes = signals["resolution_code"].to_pylist()
    mood = sentiment(texts)
    is_told = np.array([bool(text) for text in texts])
    tells = is_told & _tells_of_failure(signals, mood)
    paths, confidence = _causes(classifier, taxonomy, texts, codes, tells, tick)
    tick("weighing severity", 0, 1)
    has_cause = np.array([path is not None for path in paths], dtype=bool)
    levels = np.full(len(paths), None, dtype=object)
    levels[has_cause] = _severities(signals, mood, texts, paths, has_cause, taxonomy)
    tick("weighing severity", 1, 1)
    version = classifier.model_version if classifier else "given"
    columns = {
        "sentiment": pa.array(mood, pa.float32(), mask=~is_told),
        "cause": pa.array(paths, pa.string()),
        "cause_confidence": pa.array(confidence, pa.float32(), mask=np.isnan(confidence)),
        "severity": pa.array(levels, pa.string()),
        "model_version": pa.array([version if p else None for p in paths], pa.string()),
    }
    for name, values in columns.items():
        signals = signals.set_column(signals.schema.get_field_index(name), name, values)
    return signals


def relabelled(
    signals: pa.Table, names: Sequence[str], classifier: Classifier | None, taxonomy: Taxonomy
) -> pa.Table:
    """Return enriched signals, those with these ids labelled again as if they had just come."""
    again = np.isin(np.asarray(signals["signal_id"], dtype=str), list(names))
    if not again.any():
        return signals
    some = check_signals(enrich(signals.filter(pa.array(again)), classifier, taxonomy))
    rest = check_signals(signals.filter(pa.array(~again)))
    order = np.argsort(np.r_[np.flatnonzero(again), np.flatnonzero(~again)], kind="stable")
    return pa.concat_tables([some, rest]).take(pa.array(order))


def with_causes(
    signals: pa.Table, causes: Mapping[str, str | None], taxonomy: Taxonomy
) -> pa.Table:
    """Return enriched signals with the causes that people gave to some of them, by signal id.

    None: they tell of no failure. Severity follows the cause; the confidence is 1.
    """
    names = signals["signal_id"].to_pylist()
    given = np.array([name in causes for name in names], dtype=bool)
    if not given.any():
        return signals
    some = signals.filter(pa.array(given))
    paths = [causes[name] for name in some["signal_id"].to_pylist()]
    has_cause = np.array([path is not None for path in paths], dtype=bool)
    texts = pc.coalesce(some["verbatim"], some["subject"]).to_pylist()
    mood = np.asarray(pc.fill_null(some["sentiment"], 0.0), dtype=np.float32)
    levels = np.full(len(paths), None, dtype=object)
    levels[has_cause] = _severities(some, mood, texts, paths, has_cause, taxonomy)
    columns = {
        "cause": pa.array(paths, pa.string()),
        "cause_confidence": pa.array([1.0 if path else None for path in paths], pa.float32()),
        "severity": pa.array(levels, pa.string()),
        "model_version": pa.array([CONFIRMED if path else None for path in paths], pa.string()),
    }
    for name, values in columns.items():
        some = some.set_column(some.schema.get_field_index(name), name, values)
    rest = signals.filter(pa.array(~given))
    order = np.argsort(np.r_[np.flatnonzero(given), np.flatnonzero(~given)], kind="stable")
    return pa.concat_tables([check_signals(some), check_signals(rest)]).take(pa.array(order))


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


def _severities(
    signals: pa.Table,
    mood: NDArray[np.float32],
    texts: Sequence[str | None],
    paths: Sequence[str | None],
    wanted: Flags,
    taxonomy: Taxonomy,
) -> list[str]:
    """Return the severity of the signals that are wanted: the others have none."""
    rows = np.flatnonzero(wanted).tolist()
    facts = _facts(signals.take(pa.array(rows, pa.int64())), mood[rows])
    causes = [paths[i] or UNSURE for i in rows]
    return severity([texts[i] for i in rows], causes, taxonomy, facts).words()


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
