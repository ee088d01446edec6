"""Ids that last: topics found again keep their number, and what people decided stays decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from amends.engine.classify.features import Reals
from amends.engine.contracts import BadInput

from .find import NO_TOPIC, Topics, measure

_SAME: Final = 0.85
"""Cosine of centroids from which two findings are one topic."""
_PART: Final = 0.8
"""The same for a part of a topic that people have made one of several."""


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Every topic that ever was: ids (T,) with their last centroids, merges and names.

    A merged id keeps its centroid, so that what is found there again goes where it was merged to.
    """

    ids: tuple[int, ...] = ()
    centroids: Reals = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    merged: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    def now(self, topic: int) -> int:
        """Return the id that a topic goes by today."""
        while topic in self.merged:
            topic = self.merged[topic]
        return topic

    def merge(self, topic: int, into: int) -> "Register":
        """Make one topic a part of another, for good.

        Raises
        ------
        BadInput
            There is no such topic, or they are one already.

        """
        for one in (topic, into):
            self._check(one)
        if self.now(topic) == self.now(into):
            raise BadInput(
                f"Topics {topic} and {into} are one already.", remedy="Choose two topics."
            )
        return replace(self, merged={**self.merged, self.now(topic): self.now(into)})

    def rename(self, topic: int, name: str) -> "Register":
        """Give a topic the name that people use, for good.

        Raises
        ------
        BadInput
            There is no such topic, or no name.

        """
        self._check(topic)
        if not name.strip():
            raise BadInput("A topic needs a name.", remedy="Write what it is about.")
        return replace(self, names={**self.names, self.now(topic): name.strip()})

    def _check(self, topic: int) -> None:
        if topic not in self.ids:
            raise BadInput(f"There is no topic {topic}.", remedy="Choose one of the list.")


def keep_ids(found: Topics, vectors: Reals, known: Register) -> tuple[Topics, Register]:
    """Return the topics under the ids they had, and the register with what is new in it.

    Each topic goes to the known one whose centroid is nearest, one to one; those that lie near none
    get new ids, which are never used twice. Merged topics are put together again.
    """
    before = _matched(found, known)
    fresh = max(known.ids, default=-1) + 1
    now: dict[int, int] = {}
    last = dict(zip(known.ids, known.centroids, strict=True))
    for k, old in enumerate(found.ids):
        name = before.get(k, NO_TOPIC)
        if name == NO_TOPIC:
            name, fresh = fresh, fresh + 1
        last[name] = found.centroids[k]
        now[old] = known.now(name)
    topic = np.array([now.get(t, NO_TOPIC) for t in found.topic.tolist()], np.int64)
    ids, centroids, reach = measure(vectors, topic)
    register = replace(
        known, ids=tuple(last), centroids=np.stack(list(last.values())) if last else known.centroids
    )
    return Topics(ids, centroids, reach, topic), register


def _matched(found: Topics, known: Register) -> dict[int, int]:
    """Return the known id of each found topic (by its place) that was found before."""
    if not known.ids or not found.ids:
        return {}
    near = found.centroids @ known.centroids.T
    rows, columns = linear_sum_assignment(-near)
    same = {int(k): known.ids[c] for k, c in zip(rows, columns, strict=True) if near[k, c] >= _SAME}
    for k in range(len(found.ids)):
        c = int(near[k].argmax())
        if k not in same and near[k, c] >= _PART and _is_joint(known, known.ids[c]):
            same[k] = known.ids[c]
    return same


def _is_joint(known: Register, topic: int) -> bool:
    """Whether people made a topic of several."""
    return topic in known.merged or topic in known.merged.values()
