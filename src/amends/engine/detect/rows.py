"""Some of the series of a state: looked at by themselves, or put in place of what was there."""

from copy import copy
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .state import State

Ints = NDArray[np.int64]

_AXIS: Final = {"window": 2, "recent": 2, "run": 1}
"""Which axis of an array runs over the series, where it is not the first."""
_BY_FIT: Final = ("coef", "eta", "eta_variance")
"""Arrays that have no columns before the first fit of a judged series."""


def taken(state: State, rows: Ints) -> State:
    """Return a state of these rows alone, in this order."""
    part = copy(state)
    for name, array in _by_row(state):
        setattr(part, name, np.take(array, rows, axis=_AXIS.get(name, 0)))
    part.levels = _moved(state.levels, rows)
    return part


def put(state: State, rows: Ints, other: State) -> State:
    """Return `state` with `other`'s series as its rows `rows`; those beyond its last are added.

    Raises
    ------
    ValueError
        The two do not stand at the same bucket, or were not fitted at the same.

    """
    ours, theirs = ((s.at, s.fitted_at, s.fitted_until) for s in (state, other))
    if ours != theirs:
        raise ValueError(f"A state at {theirs} cannot be put into one at {ours}.")
    n = max(len(state.n_known), int(rows.max(initial=-1)) + 1)
    whole = copy(state)
    theirs_by_name = dict(_by_row(other))
    for name, array in _by_row(state):
        own, new, axis = array, theirs_by_name[name], _AXIS.get(name, 0)
        if name in _BY_FIT:
            width = max(own.shape[1], new.shape[1])
            own, new = _widened(own, width), _widened(new, width)
        grown = np.zeros((n, *np.moveaxis(own, axis, 0).shape[1:]), own.dtype)
        grown[: own.shape[axis]] = np.moveaxis(own, axis, 0)
        grown[rows] = np.moveaxis(new, axis, 0)
        setattr(whole, name, np.ascontiguousarray(np.moveaxis(grown, 0, axis)))
    kept = state.levels[~np.isin(state.levels[:, 0], rows)]
    added = other.levels.copy()
    added[:, 0] = rows[added[:, 0]]
    whole.levels = np.vstack([kept, added])
    return whole


def _by_row(state: State) -> list[tuple[str, NDArray[Any]]]:
    named = [(field.name, getattr(state, field.name)) for field in fields(State)]
    return [(n, a) for n, a in named if isinstance(a, np.ndarray) and n != "levels"]


def _moved(levels: Ints, rows: Ints) -> Ints:
    place_of = {int(row): place for place, row in enumerate(rows)}
    found = [[place_of[int(r)], *rest] for r, *rest in levels.tolist() if int(r) in place_of]
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def _widened(array: NDArray[Any], width: int) -> NDArray[Any]:
    return np.pad(array, ((0, 0), (0, width - array.shape[1])))
