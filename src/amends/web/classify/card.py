"""What is known of the classifier in force: how people judge it, its calibration, its drift."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from amends.engine.classify import Classifier, Drift, Told, calibration_error, drift
from amends.engine.contracts import UNSURE, Interval
from amends.engine.stats.intervals import wilson
from amends.flows.enriching import CONFIRMED
from amends.store import reads
from amends.web.classify.in_force import classifier_in_force
from amends.web.classify.models import Review, Verdict
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake
from amends.web.ui.kept import Kept

NOW: Final = timedelta(days=28)
BEFORE: Final = timedelta(days=84)
MOST_TEXTS: Final = 4_000
BINS: Final = 10
LEAST_JUDGED: Final = 10
"""Judged labels below which no calibration is drawn."""
MOST_CONFUSED: Final = 8
DRIFTS_AT: Final = 0.01
"""False-discovery rate at which a difference is called drift (Benjamini & Hochberg 1995)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How often people let a cause stand that was suggested."""

    path: str
    n: int
    accepted: int
    interval: Interval

    @property
    def share(self) -> float:
        """Return the accepted share."""
        return self.accepted / self.n


@dataclass(frozen=True, slots=True)
class Bin:
    """Labels of about one confidence: what was claimed, and what people found."""

    claimed: float
    found: float
    n: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """What reviews tell of the labels that were shown."""

    n: int
    by_cause: tuple[Judged, ...]
    bins: tuple[Bin, ...]
    """Empty while few are judged."""
    error: float | None
    """Expected calibration error (Naeini et al. 2015), of those judged."""
    confused: tuple[tuple[str, str, int], ...]
    """Suggested, right, how often."""


@dataclass(frozen=True, slots=True)
class Drifted:
    """One source now against before."""

    drift: Drift
    is_drift: bool
    """Labels or inputs differ by more than chance over all sources looked at."""


drifts: Final = Kept[tuple[Drifted, ...]](young_seconds=600, old_seconds=24 * 3600)


def agreed() -> Agreed:
    """Return how first reviews judged what they were shown.

    What is reviewed is what is doubtful, so these shares are not those of all labels.
    """
    rows = Review.objects.filter(is_second=False).exclude(suggested="")
    told = list(rows.values_list("suggested", "confidence", "verdict", "cause"))
    right = np.array([verdict == Verdict.ACCEPTED for *_, verdict, _ in told], dtype=bool)
    claimed = np.array([confidence or 0.0 for _, confidence, *_ in told], dtype=np.float32)
    counts = Counter(suggested for suggested, *_ in told)
    accepted = Counter(
        s for (s, *_), is_right in zip(told, right.tolist(), strict=True) if is_right
    )
    confused = Counter(
        (suggested, cause or verdict)
        for suggested, _, verdict, cause in told
        if verdict != Verdict.ACCEPTED
    )
    enough = len(told) >= LEAST_JUDGED
    return Agreed(
        n=len(told),
        by_cause=tuple(
            Judged(path, n, accepted[path], wilson(accepted[path], n))
            for path, n in counts.most_common()
        ),
        bins=_bins(claimed, right) if enough else (),
        error=calibration_error(claimed, right) if enough else None,
        confused=tuple((a, b, n) for (a, b), n in confused.most_common(MOST_CONFUSED)),
    )


def drift_of(now: datetime) -> tuple[Drifted, ...] | None:
    """Return how sources drifted, the surest first; None while it is worked out."""
    classifier = classifier_in_force()
    if classifier is None:
        return ()
    key = lake().address, classifier.model_version, f"{now:%Y-%m-%d}"
    return drifts.get(key, lambda: _drifts(classifier, now))


def _drifts(classifier: Classifier, now: datetime) -> tuple[Drifted, ...]:
    latest = now - NOW
    found = drift(classifier, _told(latest - BEFORE, latest), _told(latest, now))
    p = np.array([min(1.0, 2 * min(one.labels_p, one.inputs_p)) for one in found])
    order = np.argsort(p, kind="stable")
    limits = DRIFTS_AT * np.arange(1, len(found) + 1) / max(len(found), 1)
    passed = np.flatnonzero(p[order] <= limits)
    n_drifting = int(passed[-1]) + 1 if len(passed) else 0
    return tuple(Drifted(found[i], rank < n_drifting) for rank, i in enumerate(order.tolist()))


def _told(since: datetime, until: datetime) -> Told:
    """Return labelled texts of a stretch, spread evenly over it."""
    signals = reads.where(lake().signals(), since=since, until=until, kinds=TOLD)
    labelled = signals.filter(
        signals["verbatim"].length() > 0,
        signals["cause"].notnull(),
        signals["model_version"] != CONFIRMED,
    )
    n = int(lake().fetch(labelled.count().name("n"))["n"][0].as_py())
    some = labelled.select("source", "verbatim", "cause", "cause_confidence", "signal_id")
    if n > MOST_TEXTS:
        some = some.order_by("signal_id").limit(MOST_TEXTS)  # ids are hashes: a fair draw
    rows: Sequence[Mapping[str, Any]] = lake().fetch(some).to_pylist()
    return Told(
        [row["source"] for row in rows],
        [row["verbatim"] for row in rows],
        [row["cause"] or UNSURE for row in rows],
        np.array([row["cause_confidence"] or 0.0 for row in rows], dtype=np.float32),
    )


def _bins(claimed: np.ndarray, right: np.ndarray) -> tuple[Bin, ...]:
    place = np.minimum((claimed * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(float(claimed[place == b].mean()), float(right[place == b].mean()), int(n))
        for b in range(BINS)
        if (n := (place == b).sum())
    )
