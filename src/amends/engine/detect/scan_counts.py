"""The likelihood scan over cells of counts (Kulldorff 1997 on cuboids), and where it stops.

The cell with the largest likelihood ratio is often a part of the cause: the part that was hit
hardest. So the scan then widens it, an attribute at a time, as long as the rest of the wider slice
has risen as well, judged by the median of the rest's values, lest one other breakdown in the
neighbourhood pass for a rise of the whole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Floats, LeafTable, Localization, SliceShare
from amends.engine.stats.evidence import poisson_llr

from .cuboids import Cuboid, cuboids, slice_at

Bools = NDArray[np.bool_]
_PRIOR = 1.0
"""Events that shrink a ratio of few to 1."""
_EQUAL = 9.0
"""Widening by an attribute that excludes nothing is always right: it says the same, shorter."""
_LEAST_PART = 0.1
"""Part of the first cause's likelihood ratio that a further one must reach."""


@dataclass(frozen=True, slots=True)
class CountScan:
    """What a scan of counts charges; see `LocalizeConfig`."""

    deepest: int
    attribute_price: float
    attribute_share: float
    widen_from: float
    least_gain: float
    shown: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    cuboid: Cuboid
    cell: int
    llr: float
    score: float


def scan_counts(table: LeafTable, scan: CountScan) -> Localization:
    """Return the causes, greedily, and after them the runners-up by penalised likelihood ratio."""
    cut = list(cuboids(table, scan.deepest))
    expected = np.maximum(table.expected, 1e-12)
    claimed = _causes(table, cut, expected, scan)
    runners = _rank(cut, table.actual, expected, scan.attribute_price, scan.attribute_share)
    slices = {slice_at(table, c.cuboid, c.cell): c for c in (*claimed, *runners)}
    shown = list(slices.values())[: max(scan.shown, len(claimed))]
    return Localization(tuple(_share(table, c) for c in shown), len(claimed))


def _causes(
    table: LeafTable, cut: list[Cuboid], expected: Floats, scan: CountScan
) -> list[_Candidate]:
    actual = table.actual.copy()
    by_dims = {c.dims: c for c in cut}
    found: list[_Candidate] = []
    while len(found) < scan.shown:
        ranked = _rank(cut, actual, expected, scan.attribute_price, 0.0)
        if not ranked:
            break
        best = ranked[0]
        if found and (best.score < scan.least_gain or best.llr < _LEAST_PART * found[0].llr):
            break
        wide = _widen(table, by_dims, actual, expected, best, scan.widen_from)
        inside = wide.cuboid.cell == wide.cell
        actual[inside] = np.minimum(actual[inside], expected[inside])
        found.append(wide)
    return found


def _rank(
    cut: list[Cuboid], actual: Floats, expected: Floats, price: float, share: float
) -> list[_Candidate]:
    """Return the best cells of every cuboid by score; each further attribute has its price."""
    ratios = [poisson_llr(c.sums(actual), c.sums(expected)) for c in cut]
    each = price + share * max((float(r.max()) for r in ratios), default=0.0)
    ranked = []
    for cuboid, llr in zip(cut, ratios, strict=True):
        for cell in np.argsort(-llr, kind="stable")[:3]:
            if llr[cell] > 0:
                score = float(llr[cell]) - each * (len(cuboid.dims) - 1)
                ranked.append(_Candidate(cuboid, int(cell), float(llr[cell]), score))
    return sorted(ranked, key=lambda c: (-c.score, c.cuboid.dims, c.cell))


def _widen(
    table: LeafTable,
    by_dims: dict[tuple[int, ...], Cuboid],
    actual: Floats,
    expected: Floats,
    start: _Candidate,
    least: float,
) -> _Candidate:
    """Drop attributes while what they exclude has risen at least `least` as much, in logs."""
    cuboid, inside = start.cuboid, start.cuboid.cell == start.cell
    leaf = int(start.cuboid.first[start.cell])
    while len(cuboid.dims) > 1:
        options = []
        for dim in cuboid.dims:
            wider = by_dims[tuple(d for d in cuboid.dims if d != dim)]
            around = wider.cell == wider.cell[leaf]
            rise = _relative_rise(table.codes[:, dim], actual, expected, inside, around)
            options.append((rise, wider.dims, around))
        rise, dims, around = max(options, key=lambda o: o[0])
        if rise < least:
            break
        cuboid, inside = by_dims[dims], around
    llr = float(poisson_llr(actual[inside].sum(), expected[inside].sum()))
    return _Candidate(cuboid, int(cuboid.cell[leaf]), llr, start.score)


def _relative_rise(
    values: NDArray[np.int32], actual: Floats, expected: Floats, inside: Bools, around: Bools
) -> float:
    """Return ln rise of what lies around ÷ ln rise inside, both against what lies outside."""
    rest, outside = around & ~inside, ~around
    if not rest.any() or expected[rest].sum() < 1e-9:
        return _EQUAL
    base = max(_log_rise(actual[outside].sum(), expected[outside].sum()), 0.0)
    seen = np.bincount(values[rest], weights=actual[rest])
    usual = np.bincount(values[rest], weights=expected[rest])
    used = usual > 0
    rises = np.log((seen[used] + _PRIOR) / (usual[used] + _PRIOR))
    order = np.argsort(rises, kind="stable")
    half = np.searchsorted(usual[used][order].cumsum(), usual.sum() / 2)
    median = float(rises[order][min(int(half), len(order) - 1)])
    whole = _log_rise(actual[rest].sum(), expected[rest].sum())
    own = _log_rise(actual[inside].sum(), expected[inside].sum())
    return (min(median, whole) - base) / max(own - base, 1e-9)


def _log_rise(actual: float, expected: float) -> float:
    return float(np.log((actual + _PRIOR) / (expected + _PRIOR)))


def _share(table: LeafTable, candidate: _Candidate) -> SliceShare:
    inside = candidate.cuboid.cell == candidate.cell
    actual, expected = float(table.actual[inside].sum()), float(table.expected[inside].sum())
    excess = float(table.actual.sum() - table.expected.sum())
    share = (actual - expected) / excess if excess > 0 else 1.0
    return SliceShare(
        slice=slice_at(table, candidate.cuboid, candidate.cell),
        actual=actual,
        expected=expected,
        share_explained=float(np.clip(share, 0.0, 1.0)),
        score=candidate.score,
    )
