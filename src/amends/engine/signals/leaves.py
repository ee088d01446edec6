"""The finest cells of a window against their baseline: what localisation explains."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Floats, LeafTable

from .measures import Contribution, contribution
from .slices import Coded, coded, exposed_dims

_TO_INDEPENDENCE: Final = 0.2
NOT_GIVEN: Final = "(not given)"
"""The value of a dimension in signals that do not say it."""

Window = tuple[datetime, datetime]
"""From (inclusive) and to (exclusive), both aware."""


def leaves(
    signals: pa.Table,
    measure: str,
    dims: Sequence[str],
    window: Window,
    baseline: Window,
    total: float | None = None,
) -> LeafTable:
    """Return every combination of dimension values that occurs in either window.

    `actual` is the sum of events or badness in the window. `expected` is the leaf's rate in the
    baseline, shrunk (`_shrunk`), times its exposure in the window: days for a count, transactions,
    contacts or answers for the others (`exposed_dims`); unexposed before, it has the overall rate.

    Parameters
    ----------
    signals, measure, dims
        As in `contribution`; dims are columns of the signals.
    window, baseline
        What is to be explained, and what was usual.
    total
        What a better baseline expects of the whole window; the leaves are scaled to it.

    Raises
    ------
    BadInput
        A window is empty or has no time zone, or the baseline holds nothing.

    """
    now, then = _inside(signals, window, "window"), _inside(signals, baseline, "baseline")
    given = contribution(signals, measure)
    exposed = np.zeros(len(signals)) if given.exposure is None else given.exposure
    matters = (now | then) & (given.counts | (exposed > 0))
    coordinates = _coordinates(signals.select(list(dims)).filter(pa.array(matters)))
    codes, leaf = _cells(coordinates)
    now, then, n = now[matters], then[matters], len(codes)

    def per_leaf(parts: Floats, inside: NDArray[np.bool_]) -> Floats:
        sums = np.bincount(leaf[inside], weights=parts[matters][inside], minlength=n)
        return sums.astype(np.float64)

    actual, usual = per_leaf(given.value, now), per_leaf(given.value, then)
    if not n or not usual.sum():
        raise _nothing_in(measure, baseline)
    usual = _shrunk(usual, codes)
    if given.exposure is None:
        expected = usual * (_length(window) / _length(baseline))
    else:
        shared = _exposed_cells(signals, given, dims, codes)
        before, during = (
            np.bincount(shared, per_leaf(exposed, when)).astype(np.float64)[shared]
            for when in (then, now)
        )
        expected = _at_usual_rate(usual, before, during)
    if total is not None and expected.sum() > 0:
        expected = expected * (total / expected.sum())
    return LeafTable(
        tuple(dims), codes.astype(np.int32), tuple(c.values for c in coordinates), actual, expected
    )


def _coordinates(counted: pa.Table) -> list[Coded]:
    return [_with_not_given(coded(counted, dim)) for dim in counted.column_names]


def _shrunk(usual: Floats, codes: NDArray[np.int64]) -> Floats:
    """Return the leaves' usual counts, a fifth of the way to independence of the dimensions.

    A fine leaf that happened to be empty before must not make a single event look like a wonder.
    """
    total = usual.sum()
    independent = np.full(len(usual), total)
    for dim in codes.T:
        independent *= (np.bincount(dim, weights=usual) / total)[dim]
    return (1 - _TO_INDEPENDENCE) * usual + _TO_INDEPENDENCE * independent


def _nothing_in(measure: str, baseline: Window) -> BadInput:
    return BadInput(
        "The baseline holds nothing to compare with.",
        where=f"{measure}, {baseline[0]:%Y-%m-%d} to {baseline[1]:%Y-%m-%d}",
        remedy="Choose an earlier or longer baseline.",
    )


def _at_usual_rate(usual: Floats, exposed_then: Floats, exposed_now: Floats) -> Floats:
    overall = usual.sum() / max(exposed_then.sum(), 1e-12)
    is_exposed = exposed_then > 0
    rate: Floats = np.where(is_exposed, usual / np.where(is_exposed, exposed_then, 1.0), overall)
    return rate * exposed_now


def _exposed_cells(
    signals: pa.Table, given: Contribution, dims: Sequence[str], codes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return per leaf the number of its cell in the dimensions that the exposure is given by."""
    given_by = exposed_dims(signals, given, dims)
    places = [i for i, dim in enumerate(dims) if dim in given_by]
    if not places:
        return np.zeros(len(codes), dtype=np.int64)
    _, cell = np.unique(codes[:, places], axis=0, return_inverse=True)
    return cell.reshape(-1)


def _inside(signals: pa.Table, window: Window, name: str) -> NDArray[np.bool_]:
    if any(end.tzinfo is None for end in window) or window[0] >= window[1]:
        raise BadInput(
            "The window is empty or has no time zone.",
            where=f"{name} {window[0]} to {window[1]}",
            remedy="Give two times with a zone, the earlier first.",
        )
    at = signals["occurred_at"]
    begin, end = (pa.scalar(edge, at.type) for edge in window)
    inside = pc.and_(pc.greater_equal(at, begin), pc.less(at, end))
    return np.asarray(pc.fill_null(inside, False), dtype=bool)


def _length(window: Window) -> float:
    return (window[1] - window[0]).total_seconds()


def _with_not_given(dim: Coded) -> Coded:
    if (dim.codes >= 0).all():
        return dim
    return Coded((*dim.values, NOT_GIVEN), np.where(dim.codes < 0, len(dim.values), dim.codes))


def _cells(dims: Sequence[Coded]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the codes of each cell that occurs, and the cell of each row."""
    sizes = [max(len(dim.values), 1) for dim in dims]
    if not sizes or float(np.prod(np.array(sizes, dtype=float))) > 2**62:
        raise BadInput(
            "There are no dimensions, or too many values to combine.",
            where=", ".join(f"{size} values" for size in sizes),
            remedy="Choose between one and eight dimensions with fewer values.",
        )
    whole = np.ravel_multi_index([dim.codes for dim in dims], sizes)
    cells, leaf = np.unique(whole, return_inverse=True)
    return np.column_stack(np.unravel_index(cells, sizes)), leaf
