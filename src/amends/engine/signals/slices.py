"""Which slices are worth a series of their own, and which were left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import Slice

from .measures import Contribution, contribution

Codes = NDArray[np.int64]

_MET = 0.9
"""Share of the events whose value must occur in the exposure too."""
_WHOLE = 0.999
"""A value that holds this share of the signals of a measure is no slice: it is everything."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Values of some dimensions that got no series: too rare, or beyond the most frequent."""

    dims: tuple[str, ...]
    values: int
    signals: int
    """Events or answers that lie in them."""


@dataclass(frozen=True, slots=True)
class ChosenSlices:
    """Slices, everything first and then the most frequent of each dimension, and the rest."""

    slices: tuple[Slice, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Coded:
    """A dimension as numbers: `codes` of shape (N,) index `values`; −1 where it is not given."""

    values: tuple[str, ...]
    codes: Codes


def coded(signals: pa.Table, dim: str) -> Coded:
    """Return a column of the signals as codes, its values sorted."""
    column = signals[dim]
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    names = whole.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(names)), -1
    codes = np.asarray(pc.fill_null(whole.indices, len(names)), dtype=np.int64)
    return Coded(tuple(names[i] for i in order), place[codes])


def exposed_dims(signals: pa.Table, given: Contribution, dims: Iterable[str]) -> frozenset[str]:
    """Return the dimensions that the exposure is given by.

    An order has a product but no cause and no complaint channel: whoever ordered could have met any
    of them, so of the others a slice's rate is per all the exposure that the rest of it has. The
    exposure is given by a dimension that it mostly has, with the values that the events have: that
    all orders are made at one touchpoint says nothing about complaints at others.
    """
    if given.exposure is None or not given.exposure.any():
        return frozenset()
    is_exposed, is_event = pa.array(given.exposure > 0), pa.array(given.counts)
    found = []
    for dim in dims:
        exposed = signals[dim].filter(is_exposed)
        events = signals[dim].filter(is_event).drop_null().cast(pa.string())
        met = pc.is_in(events, value_set=pc.unique(exposed.drop_null().cast(pa.string())))
        has_most = 2 * exposed.null_count <= len(exposed)
        if has_most and (not len(events) or pc.mean(met).as_py() >= _MET):
            found.append(dim)
    return frozenset(found)


def choose_slices(
    signals: pa.Table,
    measure: str,
    dims: Sequence[str],
    *,
    minimum: int = 30,
    top: int = 30,
    pairs: bool = False,
) -> ChosenSlices:
    """Return the slices of a measure that are worth watching.

    Parameters
    ----------
    signals, measure
        As in `contribution`.
    dims
        Columns of the signals to slice by.
    minimum
        Events or answers that a slice must hold.
    top
        The most slices of one dimension or pair of dimensions.
    pairs
        Also slices of two dimensions.

    """
    counts = contribution(signals, measure).counts
    counted = signals.select(list(dims)).filter(pa.array(counts))
    given = {dim: coded(counted, dim) for dim in dims}
    groups = [(dim,) for dim in dims] + (list(combinations(dims, 2)) if pairs else [])
    chosen: list[Slice] = [Slice()]
    left_out: list[LeftOut] = []
    for group in groups:
        slices, rest = _most_frequent(given, group, minimum, top)
        chosen += slices
        if rest.values:
            left_out.append(rest)
    return ChosenSlices(tuple(chosen), tuple(left_out))


def combined(given: Sequence[Coded]) -> Codes:
    """Return one code per signal for the combination of dimensions; −1 where one is missing."""
    whole = np.zeros(len(given[0].codes), dtype=np.int64)
    known = np.ones(len(whole), dtype=bool)
    for dim in given:
        whole = whole * max(len(dim.values), 1) + dim.codes
        known &= dim.codes >= 0
    return np.where(known, whole, -1)


def _most_frequent(
    given: Mapping[str, Coded],
    dims: tuple[str, ...],
    minimum: int,
    top: int,
) -> tuple[list[Slice], LeftOut]:
    codes = combined([given[dim] for dim in dims])
    values, times = np.unique(codes[codes >= 0], return_counts=True)
    order = np.argsort(-times, kind="stable")
    often = [i for i in order if times[i] >= max(minimum, 1)][:top]
    partial = [i for i in often if times[i] < _WHOLE * len(codes)]
    slices = [_slice_of(given, dims, int(values[i])) for i in partial]
    rest = np.setdiff1d(order, often)
    return slices, LeftOut(dims, len(rest), int(times[rest].sum()))


def _slice_of(given: Mapping[str, Coded], dims: tuple[str, ...], code: int) -> Slice:
    terms: list[tuple[str, str]] = []
    for dim in reversed(dims):
        code, place = divmod(code, max(len(given[dim].values), 1))
        terms.append((dim, given[dim].values[place]))
    return Slice.of(terms)
