"""Treemaps as HTML: squarified on the server, so that tiles are links that focus, zoom and theme.

Layout after Bruls, Huizing & van Wijk, Squarified Treemaps (2000).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import squarify

from amends.web.ui.parts import Box, Branch, Tile

WIDTH = 100.0
ASPECT = 0.62
"""Height ÷ width that the layout aims at."""
HEADER = 5.2
"""Height of a branch's name, in percent of the width."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tile to be laid out: `size` is its area."""

    label: str
    size: float
    text: str
    step: int
    href: str


def treemap(branches: Sequence[tuple[str, str, Sequence[Leaf]]]) -> tuple[Branch, ...]:
    """Lay out branches of (label, text, leaves), largest first; without size, left out."""
    kept = [
        (label, text, [leaf for leaf in leaves if leaf.size > 0])
        for label, text, leaves in branches
    ]
    groups = [group for group in kept if group[2]]
    height = WIDTH * ASPECT
    placed = []
    for (label, text, leaves), box in _lay_out(groups, lambda g: _size(g[2]), WIDTH, height):
        inner = max(box.height - HEADER, box.height / 10)
        tiles = tuple(
            Tile(leaf.label, leaf.text, leaf.step, leaf.href, _percent(at, box.width, inner))
            for leaf, at in _lay_out(leaves, lambda leaf: leaf.size, box.width, inner)
        )
        placed.append(Branch(label, text, _percent(box, WIDTH, height), tiles))
    return tuple(placed)


def _size(leaves: Sequence[Leaf]) -> float:
    return sum(leaf.size for leaf in leaves)


def _lay_out(
    items: Sequence[T], size: Callable[[T], float], width: float, height: float
) -> list[tuple[T, Box]]:
    if not items:
        return []
    ordered = sorted(items, key=size, reverse=True)
    sizes = squarify.normalize_sizes([size(item) for item in ordered], width, height)
    boxes = squarify.squarify(sizes, 0, 0, width, height)
    return [
        (item, Box(b["x"], b["y"], b["dx"], b["dy"]))
        for item, b in zip(ordered, boxes, strict=True)
    ]


def _percent(box: Box, width: float, height: float) -> Box:
    return Box(
        100 * box.left / width,
        100 * box.top / height,
        100 * box.width / width,
        100 * box.height / height,
    )
