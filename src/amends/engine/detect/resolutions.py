"""The pace at which cases are resolved, as a series of which less is worse: open cases count too.

Mean delays of what has been resolved are biased: what takes long is not in them yet. So it is asked
how many were resolved (D) of how many were due (E): those at risk, each with the usual hazard of
its age. A slowdown c has the likelihood ratio D ln c + (1 − c)E, that of a count with exposure E.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Floats

_AGES = np.array([0, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365])
"""Lower edges, in buckets, of the ages that have a hazard of their own."""
_LEAST = 0.5
"""Resolutions that are added to each age group, lest one of none expects none for ever."""


@dataclass(frozen=True, slots=True)
class ResolutionPace:
    """Resolutions (value) and those that were due (exposure) of N groups in T buckets.

    Where nothing was due, nothing is known (NaN).
    """

    resolved: Floats
    due: Floats


def resolution_pace(
    opened_at: NDArray[np.datetime64],
    resolved_at: NDArray[np.datetime64],
    group: NDArray[np.int64],
    n_groups: int,
    starts: NDArray[np.datetime64],
    history: int,
) -> ResolutionPace:
    """Return what a `SeriesBatch` of the measure "resolutions" is made of.

    Parameters
    ----------
    opened_at, resolved_at
        `datetime64` of shape (n,); NaT in `resolved_at`: still open. What lies after the last
        bucket is not known yet: such a case is open, or not there.
    group
        Row of each case, 0 … n_groups − 1.
    starts
        Buckets, ascending and equally spaced, (T,) with T ≥ 2.
    history
        The usual hazard is that of the first `history` buckets, of all groups together: nothing
        later reaches it.

    Raises
    ------
    BadInput
        A case is resolved before it was opened, or lacks the time it was opened at.

    """
    total = len(starts)
    begin, end = _bucket(opened_at, starts), _bucket(resolved_at, starts)
    is_known = ~np.isnat(resolved_at) & (end < total)
    _check(opened_at, resolved_at)
    used = (begin >= 0) & (begin < total)
    begin, end, is_known, group = begin[used], end[used], is_known[used], group[used]
    last = np.where(is_known, end, total - 1)
    shape = (n_groups, total)
    resolved = _counted(group[is_known], end[is_known], shape)
    hazard = _hazard(begin, last, is_known, (min(history, total), total))
    due = np.zeros(shape)
    for row in range(n_groups):
        own = group == row
        due[row] = _due(begin[own], last[own], hazard)
    return ResolutionPace(np.where(due > 0, resolved, np.nan), due)


def _bucket(at: NDArray[np.datetime64], starts: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the bucket of each time; −1 before the first, T after the last."""
    edges = np.append(starts, starts[-1] + (starts[1] - starts[0]))
    return np.searchsorted(edges, at.astype(starts.dtype), side="right") - 1


def _check(opened_at: NDArray[np.datetime64], resolved_at: NDArray[np.datetime64]) -> None:
    bad = np.flatnonzero(np.isnat(opened_at) | (resolved_at < opened_at))
    if len(bad):
        raise BadInput(
            f"The case was opened at {opened_at[bad[0]]} and resolved at {resolved_at[bad[0]]}.",
            where=f"case {bad[0] + 1}",
            remedy="Correct the times, or leave the case out.",
        )


def _counted(row: NDArray[np.int64], bucket: NDArray[np.int64], shape: tuple[int, int]) -> Floats:
    flat = np.bincount(row * shape[1] + bucket, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.float64)


def _at_risk(begin: NDArray[np.int64], last: NDArray[np.int64], total: int) -> Floats:
    """Return how many of the cases that began in bucket o are open at age a, (T, T)."""
    ended = _counted(begin, last - begin, (total, total))
    return np.asarray(ended[:, ::-1].cumsum(axis=1)[:, ::-1])


def _hazard(
    begin: NDArray[np.int64],
    last: NDArray[np.int64],
    is_known: NDArray[np.bool_],
    span: tuple[int, int],
) -> Floats:
    """Return the probability of being resolved at each age, by what was known after `history`."""
    history, total = span
    there = begin < history
    age_of = np.searchsorted(_AGES, np.arange(total), side="right") - 1
    stop = np.minimum(last[there], history - 1)
    at_risk = _at_risk(begin[there], stop, history).sum(axis=0)
    done = is_known[there] & (last[there] < history)
    events = np.bincount((last - begin)[there][done], minlength=history)[:history]
    by_age = np.bincount(age_of[:history], weights=events, minlength=len(_AGES))
    open_by_age = np.bincount(age_of[:history], weights=at_risk, minlength=len(_AGES))
    overall = max(events.sum(), _LEAST) / max(at_risk.sum(), 1.0)
    hazard = (by_age + _LEAST) / (open_by_age + _LEAST / overall)
    return np.asarray(hazard[age_of])


def _due(begin: NDArray[np.int64], last: NDArray[np.int64], hazard: Floats) -> Floats:
    """Return the resolutions that were due in each bucket."""
    total = len(hazard)
    risk = _at_risk(begin, last, total) * hazard
    due = np.zeros(total)
    for age in range(total):
        due[age:] += risk[: total - age, age]
    return due
