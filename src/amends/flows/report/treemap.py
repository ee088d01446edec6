"""The map of causes: rectangles in percent of their container, drawn as plain HTML links.

Squarified layout after Bruls, Huizing & van Wijk, Squarified Treemaps (2000).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import squarify

from amends.engine.contracts import CauseReport
from amends.flows.report import words

ASPECT: Final = 0.4
"""Height ÷ width of the map."""
HEADER: Final = 0.062
"""Height of a branch's name as a share of the map's height."""
SMALLEST_TILE: Final = 0.004
"""Share of the area below which causes of a branch are drawn as one tile."""
SMALLEST_BRANCH: Final = 0.025
"""Share of the area below which branches are drawn as one."""
CLEAR: Final = 1.96
"""Standard errors from which a change is more than chance (95 %)."""


@dataclass(frozen=True, slots=True)
class Box:
    """Position and size in percent of the container."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tile:
    """One cause, or several small ones together (`number` is then None)."""

    label: str
    n: int
    share: float
    step: int
    says: str
    """The magnitude behind the colour: `+35 %`."""
    number: int | None
    box: Box


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the taxonomy with its tiles; their boxes are relative to the space below it."""

    label: str
    n: int
    box: Box
    header: float
    """Height of the name in percent of the branch's box; 0: it has no name."""
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Magnitude:
    """What the colour of a tile says: one of five steps."""

    caption: str
    unit: str
    """What follows the written magnitude in a sentence: `+35 %` lately."""
    least: str
    most: str
    step: Callable[[CauseReport], int]
    says: Callable[[CauseReport], str]


def magnitude(causes: Sequence[CauseReport]) -> Magnitude:
    """Choose what the colour says: growth where there are dates, else sentiment, else severity."""
    if any(c.recent_change is not None for c in causes):
        return Magnitude(
            "growth in the last quarter of the period, where it is more than chance",
            "lately",
            "none",
            "+60 % or more",
            lambda c: 1 + _steps(grown(c), (0.0, 0.15, 0.3, 0.6)),
            lambda c: words.signed_percent(c.recent_change),
        )
    if any(c.negative_share is not None for c in causes):
        return Magnitude(
            "share of negative texts",
            "negative",
            "0 %",
            "100 %",
            lambda c: 1 + _steps(c.negative_share or 0.0, (0.2, 0.4, 0.6, 0.8)),
            lambda c: words.percent(c.negative_share, 0),
        )
    return Magnitude(
        "severity",
        "severity",
        "low",
        "critical",
        lambda c: (1, 2, 4, 5)[c.severity.rank],
        lambda c: c.severity.value,
    )


def grown(cause: CauseReport) -> float:
    """Return the recent growth of a cause, 0 where chance explains it or it is unknown.

    A quarter of n signals is expected in the last quarter of the period: binomial standard error.
    """
    if cause.recent_change is None or not is_clear(cause):
        return 0.0
    return max(cause.recent_change, 0.0)


def is_clear(cause: CauseReport) -> bool:
    """Return whether the recent change is more than chance explains."""
    if cause.recent_change is None:
        return False
    expected = cause.n / 4
    return abs(cause.recent_change) * expected >= CLEAR * math.sqrt(cause.n * 3 / 16)


def cause_map(causes: Sequence[CauseReport]) -> tuple[Branch, ...]:
    """Lay out causes by branch; area is n, colour the `magnitude`.

    Parameters
    ----------
    causes
        In the order of the table: tile `number` is the 1-based place in it.

    """
    numbered = [(i, cause) for i, cause in enumerate(causes, 1) if cause.n > 0]
    total = sum(cause.n for _, cause in numbered)
    colour = magnitude(causes)
    height = 100 * ASPECT
    groups = sorted(_branches(numbered, total).items(), key=lambda g: -_size(g[1]))
    branches = []
    for (label, members), box in _layout(groups, lambda g: _size(g[1]), 100.0, height):
        header = min(100 * HEADER * height / box.height, 60.0) if label else 0.0
        inner = box.height * (1 - header / 100)
        tiles = tuple(
            _tile(tile, colour, total, _percent(at, box.width, inner))
            for tile, at in _layout(_tiles(members, total), _size, box.width, inner)
        )
        place = _percent(box, 100.0, height)
        branches.append(Branch(label, _size(members), place, header, tiles))
    return tuple(branches)


_Numbered = tuple[int, CauseReport]
_T = TypeVar("_T")


def _size(members: Sequence[_Numbered]) -> int:
    return sum(cause.n for _, cause in members)


def _branches(causes: Sequence[_Numbered], total: int) -> dict[str, list[_Numbered]]:
    """Group by branch; causes without a tree stand together, small branches too."""
    found: dict[str, list[_Numbered]] = {}
    for number, cause in causes:
        found.setdefault(cause.branch or cause.label, []).append((number, cause))
    if found and all(len(members) == 1 for members in found.values()):
        return {"": list(causes)}
    small = [b for b, members in found.items() if _size(members) < SMALLEST_BRANCH * total]
    if len(small) > 1:
        found["Other"] = [pair for b in small for pair in found.pop(b)] + found.get("Other", [])
    return found


def _tiles(members: list[_Numbered], total: int) -> list[list[_Numbered]]:
    """Return one group per tile, largest first; the last one may hold several small causes."""
    ordered = sorted(members, key=lambda pair: -pair[1].n)
    large = [[pair] for pair in ordered if pair[1].n >= SMALLEST_TILE * total]
    small = ordered[len(large) :]
    return [*large, small] if small else large


def _tile(members: list[_Numbered], colour: Magnitude, total: int, box: Box) -> Tile:
    n = _size(members)
    if len(members) == 1:
        number, cause = members[0]
        step, says = colour.step(cause), colour.says(cause)
        return Tile(cause.label, n, n / total, step, says, number, box)
    return Tile(f"{len(members)} smaller causes", n, n / total, 1, "", None, box)


def _layout(
    items: Sequence[_T], size: Callable[[_T], int], width: float, height: float
) -> list[tuple[_T, Box]]:
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


def _steps(value: float, bounds: tuple[float, float, float, float]) -> int:
    return sum(value > bound for bound in bounds)
