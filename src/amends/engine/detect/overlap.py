"""Which of several overlapping findings is the breakdown, and which only feel it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import SeriesBatch

from .breakdowns import Finding, under
from .detection import Detection

EXPLAINS = 0.8
"""Part of the wider slice's excess that a narrower one must hold to be the breakdown itself."""


@dataclass(frozen=True, slots=True)
class _Pair:
    wide: Finding
    narrow: Finding


def group_overlapping(
    findings: Sequence[Finding], batch: SeriesBatch, detection: Detection
) -> tuple[Finding, ...]:
    """Return the findings with `part_of` set on those that another one explains; order is kept.

    Two findings of one measure on covering slices whose buckets overlap are one event. If the
    narrower slice holds at least 80 % of the wider one's excess, the wider finding is part of the
    narrower; otherwise the narrower is part of the wider, if the wider one's rise accounts for at
    least half of its ratio. Chains end at the one that nothing explains.
    """
    by_id = {f.breakdown_id: f for f in findings}
    explained: dict[str, str] = {}
    pairs = [
        _Pair(wide, narrow)
        for wide in findings
        for narrow in findings
        if _same_event(wide, narrow) and wide.key.slice.covers(narrow.key.slice)
    ]
    pairs.sort(key=lambda p: (-len(p.narrow.key.slice.terms), -p.narrow.evidence.score))
    held: dict[str, float] = {}
    for pair in pairs:
        share = _share(pair, batch, detection)
        is_it = share >= EXPLAINS and pair.narrow.times_usual > pair.wide.times_usual
        if is_it and share > held.get(pair.wide.breakdown_id, 0.0) + 0.05:
            held[pair.wide.breakdown_id] = share
            explained[pair.wide.breakdown_id] = pair.narrow.breakdown_id
    for pair in pairs:
        narrow, wide = pair.narrow.breakdown_id, pair.wide.breakdown_id
        if narrow not in explained and explained.get(wide) != narrow and _accounts(pair):
            explained[narrow] = wide
    return tuple(
        under(f, by_id[_root(f.breakdown_id, explained)]) if f.breakdown_id in explained else f
        for f in findings
    )


def _same_event(wide: Finding, narrow: Finding) -> bool:
    return (
        wide.breakdown_id != narrow.breakdown_id
        and wide.key.measure == narrow.key.measure
        and wide.key.slice != narrow.key.slice
        and wide.onset_earliest <= narrow.last
        and narrow.onset_earliest <= wide.last
    )


def _share(pair: _Pair, batch: SeriesBatch, detection: Detection) -> float:
    """Return the part of the wide slice's excess, while it lasted, that lies in the narrow one."""
    span = slice(pair.wide.onset, pair.wide.last + 1)
    excess = float(
        np.nansum(batch.value[pair.narrow.row, span] - detection.expected[pair.narrow.row, span])
    )
    return (-excess if pair.wide.falls else excess) / max(pair.wide.excess, 1e-9)


def _accounts(pair: _Pair) -> bool:
    """Return whether the wide slice's rise is at least half of the narrow one's."""
    return pair.wide.times_usual - 1 >= 0.5 * (pair.narrow.times_usual - 1)


def _root(start: str, explained: dict[str, str]) -> str:
    seen = {start}
    at = explained[start]
    while at in explained and at not in seen:
        seen.add(at)
        at = explained[at]
    return at
