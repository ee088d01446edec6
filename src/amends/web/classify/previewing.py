"""What a draft of the taxonomy would move: 90 days, or a fair part, labelled again."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from django.db import transaction

from amends.engine.classify import Classifier, regroup
from amends.engine.contracts import SIGNAL_SCHEMA, UNSURE, check_signals
from amends.flows.learning import dump_classifier, learn_anew, load_classifier
from amends.store import reads, signal_rows
from amends.web.classify.in_force import classifier_in_force, embedder, taxonomy_in_force
from amends.web.classify.lessons import lesson_at
from amends.web.classify.models import TaxonomyState, TaxonomyVersion
from amends.web.classify.moving import Move
from amends.web.classify.taxonomies import change_of, draft
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake
from amends.web.ui.live import publish

LIVE: Final = "taxonomy"
LOOKS_BACK: Final = timedelta(days=90)
MOST_LABELLED: Final = 6_000
"""Signals that are labelled again; of more, a fair draw."""
MOST_PAIRS: Final = 20
SAMPLES: Final = 3


def make_preview(now: datetime) -> dict[str, Any] | None:
    """Work out what the draft would move and keep it with the draft; None when there is none.

    A draft that was changed meanwhile is left alone: whoever changed it asks again.
    """
    version = draft()
    if version is None:
        return None
    move = move_of(version, now)
    preview = _preview(move, now)
    with transaction.atomic():
        mine = TaxonomyVersion.objects.select_for_update().filter(
            pk=version.pk, state=TaxonomyState.DRAFT, changes=version.changes
        )
        mine.update(
            preview=preview,
            previewed_at=now,
            parameters=dump_classifier(move.classifier) if move.classifier else b"",
        )
        publish(LIVE)
    return preview


def move_of(version: TaxonomyVersion, now: datetime) -> Move:
    """Return how signals move under a draft: its classifier learns where it has to."""
    change = change_of(version)
    if not version.learns:
        return Move(change, None)
    lesson = lesson_at(now, classifier_in_force(), taxonomy_in_force())
    return Move(change, learn_anew(change, lesson, embedder()))


def classifier_of(version: TaxonomyVersion) -> Classifier | None:
    """Return the classifier that a version was previewed with."""
    kept = TaxonomyVersion.objects.values_list("parameters", flat=True).get(pk=version.pk)
    if kept:
        return load_classifier(bytes(kept), embedder())
    current = classifier_in_force()
    return regroup(current, change_of(version)) if current else None


def _preview(move: Move, now: datetime) -> dict[str, Any]:
    since = now - LOOKS_BACK
    signals = reads.where(lake().signals(), since=since, until=now, kinds=TOLD)
    told = signals.filter(signals["cause"].notnull())
    total = int(lake().fetch(told.count().name("n"))["n"][0].as_py())
    drawn = told.order_by("signal_id")  # ids are hashes: the first are a fair draw
    rows = signal_rows(lake().fetch(drawn.limit(MOST_LABELLED))).drop_columns(["delivery"])
    before = check_signals(rows) if len(rows) else SIGNAL_SCHEMA.empty_table()
    after = move(before)
    return _told(before, after, total)


def _told(before: pa.Table, after: pa.Table, total: int) -> dict[str, Any]:
    names, old, new = (
        before["signal_id"].to_pylist(),
        before["cause"].to_pylist(),
        after["cause"].to_pylist(),
    )
    pairs = Counter((a, b) for a, b in zip(old, new, strict=True) if a != b)
    samples: dict[tuple[str | None, str | None], list[str]] = defaultdict(list)
    for name, a, b in zip(names, old, new, strict=True):
        if a != b and len(samples[a, b]) < SAMPLES:
            samples[a, b].append(name)
    return {
        "total": total,
        "looked_at": len(names),
        "moved": sum(pairs.values()),
        "unsure_before": old.count(UNSURE),
        "unsure_after": new.count(UNSURE),
        "pairs": [
            {"old": a, "new": b, "n": n, "signals": samples[a, b]}
            for (a, b), n in pairs.most_common(MOST_PAIRS)
        ],
        "n_pairs": len(pairs),
    }
