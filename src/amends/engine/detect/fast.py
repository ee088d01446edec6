"""The fast arm: the last bucket, or the last few together, are too much to be chance."""

import numpy as np

from amends.engine.contracts import Floats
from amends.engine.stats.links import Link

from .state import State
from .step import Step


def remember(state: State, now: Step) -> None:
    """Put the bucket into the window, in place of the oldest."""
    place = state.window[state.at % len(state.window)]
    for row, figures in enumerate((now.value, now.exposure, now.mean, now.noise, now.drift)):
        place[row] = figures


def fast_score(state: State, link: Link, windows: tuple[tuple[int, float], ...]) -> Floats:
    """Return −ln of the least tail probability, each divided by its window's share."""
    width = len(state.window)
    best = np.full(state.window.shape[2], -np.inf)
    total = np.zeros(state.window.shape[1:])
    share_of = dict(windows)
    for back in range(width):
        total += state.window[(state.at - back) % width]
        share = share_of.get(back + 1)
        if share is not None:
            value, exposure, mean, noise, drift = total
            tail = link.tail(value, exposure, mean, noise + drift**2)
            best = np.maximum(best, np.log(share) - np.log(tail))
    return best
