"""What a batch of signals adds to series that are kept elsewhere: cells of series and bucket.

Cells of parts of the signals add up to those of all of them, so rollups can be kept with them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import Bucket, Floats, SeriesKey

from .measures import contribution

Ints = NDArray[np.int64]

_DENSE: Final = 200_000
"""Up to so many combinations of values a table of all of them is the quickest look-up."""
_NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """What is added where, in the order of series and bucket, each pair once.

    Parameters
    ----------
    series
        int64 of shape (M,): places in the keys.
    starts
        `datetime64[us]` of shape (M,): starts of buckets.
    value, exposure
        float64 of shape (M,); not both 0.

    """

    series: Ints
    starts: NDArray[np.datetime64]
    value: Floats
    exposure: Floats

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True, slots=True)
class _Group:
    """Series of one measure that are told apart by the same dimensions; they do not overlap."""

    dims: tuple[str, ...]
    wanted: Ints
    """Codes of the combinations of values, ascending."""
    series: Ints
    """The series of each."""
    table: Ints | None
    """Code → series, where there are few."""

    def places(self, codes: Ints) -> Ints:
        """Return the series of each code; −1 where there is none."""
        if self.table is not None:
            return self.table[codes]
        at = np.minimum(np.searchsorted(self.wanted, codes), len(self.wanted) - 1)
        return np.where(self.wanted[at] == codes, self.series[at], _NOWHERE)


class Adder:
    """Series, prepared once so that many batches can be added quickly.

    Parameters
    ----------
    keys
        Unique.
    is_exposed
        Shape (S,): the exposure is counted in this series; see `exposed_slices`.
    bucket
        Hour or day.

    """

    def __init__(
        self, keys: Sequence[SeriesKey], is_exposed: Sequence[bool], bucket: Bucket = Bucket.DAY
    ) -> None:
        values: dict[str, set[str]] = defaultdict(set)
        for key in keys:
            for dim, value in key.slice.terms:
                values[dim].add(value)
        self._width = bucket.seconds * 1_000_000
        self._words = {dim: pa.array(sorted(given)) for dim, given in values.items()}
        codes = {dim: {w: i for i, w in enumerate(sorted(v))} for dim, v in values.items()}
        everything = list(enumerate(keys))
        exposed = [(i, key) for i, key in everything if is_exposed[i]]
        self._of_value = _grouped(everything, codes)
        self._of_exposure = _grouped(exposed, codes)

    def cells(self, signals: pa.Table) -> Cells:
        """Return what signals (`SIGNAL_SCHEMA`) add; those without `occurred_at` add nothing."""
        dated = signals.filter(pc.is_valid(signals["occurred_at"]))
        step = np.asarray(dated["occurred_at"].cast(pa.int64()), dtype=np.int64) // self._width
        codes = {dim: _codes(dated[dim], words) for dim, words in self._words.items()}
        found: list[tuple[Ints, Ints, Floats, bool]] = []
        for measure in self._of_value:
            given = contribution(dated, measure)
            for parts, groups, is_value in (
                (given.value, self._of_value.get(measure, ()), True),
                (given.exposure, self._of_exposure.get(measure, ()), False),
            ):
                if parts is None or not groups:
                    continue
                # Most signals add nothing to most measures: leaving them out makes this quick.
                rows = np.flatnonzero(parts)
                for group in groups if len(rows) else ():
                    series = group.places(_combined(group.dims, codes, self._words, rows))
                    inside = series >= 0
                    found.append(
                        (series[inside], step[rows[inside]], parts[rows[inside]], is_value)
                    )
        return self._summed(found)

    def _summed(self, found: Sequence[tuple[Ints, Ints, Floats, bool]]) -> Cells:
        if not sum(len(series) for series, *_ in found):
            nothing: Floats = np.empty(0, np.float64)
            return Cells(np.empty(0, np.int64), np.empty(0, "datetime64[us]"), nothing, nothing)
        series = np.concatenate([part[0] for part in found])
        step = np.concatenate([part[1] for part in found])
        weight = np.concatenate([part[2] for part in found])
        is_value = np.repeat([part[3] for part in found], [len(part[0]) for part in found])
        first = step.min()
        span = step.max() - first + 1
        distinct, cell = np.unique(series * span + (step - first), return_inverse=True)
        value, exposure = (
            np.bincount(cell, np.where(counts, weight, 0.0), len(distinct)).astype(np.float64)
            for counts in (is_value, ~is_value)
        )
        starts = ((distinct % span + first) * self._width).astype("datetime64[us]")
        return Cells(distinct // span, starts, value, exposure)


def _grouped(
    keys: Sequence[tuple[int, SeriesKey]], codes: Mapping[str, Mapping[str, int]]
) -> dict[str, list[_Group]]:
    """Return the groups of each measure."""
    members: dict[tuple[str, tuple[str, ...]], list[tuple[int, int]]] = defaultdict(list)
    for place, key in keys:
        code = 0
        for dim, value in key.slice.terms:
            code = code * len(codes[dim]) + codes[dim][value]
        dims = tuple(dim for dim, _ in key.slice.terms)
        members[key.measure, dims].append((code, place))
    groups: dict[str, list[_Group]] = defaultdict(list)
    for (measure, dims), pairs in members.items():
        wanted, series = np.array(sorted(pairs), dtype=np.int64).T
        size = int(np.prod([len(codes[dim]) for dim in dims], dtype=np.float64))
        table = None
        if size <= _DENSE:
            table = np.full(size + 1, _NOWHERE, dtype=np.int64)  # the last is for code −1
            table[wanted] = series
        groups[measure].append(_Group(dims, wanted, series, table))
    return groups


def _codes(column: pa.ChunkedArray, words: pa.Array) -> Ints:
    """Return the place of each value among the words; −1 where it is none of them."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return np.asarray(pc.fill_null(pc.index_in(column, value_set=words), _NOWHERE), dtype=np.int64)


def _combined(
    dims: tuple[str, ...], codes: Mapping[str, Ints], words: Mapping[str, pa.Array], rows: Ints
) -> Ints:
    whole = np.zeros(len(rows), dtype=np.int64)
    known = np.ones(len(rows), dtype=bool)
    for dim in dims:
        part = codes[dim][rows]
        whole = whole * len(words[dim]) + part
        known &= part >= 0
    return np.where(known, whole, _NOWHERE)
