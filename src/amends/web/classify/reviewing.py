"""What people are asked to look at: unsure labels first, the most informative of them first.

A text whose two likeliest causes are nearly level teaches most (margin sampling; Scheffer, Decomain
& Wrobel 2001), and of texts that are alike one is enough. One in ten is asked of a second person,
who does not see the first answer: how far the two agree bounds how right any label can be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow.compute as pc

from amends.engine.classify import Agreement, Classifier, agreement, clean_text, told_causes
from amends.engine.contracts import UNSURE
from amends.flows.enriching import CONFIRMED
from amends.store import reads
from amends.web.accounts.models import User
from amends.web.classify.in_force import classifier_in_force
from amends.web.classify.models import Review, Verdict
from amends.web.classify.verbatims import diverse
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake

LOOKS_BACK: Final = timedelta(days=90)
SHORTEST: Final = 12
"""Characters below which a text tells nothing to judge."""
DOUBTFUL_BELOW: Final = 0.7
MOST_LOOKED_AT: Final = 240
MOST_KEPT: Final = 30
FEWEST: Final = 3
MOST_OFFERED: Final = 5
WORTH_A_REASON: Final = 0.1
"""Probability below which phrases that spoke for a cause say nothing."""
SECOND_IN: Final = 10
MOST_SIMILAR: Final = 3
MOST_REMEMBERED: Final = 400
COLUMNS: Final = (
    "signal_id", "source", "kind", "occurred_at", "verbatim", "subject", "cause",
    "cause_confidence", "model_version", "product", "channel", "region", "severity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause to choose, with its probability."""

    path: str
    share: float


@dataclass(frozen=True, slots=True)
class Similar:
    """A text alike that somebody has judged."""

    text: str
    cause: str


@dataclass(frozen=True, slots=True)
class Item:
    """One signal to look at."""

    signal: Mapping[str, Any]
    text: str
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]
    """Phrases that spoke for the likeliest cause."""
    parts: tuple[tuple[str, str], ...]
    """Words and the cause that they tell by themselves, where there are several."""
    similar: tuple[Similar, ...]
    is_second: bool
    model_version: str

    @property
    def signal_id(self) -> str:
        """Return the signal's id."""
        return str(self.signal["signal_id"])

    @property
    def is_unsure(self) -> bool:
        """Whether the classifier asked rather than guessed."""
        return bool(self.signal["cause"] == UNSURE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How reviewing goes."""

    today: int
    """By the person, since midnight."""
    waiting: int
    """Unsure signals of the last 90 days that nobody has judged."""
    agreement: Agreement | None
    """Of two people about the same texts; None while fewer than ten."""
    accepted_share: float | None
    """Of what was suggested and judged in 90 days, how much was accepted."""
    n_judged: int


def next_item(person: User, now: datetime, skipped: Sequence[str] = ()) -> Item | None:
    """Return what the person should look at next; None when nothing is left."""
    classifier = classifier_in_force()
    second = _second_for(person, now)
    if second is not None and second not in skipped:
        found = lake().by_id([second]).to_pylist()
        if found:
            return _item(found[-1], classifier, is_second=True)
    doubtful = _doubtful(now)
    asked = [UUID(signal["signal_id"]) for signal in doubtful]
    judged = Review.objects.filter(signal_id__in=asked).values_list("signal_id", flat=True)
    left_out = {name.hex for name in judged} | set(skipped)
    chosen = [signal for signal in doubtful if signal["signal_id"] not in left_out]
    if not chosen:
        return None
    return _item(_most_informative(chosen, classifier)[0], classifier, is_second=False)


def item_of(signal_id: str, *, is_second: bool) -> Item | None:
    """Return one signal to look at; None when it is not there."""
    found = lake().by_id([signal_id]).to_pylist()
    return _item(found[-1], classifier_in_force(), is_second=is_second) if found else None


def standing(person: User, now: datetime, midnight: datetime) -> Standing:
    """Return how reviewing goes, for the person and for all."""
    since = now - LOOKS_BACK
    mine = Review.objects.filter(reviewer=person, reviewed_at__gte=midnight)
    first = Review.objects.filter(is_second=False, reviewed_at__gte=since)
    shown = first.exclude(suggested="")
    n = shown.count()
    accepted = shown.filter(verdict=Verdict.ACCEPTED).count()
    unsure = lake().counts(["cause"], since=since, until=now, cause=UNSURE, kinds=TOLD)
    waiting = pc.sum(unsure["n"]).as_py() or 0
    judged = first.filter(was_unsure=True, verdict=Verdict.NEW).count()
    return Standing(
        today=mine.count(),
        waiting=max(waiting - judged, 0),
        agreement=agreement_of(),
        accepted_share=accepted / n if n else None,
        n_judged=n,
    )


def agreement_of(least: int = 10) -> Agreement | None:
    """Return how far first and second opinions agree; None while there are few."""
    seconds = {r.signal_id: r for r in Review.objects.filter(is_second=True)}
    firsts = Review.objects.filter(is_second=False, signal_id__in=seconds)
    pairs = [(_answer(first), _answer(seconds[first.signal_id])) for first in firsts]
    if len(pairs) < least:
        return None
    return agreement([a for a, _ in pairs], [b for _, b in pairs])


def _answer(review: Review) -> str:
    return review.cause or review.verdict


def _second_for(person: User, now: datetime) -> str | None:
    """Return a signal that another person judged and this one is to judge, too."""
    mine = Review.objects.filter(reviewer=person).values("signal_id")
    have = Review.objects.filter(is_second=True).values("signal_id")
    firsts = Review.objects.filter(is_second=False, reviewed_at__gte=now - LOOKS_BACK)
    others = firsts.exclude(reviewer=person).exclude(signal_id__in=mine)
    for name in (
        others.exclude(signal_id__in=have)
        .order_by("reviewed_at")
        .values_list("signal_id", flat=True)
    ):
        if name.int % SECOND_IN == 0:
            return str(name.hex)
    return None


def _doubtful(now: datetime) -> list[dict[str, Any]]:
    """Return signals whose label is unsure, then those that are hardly sure; newest first."""
    signals = reads.where(lake().signals(), since=now - LOOKS_BACK, until=now, kinds=TOLD)
    worded = signals.filter(signals["verbatim"].length() >= SHORTEST)
    is_unsure = worded["cause"] == UNSURE
    is_open = (worded["model_version"] != CONFIRMED) & (
        is_unsure | (worded["cause_confidence"] < DOUBTFUL_BELOW)
    )
    asked = worded.filter(is_open).select(*COLUMNS)
    order = asked.order_by(
        (asked["cause"] != UNSURE).cast("int8"), asked["occurred_at"].desc(), "signal_id"
    )
    found: list[dict[str, Any]] = lake().fetch(order.limit(MOST_LOOKED_AT)).to_pylist()
    return found


def _most_informative(
    signals: Sequence[Mapping[str, Any]], classifier: Classifier | None
) -> list[Mapping[str, Any]]:
    if classifier is None:
        return list(signals)
    share = classifier.probabilities([s["verbatim"] for s in signals])
    nothing = np.clip(1 - share.sum(axis=1, keepdims=True), 0, 1)
    ranked = np.sort(np.hstack([share, nothing]), axis=1)
    lead = ranked[:, -1] - ranked[:, -2]
    is_sure = np.array([s["cause"] != UNSURE for s in signals])
    order = np.lexsort((lead, is_sure))
    kept = diverse([signals[i] for i in order.tolist()], MOST_KEPT)
    return kept or [signals[int(order[0])]]


def _item(signal: Mapping[str, Any], classifier: Classifier | None, *, is_second: bool) -> Item:
    text = signal["verbatim"] or signal["subject"] or ""
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    similar: tuple[Similar, ...] = ()
    if classifier is not None and text:
        candidates = _candidates(text, classifier)
        if not is_second and candidates and candidates[0].share >= WORTH_A_REASON:
            reasons = classifier.explain(text).reasons
        [told] = told_causes(classifier, [text])
        parts = tuple((one.words, one.cause) for one in told) if len(told) > 1 else ()
        similar = () if is_second else _similar(text, classifier, str(signal["signal_id"]))
    version = classifier.model_version if classifier else ""
    return Item(signal, text, candidates, reasons, parts, similar, is_second, version)


def _candidates(text: str, classifier: Classifier) -> tuple[Candidate, ...]:
    """Return those that the classifier holds possible, at least three and at most five."""
    [found] = classifier.candidates([text])
    if not found:
        return ()
    [share] = classifier.probabilities([text])
    n = min(max(len(found), FEWEST), MOST_OFFERED)
    best = np.argsort(-share, kind="stable")[:n].tolist()
    return tuple(Candidate(classifier.causes[k], float(share[k])) for k in best)


def _similar(text: str, classifier: Classifier, but: str) -> tuple[Similar, ...]:
    """Return the texts most alike that people judged."""
    newest = Review.objects.filter(is_second=False).exclude(cause="").order_by("-reviewed_at")
    judged = {r.signal_id.hex: r.cause for r in newest[:MOST_REMEMBERED] if r.signal_id.hex != but}
    if not judged:
        return ()
    texts = _texts_of(tuple(sorted(judged)))
    names = [name for name in judged if texts.get(name)]
    if not names:
        return ()
    rows = classifier.features.transform([clean_text(texts[name]) for name in names])
    mine = classifier.features.transform([clean_text(text)])
    alike = np.asarray((rows @ mine.T).todense()).ravel()
    best = np.argsort(-alike, kind="stable")[:MOST_SIMILAR]
    return tuple(
        Similar(texts[names[i]], judged[names[i]]) for i in best.tolist() if alike[i] > 0.05
    )


@lru_cache(maxsize=4)
def _texts_of(names: tuple[str, ...]) -> dict[str, str]:
    found = lake().by_id(list(names)).select(["signal_id", "verbatim"]).to_pylist()
    return {row["signal_id"]: row["verbatim"] or "" for row in found}
