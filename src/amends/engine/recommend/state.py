"""What the recommender has learnt: sufficient statistics, small enough to store as one document."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np

from amends.engine.contracts import BadInput, Floats

from .features import GROUPS

FORMAT: Final = "amends-recommender-1"


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases of one kind and place, and how many of them were recovered."""

    n: int = 0
    recovered: int = 0


@dataclass(frozen=True, slots=True)
class LearnedState:
    """Weighted least-squares statistics of the value model, and tallies of recoveries.

    Parameters
    ----------
    n
        Lessons learnt.
    scale
        Typical yearly value of a customer, fixed by the first lessons; 0 before.
    names
        D feature names, in the order of the statistics.
    gram, moment, square
        Sums of φφᵀ (D, D), φr (D,) and r² over lessons, weighted by 1 ÷ noise scale².
    spreads
        Group → standard deviation of its corrections, re-estimated from the data.
    noise
        Standard deviation of a lesson's value in units of its noise scale.
    tallies
        "kind", "kind|severity" and "kind|severity|delivery" → cases and recoveries.

    """

    n: int = 0
    scale: float = 0.0
    names: tuple[str, ...] = ()
    gram: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    moment: Floats = field(default_factory=lambda: np.zeros(0))
    square: float = 0.0
    spreads: Mapping[str, float] = field(default_factory=lambda: dict(GROUPS))
    noise: float = 0.3
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Identity of what has been learnt: equal states have equal versions."""
        if not self.n:
            return "prior-1"
        digest = hashlib.sha256(np.ascontiguousarray(self.gram).tobytes())
        digest.update(np.ascontiguousarray(self.moment).tobytes())
        digest.update(repr((self.names, self.noise, sorted(self.spreads.items()))).encode())
        return f"learnt-{self.n}-{digest.hexdigest()[:12]}"


class _Document(msgspec.Struct):
    format: str
    n: int
    scale: float
    names: list[str]
    gram: list[float]
    """Lower triangle, row by row."""
    moment: list[float]
    square: float
    spreads: dict[str, float]
    noise: float
    tallies: dict[str, tuple[int, int]]


def dump_state(state: LearnedState) -> bytes:
    """Return a state as JSON; floats keep their last bit."""
    rows = np.tril_indices(len(state.names))
    document = _Document(
        FORMAT,
        state.n,
        state.scale,
        list(state.names),
        state.gram[rows].tolist(),
        state.moment.tolist(),
        state.square,
        dict(state.spreads),
        state.noise,
        {key: (t.n, t.recovered) for key, t in state.tallies.items()},
    )
    return msgspec.json.encode(document)


def load_state(content: bytes) -> LearnedState:
    """Return the state that `dump_state` wrote.

    Raises
    ------
    BadInput
        It is no such document.

    """
    try:
        document = msgspec.json.decode(content, type=_Document)
    except msgspec.DecodeError as error:
        raise BadInput(f"No state of the recommender: {error}.") from error
    d = len(document.names)
    if (
        document.format != FORMAT
        or len(document.gram) != d * (d + 1) // 2
        or len(document.moment) != d
        or set(document.spreads) != set(GROUPS)
    ):
        raise BadInput(
            f"The state of the recommender is no whole {FORMAT} document.",
            remedy="Learn again from the log.",
        )
    gram = np.zeros((d, d))
    gram[np.tril_indices(d)] = document.gram
    gram = gram + np.tril(gram, -1).T
    return LearnedState(
        document.n,
        document.scale,
        tuple(document.names),
        gram,
        np.array(document.moment),
        document.square,
        document.spreads,
        document.noise,
        {key: Tally(*counts) for key, counts in document.tallies.items()},
    )
