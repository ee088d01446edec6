"""Typical words of a cause: those it is surest of, and no two alike."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import ibis

from amends.store import reads
from amends.web.intake.filters import Filters
from amends.web.intake.lake import lake
from amends.web.intake.telling import SHOWN, SignalRow, rows_of

CANDIDATES: Final = 80
SHORTEST: Final = 40
"""Characters below which a text tells too little to be typical."""
MOST_ALIKE: Final = 0.4
"""Share of words in common from which two texts are alike."""
WORD: Final = re.compile(r"[^\W\d_]{3,}")


def typical_of(filters: Filters, most: int = 6) -> tuple[SignalRow, ...]:
    """Return typical signals of the cause that is filtered by: one lake read."""
    signals = reads.where(
        lake().signals(),
        since=filters.since,
        until=filters.until,
        dims=filters.dims,
        cause=filters.cause,
    )
    worded = signals.filter(signals["verbatim"].length() >= SHORTEST).select(*SHOWN)
    surest = worded.order_by(
        ibis.desc("cause_confidence", nulls_first=False),
        ibis.desc("occurred_at", nulls_first=False),
        "signal_id",
    )
    found = lake().fetch(surest.limit(CANDIDATES)).to_pylist()
    return rows_of(diverse(found, most))


def diverse(signals: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """Return the first signals of which no two are alike, at most so many."""
    chosen: list[Mapping[str, Any]] = []
    said: list[set[str]] = []
    for signal in signals:
        words = set(WORD.findall(signal["verbatim"].lower()))
        if all(_likeness(words, other) < MOST_ALIKE for other in said):
            chosen.append(signal)
            said.append(words)
        if len(chosen) == most:
            break
    return chosen


def _likeness(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0
