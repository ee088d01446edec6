"""What each signal adds to a measure: its value, and the exposure the value is per."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import MEASURES, BadInput, Family, Floats, Kind

from .convert import bools

NEGATIVE_BELOW: Final = -0.05
"""A sentiment below this is negative; between it and its opposite lies neutral."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What N signals add to a measure.

    Parameters
    ----------
    value
        float64 of shape (N,): events or badness; 0 where the signal says nothing of the measure.
    exposure
        float64 of shape (N,), or None when the measure is per day: time itself is the exposure.
    counts
        bool of shape (N,): the signal is an event or an answer of the measure.

    """

    value: Floats
    exposure: Floats | None
    counts: Mask


def contribution(signals: pa.Table, measure: str) -> Contribution:
    """Return what each signal adds to a measure of `MEASURES`.

    Complaints, tickets and social mentions count their kind; their rates are per unit of `exposure`
    of the transactions; the escalation rate is per complaint or ticket, of those flagged
    `is_escalated` and of escalations that are signals of their own (one that is told both ways
    counts twice); scores count their answers; negative sentiment (below `NEGATIVE_BELOW`) is per
    verbatim that has a sentiment. What a signal adds depends on that signal alone.

    Raises
    ------
    BadInput
        There is no measure of that name.

    """
    if measure not in MEASURES:
        raise BadInput(
            f"There is no measure {measure!r}.", remedy=f"The measures are: {', '.join(MEASURES)}."
        )
    return _CONTRIBUTIONS[measure](signals)


def measures_of(signals: pa.Table, minimum: int = 1) -> tuple[str, ...]:
    """Return the measures of which the signals hold at least `minimum` events or answers.

    A rate needs its exposure too.
    """
    found = []
    for name in MEASURES:
        given = contribution(signals, name)
        exposed = given.exposure is None or given.exposure.sum() > 0
        if exposed and given.counts.sum() >= minimum:
            found.append(name)
    return tuple(found)


def _is_kind(signals: pa.Table, *kinds: Kind) -> Mask:
    return bools(pc.is_in(signals["kind"], value_set=pa.array([kind.value for kind in kinds])))


def _counts(kind: Kind) -> Callable[[pa.Table], Contribution]:
    def count(signals: pa.Table) -> Contribution:
        is_kind = _is_kind(signals, kind)
        return Contribution(is_kind.astype(np.float64), None, is_kind)

    return count


def _per_transaction(kind: Kind) -> Callable[[pa.Table], Contribution]:
    def rate(signals: pa.Table) -> Contribution:
        is_kind = _is_kind(signals, kind)
        exposure = np.asarray(pc.fill_null(signals["exposure"], 0.0), dtype=np.float64)
        exposure = np.where(_is_kind(signals, Kind.TRANSACTION), exposure, 0.0)
        return Contribution(is_kind.astype(np.float64), exposure, is_kind)

    return rate


def _escalation_rate(signals: pa.Table) -> Contribution:
    is_contact = _is_kind(signals, Kind.COMPLAINT, Kind.TICKET)
    is_flagged = is_contact & bools(signals["is_escalated"])
    is_escalated = is_flagged | _is_kind(signals, Kind.ESCALATION)
    return Contribution(is_escalated.astype(np.float64), is_contact.astype(float), is_escalated)


def _scores(field: str, badness: Callable[[Floats], Floats]) -> Callable[[pa.Table], Contribution]:
    def score(signals: pa.Table) -> Contribution:
        given = bools(pc.is_valid(signals[field]))
        scores = np.asarray(pc.fill_null(signals[field], 0), dtype=np.float64)
        value = np.where(given, badness(scores), 0.0)
        return Contribution(value, given.astype(np.float64), given)

    return score


def _nps_badness(score: Floats) -> Floats:
    return np.where(score >= 9, 0.0, np.where(score >= 7, 0.5, 1.0))


_CONTRIBUTIONS: Final[Mapping[str, Callable[[pa.Table], Contribution]]] = {
    "complaints": _counts(Kind.COMPLAINT),
    "tickets": _counts(Kind.TICKET),
    "complaint_rate": _per_transaction(Kind.COMPLAINT),
    "ticket_rate": _per_transaction(Kind.TICKET),
    "social_mentions": _counts(Kind.SOCIAL),
    "mention_rate": _per_transaction(Kind.SOCIAL),
    "escalation_rate": _escalation_rate,
    "nps_harm": _scores("nps", _nps_badness),
    "csat_harm": _scores("csat", lambda score: (score <= 3).astype(np.float64)),
    "ces_harm": _scores("ces", lambda score: (score <= 4).astype(np.float64)),
    "negative_share": _scores("sentiment", lambda score: (score < NEGATIVE_BELOW).astype(float)),
}

assert _CONTRIBUTIONS.keys() == MEASURES.keys()  # noqa: S101 - a measure without its meaning


def is_mean(measure: str) -> bool:
    """Return whether a measure averages answers (otherwise it counts events)."""
    return MEASURES[measure].family is Family.MEAN
