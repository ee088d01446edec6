"""What the recommender has learnt: sums over lessons, small enough to store as one document."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

import msgspec
import numpy as np

from amends.engine.contracts import BadInput, Floats

from .features import GROUPS
from .regression import Fit, Regression, first_guess
from .signs import N_SIGNS

FORMAT: Final = "amends-recommender-1"

FORESEEN: Final = first_guess(noise=0.10)
"""First guess for the values that the signs foretell."""

SURPRISE: Final = first_guess(noise=0.30, tightness=0.3)
"""First guess for what the outcomes say beyond their signs: little, and noisily."""

_RIDGE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases of one kind and place, and how many of them were recovered."""

    n: int = 0
    recovered: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over lessons of products of D features φ, S signs ψ, margins y and offsets a.

    All of a lesson's quantities are divided by its noise scale: the margin kept before the action's
    money is counted (y), the evidence's expectation with the goodwill given (a).
    """

    gram: Floats
    """φφᵀ, shape (D, D)"""
    signs: Floats
    """φψᵀ, shape (D, S)"""
    margin: Floats
    """φy, shape (D,)"""
    offset: Floats
    """φa, shape (D,)"""
    sign_gram: Floats
    """ψψᵀ, shape (S, S)"""
    sign_margin: Floats
    """ψy, shape (S,)"""
    sign_offset: Floats
    """ψa, shape (S,)"""
    squares: Floats
    """y² and a², shape (2,)"""

    @classmethod
    def none(cls, d: int = 0) -> "Sums":
        """Return the sums over no lessons, for D features."""
        s = N_SIGNS
        shapes = ((d, d), (d, s), (d,), (d,), (s, s), (s,), (s,), (2,))
        return cls(*(np.zeros(shape) for shape in shapes))


@dataclass(frozen=True, slots=True)
class LearnedState:
    """Everything learnt.

    Parameters
    ----------
    n
        Lessons learnt.
    scale
        Typical yearly value of a customer, fixed by the first lessons; 0 before.
    names
        D feature names, in the order of the sums.
    sums
        Of the lessons.
    tuned_at
        Lessons that the hyperparameters were last re-estimated from.
    foreseen, surprise
        Hyperparameters of the two regressions.
    tallies
        "kind", "kind|severity" and "kind|severity|delivery" → cases and recoveries.

    """

    n: int = 0
    scale: float = 0.0
    names: tuple[str, ...] = ()
    sums: Sums = field(default_factory=Sums.none)
    tuned_at: int = 0
    foreseen: Fit = FORESEEN
    surprise: Fit = SURPRISE
    tallies: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Identity of what has been learnt: equal states have equal versions."""
        if not self.n:
            return "prior-1"
        digest = hashlib.sha256(repr((self.names, self.foreseen, self.surprise)).encode())
        for part in fields(Sums):
            digest.update(np.ascontiguousarray(getattr(self.sums, part.name)).tobytes())
        return f"learnt-{self.n}-{digest.hexdigest()[:12]}"

    def regressions(self) -> tuple[Regression, Regression]:
        """Return the regression of the foreseen values and that of the surprises."""
        sums = self.sums
        ridge = _RIDGE * np.eye(N_SIGNS)
        usual = np.linalg.solve(sums.sign_gram + ridge, sums.sign_margin)
        told = sums.signs @ usual
        spread = float(usual @ sums.sign_gram @ usual)
        foreseen = spread - 2 * float(usual @ sums.sign_offset) + float(sums.squares[1])
        surprise = float(sums.squares[0]) - 2 * float(usual @ sums.sign_margin) + spread
        return (
            Regression(self.names, sums.gram, told - sums.offset, foreseen, self.n, self.foreseen),
            Regression(self.names, sums.gram, sums.margin - told, surprise, self.n, self.surprise),
        )


class _Document(msgspec.Struct):
    format: str
    n: int
    scale: float
    names: list[str]
    sums: dict[str, list[float]]
    tuned_at: int
    foreseen: tuple[dict[str, float], float]
    surprise: tuple[dict[str, float], float]
    tallies: dict[str, tuple[int, int]]


def dump_state(state: LearnedState) -> bytes:
    """Return a state as JSON; floats keep their last bit."""
    document = _Document(
        FORMAT,
        state.n,
        state.scale,
        list(state.names),
        {part.name: getattr(state.sums, part.name).ravel().tolist() for part in fields(Sums)},
        state.tuned_at,
        (dict(state.foreseen.spreads), state.foreseen.noise),
        (dict(state.surprise.spreads), state.surprise.noise),
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
    shapes = {
        part.name: getattr(Sums.none(len(document.names)), part.name) for part in fields(Sums)
    }
    is_whole = document.format == FORMAT and {k: len(v) for k, v in document.sums.items()} == {
        name: empty.size for name, empty in shapes.items()
    }
    if not is_whole or any(
        set(f[0]) != set(GROUPS) for f in (document.foreseen, document.surprise)
    ):
        raise BadInput(
            f"The state of the recommender is no whole {FORMAT} document.",
            remedy="Learn again from the log.",
        )
    sums = {name: np.array(document.sums[name]).reshape(e.shape) for name, e in shapes.items()}
    return LearnedState(
        document.n,
        document.scale,
        tuple(document.names),
        Sums(**sums),
        document.tuned_at,
        Fit(*document.foreseen),
        Fit(*document.surprise),
        {key: Tally(*counts) for key, counts in document.tallies.items()},
    )
