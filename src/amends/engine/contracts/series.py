"""Measures, slices and series: what detect reads and localise explains."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .words import Bucket

Floats = NDArray[np.float64]


class Family(StrEnum):
    """How the values of a measure are distributed, and so which likelihood judges it."""

    COUNT = "count"
    """Events against a baseline that carries exposure: overdispersed Poisson."""
    FALL = "fall"
    """Events of which fewer are worse: a count that is judged downwards."""
    MEAN = "mean"
    """Sum of badness in [0, 1] over `exposure` answers: bounded mean."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted or averaged over time.

    A higher value is worse, except in the family of falls: there silence is.
    """

    name: str
    label: str
    family: Family
    per: str
    """What one unit of exposure is: "order", "contact", "day", "answer"."""


MEASURES: Final[Mapping[str, Measure]] = {
    m.name: m
    for m in (
        Measure("complaints", "Complaints", Family.COUNT, "day"),
        Measure("tickets", "Tickets", Family.COUNT, "day"),
        Measure("complaint_rate", "Complaint rate", Family.COUNT, "transaction"),
        Measure("ticket_rate", "Ticket rate", Family.COUNT, "transaction"),
        Measure("social_mentions", "Social mentions", Family.COUNT, "day"),
        Measure("mention_rate", "Social mention rate", Family.COUNT, "transaction"),
        Measure("escalation_rate", "Escalation rate", Family.COUNT, "contact"),
        Measure("nps_harm", "NPS shortfall", Family.MEAN, "answer"),
        Measure("csat_harm", "CSAT shortfall", Family.MEAN, "answer"),
        Measure("ces_harm", "Effort", Family.MEAN, "answer"),
        Measure("negative_share", "Negative sentiment", Family.MEAN, "verbatim"),
    )
}
"""NPS shortfall per answer: promoter 0, passive ½, detractor 1, so NPS = 100·(1 − 2·mean).
CSAT shortfall: 1 for an answer of 1–3, else 0. Effort: 1 for a CES of 1–4, else 0."""

SILENCE: Final = Measure("silence", "Silence", Family.COUNT, "day")
"""Signals of a source that stayed away. No signal tells of it, so it is no measure of signals."""


def measure_named(name: str) -> Measure:
    """Return a measure by its name, the silence of a source too."""
    return SILENCE if name == SILENCE.name else MEASURES[name]


VITAL_SIGNS: Final[Mapping[str, Measure]] = {
    m.name: m
    for m in (
        Measure("signals_received", "Signals received", Family.FALL, "day"),
        Measure("resolutions", "Resolutions", Family.FALL, "expected resolution"),
    )
}
"""Measures of which less is worse. Signals received tell that a source has fallen silent.
Resolutions are per those that were due had cases been resolved at the usual pace
(`detect.resolutions`): what is still open counts without bias."""


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """A combination of dimension values, e.g. product=fibre, region=north. No terms: everything."""

    terms: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, terms: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> "Slice":
        """Build a slice with its terms in canonical (sorted) order."""
        pairs = terms.items() if isinstance(terms, Mapping) else terms
        return cls(tuple(sorted(pairs)))

    def as_dict(self) -> dict[str, str]:
        """Return dimension → value."""
        return dict(self.terms)

    def covers(self, other: "Slice") -> bool:
        """Return whether every signal of `other` also lies in this slice."""
        return set(self.terms) <= set(other.terms)

    def __str__(self) -> str:
        return ", ".join(f"{d}={v}" for d, v in self.terms) or "everything"


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """One measure on one slice."""

    measure: str
    slice: Slice = Slice()


@dataclass(frozen=True, slots=True)
class SeriesBatch:
    """N series over the same T buckets.

    Parameters
    ----------
    keys
        N keys, unique.
    bucket
        Width of a bucket.
    starts
        `datetime64[us]` of shape (T,), UTC, ascending, equally spaced.
    value
        float64 of shape (N, T): events, or the sum of badness. NaN where nothing is known.
    exposure
        float64 of shape (N, T): what the value is per; > 0 where the value is known.
    elapsed
        Share of the last bucket that lies before the end of the data, in (0, 1]; 1: complete.
    closed
        float64 of shape (T,) or None: 1 on days on which the operation rests (holidays), a known
        regressor of the baseline.
    planned
        float64 of shape (K, T) or None: 1 while something of one of K kinds is on that was known
        ahead (a campaign, a survey wave, a release). What a kind does is learnt from its past; the
        first of its kind widens the expected range.

    """

    keys: tuple[SeriesKey, ...]
    bucket: Bucket
    starts: NDArray[np.datetime64]
    value: Floats
    exposure: Floats
    elapsed: float = 1.0
    closed: Floats | None = None
    planned: Floats | None = None

    def __post_init__(self) -> None:
        shape = (len(self.keys), len(self.starts))
        for name in ("value", "exposure"):
            if getattr(self, name).shape != shape:
                raise ValueError(
                    f"{name} has shape {getattr(self, name).shape}, the batch has {shape}."
                )
        if self.planned is not None and self.planned.shape[1:] != shape[1:]:
            raise ValueError(f"planned has shape {self.planned.shape}, the batch has {shape}.")
        if not 0 < self.elapsed <= 1:
            raise ValueError(f"elapsed is {self.elapsed}; it is a share in (0, 1].")
        if len(set(self.keys)) != len(self.keys):
            raise ValueError("Two series of the batch have the same key.")


@dataclass(frozen=True, slots=True)
class NewLevel:
    """A person's word that the level of a series since some time is the new normal."""

    key: SeriesKey
    since: np.datetime64
    """First bucket of the level."""
    told_at: np.datetime64
    """When it was said: nothing that was judged before knows of it."""


@dataclass(frozen=True, slots=True)
class LeafTable:
    """The finest cells of a localisation: one row per combination of dimension values.

    Parameters
    ----------
    dims
        D dimension names.
    codes
        int32 of shape (R, D): the value of each dimension as an index into `values`.
    values
        Per dimension its distinct values.
    actual, expected
        float64 of shape (R,): what was seen in the window and what the baseline expected.

    """

    dims: tuple[str, ...]
    codes: NDArray[np.int32]
    values: tuple[tuple[str, ...], ...]
    actual: Floats
    expected: Floats


@dataclass(frozen=True, slots=True)
class SliceShare:
    """A slice offered as an explanation of a breakdown."""

    slice: Slice
    actual: float
    expected: float
    share_explained: float
    """Part of the whole excess that lies in this slice, in [0, 1]."""
    score: float
    """Penalised log-likelihood ratio (nats)."""


@dataclass(frozen=True, slots=True)
class Localization:
    """Slices, best first; the first `explained_by` of them are claimed as the causes."""

    slices: tuple[SliceShare, ...]
    explained_by: int


def as_datetime(at: np.datetime64) -> datetime:
    """Return a numpy UTC instant as an aware datetime."""
    seconds = at.astype("datetime64[us]").astype(np.int64) / 1e6
    return datetime.fromtimestamp(seconds, tz=UTC)
