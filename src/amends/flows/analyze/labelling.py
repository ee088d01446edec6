"""A cause, a sentiment and a severity for every signal, and how they came about."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.classify import Classifier, choose_taxonomy, read_labels
from amends.engine.contracts import (
    UNSURE,
    BadInput,
    ClassifierReport,
    Taxonomy,
    read_taxonomy,
    starter_taxonomies,
    starter_taxonomy,
)
from amends.flows.enriching import enrich
from amends.flows.learning import learn_causes

Tick = Callable[[str, int, int], None]
Flags = NDArray[np.bool_]


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
    classifier, notes = None, ["There is no text, so causes are the reasons that people gave."]
    if any(texts):
        tick("learning causes", 0, 1)
        classifier, notes = learn_causes(taxonomy, texts, codes)
        tick("learning causes", 1, 1)
        taxonomy = classifier.taxonomy
    signals = enrich(signals, classifier, taxonomy, tick)
    paths = signals["cause"].to_pylist()
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
