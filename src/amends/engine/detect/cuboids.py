"""All ways to cut a leaf table: cuboids (sets of dimensions) and their cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Floats, LeafTable, Slice

MAX_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Cuboid:
    """The cells of one set of dimensions."""

    dims: tuple[int, ...]
    cell: NDArray[np.int64]
    """Per leaf its cell, numbered from 0 without gaps."""
    first: NDArray[np.int64]
    """Per cell one leaf that lies in it."""

    @property
    def n_cells(self) -> int:
        """Return how many cells hold a leaf."""
        return len(self.first)

    def sums(self, values: Floats) -> Floats:
        """Return the sum of a leaf figure over every cell."""
        sums = np.bincount(self.cell, weights=values, minlength=self.n_cells)
        return sums.astype(np.float64)


def cuboids(table: LeafTable, deepest: int) -> Iterator[Cuboid]:
    """Yield the cuboids of 1 to `deepest` dimensions, the coarsest first."""
    sizes = [max(len(values), 1) for values in table.values]
    codes = table.codes.astype(np.int64)
    for depth in range(1, min(deepest, len(table.dims)) + 1):
        for dims in combinations(range(len(table.dims)), depth):
            flat = np.zeros(len(codes), dtype=np.int64)
            for dim in dims:
                flat = flat * sizes[dim] + codes[:, dim]
            yield _dense(dims, flat, int(np.prod([float(sizes[d]) for d in dims])))


def _dense(dims: tuple[int, ...], flat: NDArray[np.int64], size: int) -> Cuboid:
    if size > MAX_CELLS:
        _, first, cell = np.unique(flat, return_index=True, return_inverse=True)
        return Cuboid(dims, cell.astype(np.int64), first.astype(np.int64))
    first_of = np.full(size, -1, dtype=np.int64)
    first_of[flat[::-1]] = np.arange(len(flat))[::-1]
    used = np.flatnonzero(first_of >= 0)
    number = np.empty(size, dtype=np.int64)
    number[used] = np.arange(len(used))
    return Cuboid(dims, number[flat], first_of[used])


def slice_at(table: LeafTable, cuboid: Cuboid, cell: int) -> Slice:
    """Return the slice that a cell stands for."""
    codes = table.codes[cuboid.first[cell]]
    return Slice.of((table.dims[d], table.values[d][int(codes[d])]) for d in cuboid.dims)


def check_leaves(table: LeafTable, *, signed: bool) -> None:
    """Refuse leaves that no likelihood fits.

    Raises
    ------
    BadInput
        There are no leaves or dimensions; a figure is NaN or infinite; a count or its expectation
        is negative; codes lie outside the values.

    """
    if not table.dims or not len(table.codes):
        raise BadInput(
            "There is nothing to localise: the table has no rows or no dimensions.",
            remedy="Name at least one dimension column and check that rows are left at that time.",
        )
    for name in ("actual", "expected"):
        figures: Floats = getattr(table, name)
        bad = ~np.isfinite(figures) if signed else ~(np.isfinite(figures) & (figures >= 0))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            rule = "a finite number" if signed else "a finite number of 0 or more"
            raise BadInput(f"{name} is {figures[row]}; it must be {rule}.", where=f"leaf {row + 1}")
    limits = np.array([len(values) for values in table.values])
    if (table.codes < 0).any() or (table.codes >= limits).any():
        raise BadInput("A leaf has a code for which there is no value.")
