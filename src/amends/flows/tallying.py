"""What a file holds, counted part by part: what a dry run tells."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pyarrow.compute as pc

from amends.engine.contracts import QuarantinedRow
from amends.flows.importing import Part

_VALUE: Final = re.compile(r"""^(['"]).*\1 is """, re.DOTALL)
_MOST_REASONS: Final = 500
_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were set aside, how many, and some of them."""

    field: str
    what: str
    n: int
    samples: tuple[QuarantinedRow, ...]


@dataclass(slots=True)
class Tally:
    """Counts of what has been read so far."""

    rows: int = 0
    quarantined: int = 0
    undated: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    _reasons: dict[tuple[str, str], list[QuarantinedRow]] = field(default_factory=dict)
    _times: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, part: Part) -> None:
        """Count a part."""
        self.rows += part.rows
        self.quarantined += len(part.quarantined)
        for entry in pc.value_counts(part.signals["kind"]).to_pylist():
            self.kinds[entry["values"]] += entry["counts"]
        at = part.signals["occurred_at"]
        self.undated += at.null_count
        bounds = pc.min_max(at)
        first, last = bounds["min"].as_py(), bounds["max"].as_py()
        if first is not None:
            self.first_at = min(self.first_at or first, first)
            self.last_at = max(self.last_at or last, last)
        for row in part.quarantined:
            self._note(row)

    def reasons(self, most: int) -> list[Reason]:
        """Return the commonest reasons for which rows were set aside."""
        return [
            Reason(*key, n, tuple(self._reasons[key])) for key, n in self._times.most_common(most)
        ]

    def _note(self, row: QuarantinedRow) -> None:
        key = row.field, _VALUE.sub("", row.reason)
        if key not in self._times and len(self._times) >= _MOST_REASONS:
            key = "", "other reasons"
        self._times[key] += 1
        samples = self._reasons.setdefault(key, [])
        if len(samples) < _SAMPLES:
            samples.append(row)
