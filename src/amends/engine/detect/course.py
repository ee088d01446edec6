"""The course of a breakdown in one series: it opens with an alarm and ends when all is calm."""

import numpy as np

from amends.engine.contracts import Floats
from amends.engine.stats.evidence import poisson_llr

from .state import State
from .step import Bools, Step

_STILL_ILL = 3.0
"""Times the expected that is no recovery, however high it was before."""
_RECOVERED = np.log(20.0)
"""Odds for "back to normal" against "half the excess is still there" that end a breakdown."""


def close(state: State, now: Step, sign: float) -> Bools:
    """End the breakdowns whose buckets speak for normal rather than half the excess; say which."""
    if not state.is_open.any():
        return np.zeros_like(state.is_open)
    ratio = state.run[0] / np.maximum(state.run[1], 1e-9)
    half = 1 + (ratio - 1) / 2
    limits = (1.2, _STILL_ILL) if sign > 0 else (1 / _STILL_ILL, 1 / 1.2)
    half = np.clip(half, *limits)
    grown = now.mean * (half - 1) - now.value * np.log(half)
    state.calm[:] = np.where(state.is_open, np.maximum(state.calm + grown / now.dispersion, 0), 0)
    closed: Bools = state.is_open & (state.calm >= _RECOVERED)
    if closed.any():
        forget(state, closed)
        state.free_from[closed] = state.last_ill[closed] + 1
    return closed


def forget(state: State, rows: Bools) -> None:
    """Forget what was gathered on these series: a breakdown is over, or a level accepted."""
    state.sums[rows] = 0.0
    state.window[:, :, rows] = 0.0
    state.gathered[rows] = 0.0
    state.is_open[rows] = False
    state.run[:, rows] = 0.0
    state.calm[rows] = 0.0


def follow(state: State, now: Step, is_alarm: Bools, lookback: int, sign: float) -> Floats:
    """Open what alarmed, go on with what is open; return the calm of the open ones."""
    place = state.recent[state.at % len(state.recent)]
    place[0], place[1] = now.value, now.mean
    opened = is_alarm & ~state.is_open
    state.is_open |= is_alarm
    state.run[0] += np.where(is_alarm, now.value, 0.0)
    state.run[1] += np.where(is_alarm, now.mean, 0.0)
    for row in np.flatnonzero(opened):
        state.onset[row] = _onset(state, int(row), lookback, sign)
        state.opened_at[row] = state.at
        state.events[row] += 1
    state.last_ill[state.is_open & (state.calm <= 0)] = state.at
    return np.where(state.is_open, state.calm, np.nan)


def _onset(state: State, row: int, lookback: int, sign: float) -> int:
    """Return the bucket from which on the excess is likeliest to have begun."""
    first = max(int(state.free_from[row]), state.at - lookback)
    places = np.arange(first, state.at + 1) % len(state.recent)
    seen, base = state.recent[places[::-1], :, row].cumsum(axis=0)[::-1].T
    return first + int(np.argmax(poisson_llr(seen, base, falls=sign < 0)))
