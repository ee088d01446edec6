"""The scan over cells of values against predictions."""

import numpy as np

from amends.engine.contracts import Floats, LeafTable, Localization, SliceShare

from .cuboids import Cuboid, cuboids, slice_at


def scan_values(table: LeafTable, deepest: int, least_gain: float, shown: int) -> Localization:
    """Return the cells whose leaves deviate together, greedily by S²/(2Nσ²) − 2 ln(cells).

    The residual of a leaf is 2(v − f)/(v + f), bounded and symmetric; σ is the robust standard
    deviation of all leaves, so that many wrong leaves do not hide themselves. A cell's leaves are
    taken out once it is found.
    """
    residual, counted = _residuals(table)
    sigma2 = _robust_variance(residual[counted])
    cut = list(cuboids(table, deepest))
    left = counted.astype(float)
    found: list[SliceShare] = []
    total = float(np.abs(table.actual - table.expected).sum())
    while len(found) < shown:
        gain, cuboid, cell = _best(cut, residual * left, left, sigma2)
        if cuboid is None or (found and gain < least_gain):
            break
        inside = cuboid.cell == cell
        actual, expected = float(table.actual[inside].sum()), float(table.expected[inside].sum())
        share = abs(actual - expected) / total if total > 0 else 1.0
        found.append(
            SliceShare(slice_at(table, cuboid, cell), actual, expected, min(share, 1.0), gain)
        )
        left[inside] = 0.0
    return Localization(tuple(found), len(found))


def _residuals(table: LeafTable) -> tuple[Floats, np.ndarray]:
    size = np.abs(table.actual) + np.abs(table.expected)
    counted = size > 0
    residual = np.zeros(len(size))
    residual[counted] = 2 * (table.actual - table.expected)[counted] / size[counted]
    return residual, counted


def _robust_variance(residual: Floats) -> float:
    if not len(residual):
        return 1.0
    mad = float(np.median(np.abs(residual - np.median(residual))))
    return max(1.4826 * mad, 1e-6) ** 2


def _best(
    cut: list[Cuboid], residual: Floats, left: Floats, sigma2: float
) -> tuple[float, Cuboid | None, int]:
    best: tuple[float, Cuboid | None, int] = (0.0, None, -1)
    for cuboid in cut:
        total, n = cuboid.sums(residual), cuboid.sums(left)
        gain = total**2 / (2 * np.maximum(n, 1.0) * sigma2) - 2 * np.log(cuboid.n_cells)
        cell = int(np.argmax(gain))
        if gain[cell] > best[0]:
            best = (float(gain[cell]), cuboid, cell)
    return best
