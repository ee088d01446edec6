"""Causes side by side: two periods or two segments, and causes across touchpoints."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import Interval
from amends.engine.stats.intervals import wilson
from amends.store import reads
from amends.web.intake.asked import TOLD
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake

FEW: Final = 20
"""Signals of both sides together below which no difference is claimed."""
EXPECTED_AT_LEAST: Final = 5
"""Signals that a cell should have before its colour says anything."""
MOST_ROWS: Final = 14
MOST_COLUMNS: Final = 8
LIFTS: Final = (0.8, 1.25, 1.6, 2.2)
"""Where one step of the ramp ends and the next begins."""


@dataclass(frozen=True, slots=True)
class Side:
    """How many signals tell of each cause on one side."""

    counts: Mapping[str, int]

    @property
    def n(self) -> int:
        """Return how many tell of a failure."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Compared:
    """One cause on both sides.

    `ratio` is its share on the second side ÷ that on the first, with its 95 % interval; None where
    there are too few signals.
    """

    path: str
    n_first: int
    n_second: int
    share_first: float
    share_second: float
    ratio: float | None
    interval: Interval | None

    @property
    def differs(self) -> bool:
        """Whether the interval leaves no difference out."""
        return self.interval is not None and not self.interval.low <= 1 <= self.interval.high


@dataclass(frozen=True, slots=True)
class Cell:
    """Signals of a cause at a touchpoint; `step` 0: too few to say how many there should be."""

    value: str
    n: int
    lift: float | None
    step: int


@dataclass(frozen=True, slots=True)
class Heat:
    """Causes (R) across the values (C) of a dimension, the most frequent first."""

    values: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Cell, ...]], ...]
    n: int
    """Signals that say a value."""
    n_silent: int
    """Those that do not."""


def side_of(filters: Filters) -> Side:
    """Return the counts of one side, "unsure" included."""
    table = lake().counts(
        ["cause"],
        since=filters.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
        kinds=TOLD,
    )
    return Side({row["cause"]: row["n"] for row in table.to_pylist() if row["cause"]})


def compare(first: Side, second: Side) -> tuple[Compared, ...]:
    """Return the causes of both sides, those that surely differ first, then the most frequent.

    Given how many tell of a cause on both sides together, those of the second are binomial
    (Przyborowski & Wilenski 1940): so the ratio of shares has an exact-like interval, however few.
    """
    found = [_compared(path, first, second) for path in {*first.counts, *second.counts}]
    return tuple(sorted(found, key=lambda c: (not c.differs, -_weight(c), c.path)))


def heat_of(filters: Filters, across: str) -> Heat:
    """Return causes across a dimension of signals: one lake read.

    The colour of a cell is its count ÷ what it would be if cause and value had nothing to do with
    each other (row total × column total ÷ all).
    """
    signals = reads.where(
        lake().signals(),
        since=filters.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause or None,
        kinds=TOLD,
    )
    told = signals.filter(signals["cause"].notnull())
    counted = told.group_by(["cause", across]).agg(n=told.count())
    counts: Counter[tuple[str, str]] = Counter()
    silent = 0
    for row in lake().fetch(counted).to_pylist():
        if row[across] is None:
            silent += row["n"]
        else:
            counts[row["cause"], row[across]] += row["n"]
    by_cause, by_value = Counter[str](), Counter[str]()
    for (cause, value), n in counts.items():
        by_cause[cause] += n
        by_value[value] += n
    total = counts.total()
    values = [value for value, _ in by_value.most_common(MOST_COLUMNS)]
    rows = tuple(
        (
            cause,
            n,
            tuple(
                _cell(value, counts[cause, value], n * by_value[value] / total) for value in values
            ),
        )
        for cause, n in by_cause.most_common(MOST_ROWS)
    )
    return Heat(tuple(values), rows, total, silent)


def _compared(path: str, first: Side, second: Side) -> Compared:
    a, b = first.counts.get(path, 0), second.counts.get(path, 0)
    share_a, share_b = a / max(first.n, 1), b / max(second.n, 1)
    ratio, interval = None, None
    if a + b >= FEW and first.n and second.n:
        exposure = first.n / second.n
        part = wilson(b, a + b)
        high = math.inf if part.high >= 1 else part.high / (1 - part.high) * exposure
        ratio = b / a * exposure if a else math.inf
        interval = Interval(part.low / (1 - part.low) * exposure, high, part.level)
    return Compared(path, a, b, share_a, share_b, ratio, interval)


def _weight(compared: Compared) -> float:
    """Return how far the interval lies from "no difference", in log ratio; else how frequent."""
    interval = compared.interval
    if interval is None or not compared.differs:
        return compared.share_first + compared.share_second
    return math.log(interval.low) if interval.low > 1 else -math.log(max(interval.high, 1e-9))


def _cell(value: str, n: int, expected: float) -> Cell:
    if expected < EXPECTED_AT_LEAST and n < EXPECTED_AT_LEAST:
        return Cell(value, n, None, 0)
    lift = n / expected
    return Cell(value, n, lift, 1 + sum(lift >= edge for edge in LIFTS))
