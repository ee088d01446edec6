"""Plays that several tests look at, made once a worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amends.engine.contracts import Kind
from amends.engine.worlds import Play, read_world

SIGNALS = 9_000
DAY = 86_400_000_000


@dataclass(frozen=True)
class Told:
    """A play written out."""

    signals: pa.Table
    labels: pa.Table

    @property
    def said(self) -> pa.Table:
        """Signals that are no transactions, in the order of the labels."""
        kinds = self.signals["kind"].to_pylist()
        return self.signals.filter(pa.array([k != Kind.TRANSACTION for k in kinds]))

    def days(self) -> NDArray[np.int64]:
        """Day of each signal since the first."""
        day = np.asarray(self.signals["occurred_at"].cast("int64")) // DAY
        since: NDArray[np.int64] = day - day.min()
        return since

    def where(self, **terms: str) -> NDArray[np.bool_]:
        """Rows of a slice."""
        inside = np.ones(len(self.signals), dtype=bool)
        for dimension, value in terms.items():
            inside &= np.array(self.signals[dimension].cast("string").to_pylist()) == value
        return inside


@cache
def told(name: str, signals: int = SIGNALS, seed: int = 1) -> Told:
    chunks = list(read_world(name).simulate(signals, seed))
    return Told(
        pa.concat_tables([c.signals for c in chunks]), pa.concat_tables([c.labels for c in chunks])
    )


@cache
def big_play(name: str) -> Play:
    """Return a play of the default size, not written out."""
    return read_world(name).play(seed=1)


def in_slice(play: Play, terms: Mapping[str, str]) -> NDArray[np.bool_]:
    """Return which heard signals are about events of a slice."""
    scene, events = play.played.scene, play.played.events.take(play.played.heard.event)
    inside = np.ones(len(events), dtype=bool)
    for dimension, value in terms.items():
        code = scene.company.values(dimension).index(value)
        held = (
            getattr(scene.population, dimension)[events.customer]
            if dimension in {"region", "segment", "tier"}
            else getattr(events, dimension)
        )
        inside &= held == code
    return inside
