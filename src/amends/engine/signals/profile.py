"""What a column holds, seen from its values alone."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .date_forms import find_dates
from .dates import WRITTEN_FORMS
from .fields import plain_name
from .redact import placeholder_for, redact_text

_PROBED: Final = 2_000
_ID: Final = re.compile(r"[A-Za-z0-9][\w.:/#\-]{2,63}")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")
_SAMPLE_LENGTH: Final = 80


@dataclass(frozen=True)
class Profile:
    """Counts and means of a column of N values; means are over a spread sample."""

    column: str
    values: pa.ChunkedArray
    """All N values; null where empty."""
    probe: pa.Array
    """At most 2,000 filled values, spread over the column, as text."""
    filled: int
    mean_length: float
    mean_words: float
    samples: tuple[str, ...]

    @property
    def n(self) -> int:
        """Return how many rows there are."""
        return len(self.values)

    @property
    def is_instant(self) -> bool:
        """Return whether the values are timestamps already."""
        return bool(pa.types.is_timestamp(self.values.type))

    @cached_property
    def distinct(self) -> int:
        """Return how many different values there are; counted when first asked for."""
        return int(pc.count_distinct(self.values, mode="only_valid").as_py())

    @property
    def share_distinct(self) -> float:
        """Return distinct ÷ filled; 0 when nothing is filled."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def is_unique(self) -> bool:
        """Return whether every row has a value of its own."""
        return self.n > 1 and self.filled == self.n and self.distinct == self.n

    def share(self, pattern: re.Pattern[str]) -> float:
        """Return the share of the probe that is of a pattern from start to end."""
        values = self.probe.to_pylist()
        return sum(pattern.fullmatch(value.strip()) is not None for value in values) / (
            len(values) or 1
        )

    @property
    def is_text(self) -> bool:
        """Return whether people wrote this: several words, hardly ever the same twice."""
        if self.mean_words < 3:
            return False
        share = len(self.probe.unique()) / len(self.probe)
        return share >= (0.1 if self.mean_length >= 60 else 0.3)

    @property
    def is_personal(self) -> bool:
        """Return whether the name says that the values are personal data."""
        return placeholder_for(plain_name(self.column)) is not None

    @property
    def is_dates(self) -> bool:
        """Return whether the values are instants or written as dates."""
        found = None if self.is_instant else find_dates(self.probe, WRITTEN_FORMS)
        return self.is_instant or (found is not None and found.share > 0.9)

    @property
    def looks_like_ids(self) -> bool:
        """Return whether the values are codes without blanks."""
        return self.share(_ID) > 0.98 and (
            self.share(_UUID) > 0.9 or not 0 < self.share(re.compile(r"\d+\.\d+")) <= 1
        )

    def in_words(self) -> str:
        """Return what the column holds, for a person who asks why it is an attribute."""
        if not self.filled:
            return "empty"
        if self.is_personal:
            return "personal data: replaced"
        if self.is_dates:
            return "dates"
        if self.is_text:
            return "free text"
        if self.distinct > 1 and self.share(_NUMBER) > 0.98:
            numbers = [float(value) for value in self.probe.to_pylist() if _NUMBER.fullmatch(value)]
            return f"numbers from {min(numbers):g} to {max(numbers):g}"
        return f"{self.distinct:,} different values" if self.distinct > 1 else "always the same"


def profile(column: str, values: pa.ChunkedArray) -> Profile:
    """Return the profile of a raw column."""
    filled = len(values) - values.null_count
    given = values.drop_null() if values.null_count else values
    places = np.unique(np.linspace(0, max(filled - 1, 0), min(_PROBED, filled)).astype(np.int64))
    chunks = given.take(pa.array(places)).cast(pa.string()).chunks
    probe = pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    return Profile(
        column=column,
        values=values,
        probe=probe,
        filled=filled,
        mean_length=pc.mean(pc.utf8_length(probe)).as_py() or 0.0,
        mean_words=_mean_words(probe),
        samples=_samples(probe, placeholder_for(plain_name(column))),
    )


def _mean_words(probe: pa.Array) -> float:
    words = pc.count_substring_regex(probe, r"\p{L}[\p{L}’']*(?:\s|[^\p{L}\d]|$)")
    return pc.mean(words).as_py() or 0.0


def _samples(probe: pa.Array, placeholder: str | None) -> tuple[str, ...]:
    if placeholder is not None:
        return (placeholder,) if len(probe) else ()
    found: list[str] = []
    for value in pc.unique(probe).slice(0, 50).to_pylist():
        shown = " ".join(redact_text(value).split())
        shown = shown if len(shown) <= _SAMPLE_LENGTH else f"{shown[: _SAMPLE_LENGTH - 1]}…"
        if shown and shown not in found:
            found.append(shown)
        if len(found) == 3:
            break
    return tuple(found)
