"""What is carried from one bucket to the next, and how it is kept.

Arrays with one row per series; nothing else decides what the next bucket says. It is written as a
file of plain arrays, so that a watch that was stopped goes on as if it had never been.
"""

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Floats, SeriesKey, Slice

from .config import Pace

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max
FORMAT = 1
"""Raised when the arrays change their meaning: a state of another format is not read."""


@dataclass(slots=True)
class State:
    """N series between two buckets; arrays are changed in place as buckets come in."""

    n_known: Ints
    """Buckets so far whose value was known."""
    began_at: Ints
    """Bucket of the series' first event; `NEVER` before there is one."""
    judged: Bools
    """Whether the history sufficed at the last fit."""
    sums: Floats
    """The e-detectors' sums, (N, alternatives)."""
    window: Floats
    """The last buckets for the fast arm: (width, 5, N) of value, exposure, mean, noise, drift."""
    recent: Floats
    """What was seen and expected lately, (lookback + 1, 2, N): where an onset is looked for."""
    gathered: Floats
    """Events since the guaranteed arm last stood at nothing."""
    is_open: Bools
    run: Floats
    """Observed and expected over the alarmed buckets of the open breakdown, (2, N)."""
    calm: Floats
    """Evidence (nats) that the open breakdown is over."""
    opened_at: Ints
    onset: Ints
    free_from: Ints
    """First bucket that a new breakdown may reach back to."""
    last_ill: Ints
    """Last bucket of the open breakdown from which on nothing spoke for normal."""
    events: Ints
    """Breakdowns so far."""
    coef: Floats
    """Coefficients of the last fit, (N, p); NaN: the next one starts anew."""
    dispersion: Floats
    eta: Floats
    """Predictor of the buckets from the last fit to the next, (N, k)."""
    eta_variance: Floats
    levels: Ints
    """(M, 3): row, first bucket of a level that was accepted, number of its breakdown."""
    at: int = 0
    """Number of the next bucket."""
    fitted_at: int = 0
    fitted_until: int = 0

    @classmethod
    def new(cls, n: int, alternatives: int, width: int, pace: Pace) -> "State":
        """Return the state of `n` series of which nothing is known."""
        return cls(
            n_known=np.zeros(n, dtype=np.int64),
            began_at=np.full(n, NEVER),
            judged=np.zeros(n, dtype=bool),
            sums=np.zeros((n, alternatives)),
            window=np.zeros((width, 5, n)),
            recent=np.zeros((pace.lookback + 1, 2, n)),
            gathered=np.zeros(n),
            is_open=np.zeros(n, dtype=bool),
            run=np.zeros((2, n)),
            calm=np.zeros(n),
            opened_at=np.full(n, -1),
            onset=np.full(n, -1),
            free_from=np.zeros(n, dtype=np.int64),
            last_ill=np.full(n, -1),
            events=np.zeros(n, dtype=np.int64),
            coef=np.zeros((n, 0)),
            dispersion=np.ones(n),
            eta=np.zeros((n, 0)),
            eta_variance=np.zeros((n, 0)),
            levels=np.zeros((0, 3), dtype=np.int64),
        )

    def copy(self) -> "State":
        """Return a state that lives on by itself."""
        twin = copy(self)
        for name, array in self._arrays().items():
            setattr(twin, name, array.copy())
        return twin

    def _arrays(self) -> dict[str, Any]:
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}

    def to_bytes(self, keys: Sequence[SeriesKey], settings: str) -> bytes:
        """Return the state with whose it is and under which settings it came about."""
        head = {
            "format": FORMAT,
            "settings": settings,
            "at": [self.at, self.fitted_at, self.fitted_until],
            "keys": [[key.measure, key.slice.terms] for key in keys],
        }
        text = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
        buffer = BytesIO()
        np.savez(buffer, allow_pickle=False, head=text, **self._arrays())
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes, settings: str) -> tuple["State", tuple[SeriesKey, ...]]:
        """Return a state that was kept, and its series.

        Raises
        ------
        BadInput
            The bytes are no state, or one of another format or of other settings.

        """
        again = "Watch the series anew from their history."
        try:
            with np.load(BytesIO(kept), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            head = json.loads(arrays.pop("head").tobytes())
            same = head["format"] == FORMAT and head["settings"] == settings
            keys = tuple(
                SeriesKey(measure, Slice(tuple((d, v) for d, v in terms)))
                for measure, terms in head["keys"]
            )
            at, fitted_at, fitted_until = head["at"]
        except (BadZipFile, ValueError, KeyError, OSError, EOFError, TypeError) as error:
            raise BadInput(f"This is no state of a watch: {error}", remedy=again) from error
        if not same:
            raise BadInput("The state was kept under other settings.", remedy=again)
        return cls(**arrays, at=at, fitted_at=fitted_at, fitted_until=fitted_until), keys
