"""Signals rolled up into series: one measure on many slices, bucket by bucket."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Bucket, Floats, SeriesBatch, SeriesKey, Slice

from .measures import Contribution, contribution
from .slices import Coded, choose_slices, coded, combined, exposed_dims

_DAY: Final = 86_400_000_000
_FIRST_MONDAY: Final = 4 * _DAY
"""Microseconds from 1970-01-01, a Thursday, to the Monday on which weeks are counted from."""
_UNKNOWN: Final = np.iinfo(np.int64).min
_DENSE: Final = 1_000_000
"""Up to so many combinations of values a table of all of them is the quickest look-up."""

Micros = NDArray[np.int64]


def roll_up(
    signals: pa.Table,
    measure: str,
    dims: Sequence[str] = (),
    bucket: Bucket = Bucket.DAY,
    ends_at: datetime | None = None,
    *,
    minimum: int = 30,
    top: int = 30,
    pairs: bool = False,
) -> SeriesBatch:
    """Roll up a measure over everything and over the slices that `choose_slices` finds.

    See `roll_up_slices` for the series and for what is raised.
    """
    chosen = choose_slices(signals, measure, dims, minimum=minimum, top=top, pairs=pairs)
    return roll_up_slices(signals, measure, chosen.slices, bucket, ends_at)


def roll_up_slices(
    signals: pa.Table,
    measure: str,
    slices: Sequence[Slice],
    bucket: Bucket = Bucket.DAY,
    ends_at: datetime | None = None,
) -> SeriesBatch:
    """Roll up a measure over given slices; the result does not depend on the order of the rows.

    Buckets are in UTC, weeks begin on Monday. Signals without `occurred_at` or at or after
    `ends_at` are left out. A day without signals is 0 events; of a rate or mean it is unknown (NaN)
    as long as nothing was exposed. A count is per day, so its exposure is the bucket's days; of the
    first bucket only those since the first signal.

    Parameters
    ----------
    signals
        `SIGNAL_SCHEMA`.
    measure
        A name of `MEASURES`.
    slices
        Unique; the dimensions are columns of the signals.
    bucket
        Width of a step.
    ends_at
        The end of what is known, aware; None: the end of the last day for dates without a time,
        else the last signal.

    Raises
    ------
    BadInput
        No signal has a date before `ends_at`, or `ends_at` has no time zone.

    """
    at = _instants(signals)
    starts, end = _span(at, bucket, ends_at)
    width = bucket.seconds * 1_000_000
    step = (at - starts[0]) // width
    seen = (at != _UNKNOWN) & (at < end)
    given = contribution(signals, measure)
    shape = (len(slices), len(starts))
    value = _totals(signals, slices, step, given.value, seen, len(starts))
    if given.exposure is None:
        exposure = np.broadcast_to(_days(at, seen, starts, width), shape).copy()
    else:
        exposed, place = _exposed(signals, given, slices)
        exposure = _totals(signals, exposed, step, given.exposure, seen, len(starts))[place]
        value = np.where(exposure > 0, value, np.nan)
    return SeriesBatch(
        keys=tuple(SeriesKey(measure, each) for each in slices),
        bucket=bucket,
        starts=starts.astype("datetime64[us]"),
        value=value,
        exposure=exposure,
        elapsed=float(min(1.0, (end - starts[-1]) / width)),
    )


def exposed_slices(signals: pa.Table, measure: str, slices: Sequence[Slice]) -> list[Slice]:
    """Return for each slice the one in which its exposure lies; see `exposed_dims`."""
    given = contribution(signals, measure)
    if given.exposure is None:
        return list(slices)
    distinct, place = _exposed(signals, given, slices)
    return [distinct[i] for i in place]


def _exposed(
    signals: pa.Table, given: Contribution, slices: Sequence[Slice]
) -> tuple[list[Slice], NDArray[np.int64]]:
    """Return where each slice's exposure lies, each once, and the place of each slice's own."""
    given_by = exposed_dims(signals, given, {dim for each in slices for dim, _ in each.terms})
    own = [Slice(tuple(term for term in each.terms if term[0] in given_by)) for each in slices]
    distinct = list(dict.fromkeys(own))
    number = {each: i for i, each in enumerate(distinct)}
    return distinct, np.array([number[each] for each in own], dtype=np.int64)


def _totals(
    signals: pa.Table,
    slices: Sequence[Slice],
    step: Micros,
    parts: Floats,
    seen: NDArray[np.bool_],
    steps: int,
) -> Floats:
    """Return the sums of `parts`, float64 of shape (slices, steps)."""
    totals = np.zeros((len(slices), steps))
    # Most signals add nothing to most measures: leaving them out first is what makes this quick.
    matters = np.flatnonzero(seen & (parts != 0))
    dims = sorted({dim for each in slices for dim, _ in each.terms})
    table = signals.select(dims).take(pa.array(matters))
    step, parts = step[matters], parts[matters]
    for rows, member in _members({dim: coded(table, dim) for dim in dims}, slices, len(matters)):
        inside = member >= 0
        if inside.any():
            totals[rows] = _sums(member, step, parts, inside, len(rows), steps)
    return totals


def _instants(signals: pa.Table) -> Micros:
    column = signals["occurred_at"].cast(pa.int64())
    return np.asarray(pc.fill_null(column, _UNKNOWN), dtype=np.int64)


def _span(at: Micros, bucket: Bucket, ends_at: datetime | None) -> tuple[Micros, int]:
    """Return the start of each bucket and the end of what is known, in microseconds."""
    known = at[at != _UNKNOWN]
    if ends_at is not None:
        if ends_at.tzinfo is None:
            raise BadInput("The end has no time zone.", where="ends_at", remedy="Give it one.")
        end = int(np.datetime64(round(ends_at.timestamp() * 1e6), "us").astype(np.int64))
        known = known[known < end]
    if not len(known):
        raise BadInput(
            "No signal has a date, so there is nothing to follow over time.",
            where="occurred_at",
            remedy="Map the column that holds it, e.g. --map Date=occurred_at.",
        )
    if ends_at is None:
        last = int(known.max())
        end = last + (_DAY if not (known % _DAY).any() else 1)
    width = bucket.seconds * 1_000_000
    offset = _FIRST_MONDAY if bucket is Bucket.WEEK else 0
    first = (int(known.min()) - offset) // width * width + offset
    return np.arange(first, end, width, dtype=np.int64), end


def _days(at: Micros, seen: NDArray[np.bool_], starts: Micros, width: int) -> Floats:
    """Return the days of each bucket; of the first one those since the first signal."""
    days = np.full(len(starts), width / _DAY)
    known = at[seen]
    first = int(known.min())
    if not (known % _DAY).any():
        first -= first % _DAY
    days[0] = max(starts[0] + width - first, 1) / _DAY
    return days


def _members(
    codes: Mapping[str, Coded], slices: Sequence[Slice], n: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return, for the slices of each set of dimensions, their rows and each of n signals' place.

    Slices of the same dimensions do not overlap, so each signal is in one of them at most.
    """
    found = []
    numbered = sorted(enumerate(slices), key=lambda entry: tuple(dim for dim, _ in entry[1].terms))
    for dims, group in groupby(numbered, key=lambda e: tuple(dim for dim, _ in e[1].terms)):
        members = list(group)
        rows = np.array([number for number, _ in members], dtype=np.int64)
        if not dims:
            found.append((rows, np.zeros(n, dtype=np.int64)))
            continue
        given = [codes[dim] for dim in dims]
        wanted = [
            _wanted_code([dict(each.terms)[dim] for dim in dims], given) for _, each in members
        ]
        found.append((rows, _places(combined(given), np.array(wanted, dtype=np.int64))))
    return found


def _wanted_code(values: Sequence[str], given: Sequence[Coded]) -> int:
    """Return the code of a combination of values; −2 when one of them never occurs."""
    whole = 0
    for value, dim in zip(values, given, strict=True):
        if value not in dim.values:
            return -2
        whole = whole * max(len(dim.values), 1) + dim.values.index(value)
    return whole


def _places(codes: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each code among those wanted; −1 when it is not, or −1 itself."""
    most = int(max(codes.max(initial=0), wanted.max(initial=0)))
    if most < _DENSE:
        place = np.full(most + 2, -1, dtype=np.int64)
        place[wanted[wanted >= 0]] = np.flatnonzero(wanted >= 0)
        place[-1] = -1
        return np.take(place, codes)
    order = np.argsort(wanted, kind="stable")
    at = np.clip(np.searchsorted(wanted[order], codes), 0, len(wanted) - 1)
    return np.where((wanted[order[at]] == codes) & (codes >= 0), order[at], -1)


def _sums(
    member: NDArray[np.int64],
    step: Micros,
    parts: Floats,
    inside: NDArray[np.bool_],
    n: int,
    steps: int,
) -> Floats:
    cell = member[inside] * steps + step[inside]
    sums: Floats = np.bincount(cell, weights=parts[inside], minlength=n * steps).astype(np.float64)
    return sums.reshape(n, steps)
