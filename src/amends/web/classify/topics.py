"""Topics of what is unsure: searched by the worker, kept with the numbers that they had before.

A topic is recognised by the signals that lay in it: their texts are placed beside those of today,
and the topic found there is the same. So numbers last when data grow, and also when another
embedding is installed.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction

from amends.engine.classify import clean_text
from amends.engine.classify.features import Reals
from amends.engine.classify.topics import (
    Register,
    Topics,
    config_for,
    find_topics,
    keep_ids,
    name_topics,
    word_vectors,
)
from amends.engine.contracts import UNSURE
from amends.store import reads
from amends.web.classify.in_force import embedder
from amends.web.classify.models import Topic, TopicMember, TopicSearch
from amends.web.classify.topic_naming import suggest_names
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake
from amends.web.ui.live import publish

LIVE: Final = "topics"
LOOKS_BACK: Final = timedelta(days=90)
WEEKS: Final = 13
MOST_TEXTS: Final = 5_000
SHORTEST: Final = 12
"""Characters below which a text tells nothing to name."""
MOST_REMEMBERED: Final = 100
"""Signals by which a topic is recognised, those nearest to its middle."""


@dataclass(frozen=True, slots=True)
class _Told:
    """N unsure texts, the newest first, then those by which topics are recognised."""

    signals: Sequence[Mapping[str, Any]]
    texts: list[str]
    vectors: Reals
    how: str
    place: Mapping[str, int]
    """Signal → its row of the vectors."""

    @property
    def n(self) -> int:
        return len(self.signals)


def search(now: datetime) -> TopicSearch:
    """Look for topics among the newest unsure texts and write down what was found."""
    began = time.monotonic()
    members: dict[int, list[str]] = defaultdict(list)
    for topic, name in TopicMember.objects.order_by("-nearness").values_list("topic", "signal_id"):
        if len(members[topic]) < MOST_REMEMBERED:
            members[topic].append(name.hex)
    told = _told(now, [name for names in members.values() for name in names])
    vectors = told.vectors[: told.n]
    before = _register(members, told)
    topics, _ = keep_ids(find_topics(vectors, config_for(told.n)), vectors, before)
    with transaction.atomic():
        n = _write(topics, told, frozenset(before.ids), now)
    suggest_names(now)
    with transaction.atomic():
        found = TopicSearch.objects.create(
            made_at=now,
            seconds=time.monotonic() - began,
            n_texts=told.n,
            n_placed=n,
            how=told.how,
        )
        publish(LIVE)
    return found


def _told(now: datetime, remembered: Sequence[str]) -> _Told:
    signals = reads.where(lake().signals(), since=now - LOOKS_BACK, until=now, kinds=TOLD)
    unsure = signals.filter(signals["cause"] == UNSURE, signals["verbatim"].length() >= SHORTEST)
    newest = unsure.order_by(unsure["occurred_at"].desc(), "signal_id").limit(MOST_TEXTS)
    rows = lake().fetch(newest.select("signal_id", "verbatim", "occurred_at")).to_pylist()
    n = len(rows)
    place = {row["signal_id"]: i for i, row in enumerate(rows)}
    others = [name for name in remembered if name not in place]
    if others:
        for row in lake().by_id(others).select(["signal_id", "verbatim"]).to_pylist():
            place[row["signal_id"]] = len(rows)
            rows.append(row)
    texts = [clean_text(row["verbatim"]) for row in rows]
    known = embedder()
    vectors = known.embed(texts) if known else word_vectors(texts)
    return _Told(rows[:n], texts, vectors, "meaning" if known else "words", place)


def _register(members: Mapping[int, Sequence[str]], told: _Told) -> Register:
    """Return the topics of before with the middle of their signals, as they lie today."""
    ids, middles = [], []
    for topic, names in members.items():
        rows = [told.place[name] for name in names if name in told.place]
        middle = told.vectors[rows].sum(axis=0) if rows else np.zeros(1, np.float32)
        length = float(np.linalg.norm(middle))
        if length > 0:
            ids.append(topic)
            middles.append(middle / length)
    return Register(tuple(ids), np.stack(middles).astype(np.float32)) if ids else Register()


def _write(topics: Topics, told: _Told, known: frozenset[int], now: datetime) -> int:
    """Write topics with their signals; return how many signals lie in one."""
    texts, vectors = told.texts[: told.n], told.vectors[: told.n]
    names = {name.topic: name for name in name_topics(texts, vectors, topics)} if texts else {}
    kept: list[TopicMember] = []
    for k, number in enumerate(topics.ids):
        own = np.flatnonzero(topics.topic == number)
        near = vectors[own] @ topics.centroids[k]
        order = np.argsort(-near, kind="stable")
        ids = [UUID(told.signals[i]["signal_id"]) for i in own[order].tolist()]
        figures = {
            "phrases": list(names[number].phrases),
            "typical": ids[0],
            "n": len(own),
            "weeks": _weeks([told.signals[i]["occurred_at"] for i in own.tolist()], now),
            "last_found_at": now,
        }
        if number in known:
            Topic.objects.filter(pk=number).update(**figures)
            pk = number
        else:
            pk = Topic.objects.create(first_found_at=now, **figures).pk
        kept += [
            TopicMember(signal_id=name, topic_id=pk, nearness=float(share))
            for name, share in zip(ids, near[order].tolist(), strict=True)
        ]
    found_again = {member.topic_id for member in kept}
    TopicMember.objects.filter(topic__in=found_again).delete()
    TopicMember.objects.filter(signal_id__in=[member.signal_id for member in kept]).delete()
    TopicMember.objects.bulk_create(kept, batch_size=1_000)
    return len(kept)


def _weeks(moments: Sequence[datetime], now: datetime) -> list[int]:
    """Return how many moments lie in each of the last weeks, the oldest first."""
    ago = [int((now - at) / timedelta(days=7)) for at in moments]
    counts = np.bincount([week for week in ago if 0 <= week < WEEKS], minlength=WEEKS)
    return [int(n) for n in counts[::-1]]
