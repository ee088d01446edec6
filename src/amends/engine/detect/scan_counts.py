"""The likelihood scan over cells of counts (Kulldorff 1997 on cuboids)."""

from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import Floats, LeafTable, Localization, SliceShare
from amends.engine.stats.evidence import poisson_llr

from .cuboids import Cuboid, cuboids, slice_at


@dataclass(frozen=True, slots=True)
class _Candidate:
    cuboid: Cuboid
    cell: int
    llr: float
    score: float


def scan_counts(
    table: LeafTable, deepest: int, price: tuple[float, float], least_gain: float, shown: int
) -> Localization:
    """Return the cells with the largest penalised likelihood ratio, greedily."""
    cut = list(cuboids(table, deepest))
    actual, expected = table.actual.copy(), table.expected
    found: list[_Candidate] = []
    claimed = 0
    greatest = 0.0
    while len(found) < shown:
        ranked = _rank(cut, actual, expected, price)
        if not ranked:
            break
        best = ranked[0]
        greatest = greatest or best.llr
        if found and (best.score < least_gain or best.llr < 0.1 * greatest):
            break
        found.append(best)
        claimed += 1
        inside = best.cuboid.cell == best.cell
        actual[inside] = np.minimum(actual[inside], expected[inside])
    known = {slice_at(table, c.cuboid, c.cell) for c in found}
    for candidate in _rank(cut, table.actual, expected, price):
        if len(found) >= shown:
            break
        if slice_at(table, candidate.cuboid, candidate.cell) not in known:
            found.append(candidate)
    return Localization(tuple(_share(table, c) for c in found), claimed)


def _rank(
    cut: list[Cuboid], actual: Floats, expected: Floats, price: tuple[float, float]
) -> list[_Candidate]:
    """Return the best cells of every cuboid by score."""
    best: list[_Candidate] = []
    ratios = [poisson_llr(c.sums(actual), np.maximum(c.sums(expected), 1e-9)) for c in cut]
    greatest = max((float(r.max()) for r in ratios), default=0.0)
    each = price[0] + price[1] * greatest
    for cuboid, llr in zip(cut, ratios, strict=True):
        for cell in np.argsort(-llr)[:3]:
            if llr[cell] > 0:
                score = float(llr[cell]) - each * (len(cuboid.dims) - 1)
                best.append(_Candidate(cuboid, int(cell), float(llr[cell]), score))
    return sorted(best, key=lambda c: (-c.score, c.cuboid.dims, c.cell))


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
