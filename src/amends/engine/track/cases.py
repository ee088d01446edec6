"""From signals to cases and contacts: who came when, about what, and how it ended."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Kind, Severity

from .columns import (
    DAY,
    Codes,
    Flags,
    Instants,
    codes,
    family_codes,
    first_known,
    instants,
    is_one_of,
    numbers,
)

Item = TypeVar("Item", bound=np.generic)

CASE_KINDS = (Kind.COMPLAINT.value, Kind.TICKET.value)
"""Signals that open a case."""
CONTACT_KINDS = (*CASE_KINDS, Kind.ESCALATION.value, Kind.SOCIAL.value)
"""Signals in which the customer came to us."""
RECORD_WITHIN = DAY
"""A ticket this soon after a complaint of the same case is the record of it, no further contact."""


@dataclass(frozen=True, slots=True)
class SignalColumns:
    """The columns of R signals that cases are made of, read once. All arrays have shape (R,)."""

    at: Instants
    """When it happened: occurred_at, else received_at, else opened_at."""
    customer: Codes
    family: Codes
    """Cause family."""
    case: Codes
    """Signals of one case have one code; a signal without case_ref is its own."""
    is_case: Flags
    is_contact: Flags


@dataclass(frozen=True, slots=True)
class Cases:
    """N cases. Signals with one case_ref are one case; one without is its own.

    All arrays have shape (N,); unknown is NaT, −1 or NaN.
    """

    code: Codes
    """The case's code in `SignalColumns.case`."""
    opened_at: Instants
    """Earliest complaint: opened_at, else occurred_at, else received_at."""
    contact_at: Instants
    """First contact."""
    resolved_at: Instants
    """Last resolution that was known by the end of the data."""
    first_resolved_at: Instants
    """First resolution: from then on, who comes back comes back."""
    customer: Codes
    family: Codes
    is_tracked: Flags
    """Its source records resolutions of its kind at all, so that none means open."""
    is_escalated: Floats
    transfers: Floats
    reopens: Floats
    contacts: Floats
    value_at_risk: Floats
    severity: Floats
    """Rank 0 (low) to 3 (critical)."""

    def __len__(self) -> int:
        return len(self.code)


def read_columns(signals: pa.Table) -> SignalColumns:
    """Read what cases are made of."""
    refs, names = codes(signals["case_ref"])
    case = refs.copy()
    alone = refs < 0
    case[alone] = len(names) + np.arange(int(alone.sum()))
    at = first_known(*(instants(signals, c) for c in ("occurred_at", "received_at", "opened_at")))
    is_contact = is_one_of(signals, CONTACT_KINDS) & ~_is_record(signals, case, at)
    return SignalColumns(
        at=at,
        customer=codes(signals["customer_id"])[0],
        family=family_codes(signals["cause"])[0],
        case=case,
        is_case=is_one_of(signals, CASE_KINDS),
        is_contact=is_contact,
    )


def _is_record(signals: pa.Table, case: Codes, at: Instants) -> Flags:
    """Return which tickets only write down a complaint that came before, in the same case."""
    said = is_one_of(signals, (Kind.COMPLAINT.value, Kind.SOCIAL.value))
    ticket = is_one_of(signals, (Kind.TICKET.value,))
    rows = np.flatnonzero((said | ticket) & ~np.isnat(at))
    rows = rows[np.lexsort((ticket[rows], at[rows], case[rows]))]
    answer = np.zeros(len(case), dtype=np.bool_)
    last = np.maximum.accumulate(np.where(said[rows], np.arange(len(rows)), -1))
    before = rows[np.maximum(last, 0)]
    near = at[rows] - at[before] <= RECORD_WITHIN
    answer[rows] = ticket[rows] & (last >= 0) & (case[rows] == case[before]) & near
    return answer


def last_instant(signals: pa.Table) -> np.datetime64 | None:
    """Return the last instant of the data, or None when nothing is dated."""
    names = ("occurred_at", "received_at", "opened_at", "resolved_at")
    lasts = [np.nanmax(a) for a in (instants(signals, n) for n in names) if not np.isnat(a).all()]
    return max(lasts) if lasts else None


def build_cases(signals: pa.Table, columns: SignalColumns, ends_at: np.datetime64) -> Cases:
    """Fold the signals that open a case into cases."""
    rows = np.flatnonzero(columns.is_case)
    opened = first_known(
        *(instants(signals, c)[rows] for c in ("opened_at", "occurred_at", "received_at"))
    )
    order = np.lexsort((columns.customer[rows], columns.family[rows], opened, columns.case[rows]))
    rows, opened = rows[order], opened[order]
    case = columns.case[rows]
    starts = np.flatnonzero(np.r_[True, case[1:] != case[:-1]]) if len(rows) else np.array([], int)
    resolved = instants(signals, "resolved_at")[rows]
    resolved[resolved > ends_at] = np.datetime64("NaT")
    tracked = _resolves(signals)[rows]
    escalated = _escalations(signals, columns)[rows]

    def most(name: str) -> Floats:
        return _reduce(np.fmax, numbers(signals, name)[rows], starts)

    return Cases(
        code=case[starts],
        opened_at=opened[starts],
        contact_at=_reduce(np.fmin, columns.at[rows], starts),
        resolved_at=_reduce(np.fmax, resolved, starts),
        first_resolved_at=_reduce(np.fmin, resolved, starts),
        customer=_first_code(columns.customer[rows], starts),
        family=_first_code(columns.family[rows], starts),
        is_tracked=_reduce(np.logical_or, tracked, starts),
        is_escalated=_reduce(np.fmax, escalated, starts),
        transfers=most("transfers"),
        reopens=most("reopens"),
        contacts=most("contacts"),
        value_at_risk=most("value_at_risk"),
        severity=_reduce(np.fmax, _severity(signals)[rows], starts),
    )


def _resolves(signals: pa.Table) -> Flags:
    """Return which signals are of a source and kind whose resolutions are recorded."""
    source, names = codes(signals["source"])
    kind, kinds = codes(signals["kind"])
    sort = source * len(kinds) + kind
    has = ~np.isnat(instants(signals, "resolved_at"))
    return np.asarray(np.bincount(sort[has], minlength=len(names) * len(kinds))[sort] > 0)


def _escalations(signals: pa.Table, columns: SignalColumns) -> Floats:
    """Return 1 for signals of escalated cases, 0 for others, NaN where nobody records it."""
    told = numbers(signals, "is_escalated")
    is_escalation = is_one_of(signals, (Kind.ESCALATION.value,))
    if is_escalation.any():
        linked = np.isin(columns.case, columns.case[is_escalation]).astype(np.float64)
        told = np.fmax(told, linked)
    return told


def _severity(signals: pa.Table) -> Floats:
    ranks, names = codes(signals["severity"])
    known = {level.value: float(level.rank) for level in Severity}
    return np.asarray([*(known.get(n, np.nan) for n in names), np.nan])[ranks]


def _reduce(fold: np.ufunc, values: NDArray[Item], starts: Codes) -> NDArray[Item]:
    return np.asarray(fold.reduceat(values, starts)) if len(starts) else values[:0]


def _first_code(values: Codes, starts: Codes) -> Codes:
    """Return per case the code of its earliest signal that has one."""
    if not len(starts):
        return values[:0]
    group = np.cumsum(np.isin(np.arange(len(values)), starts)) - 1
    known = values >= 0
    result = np.full(len(starts), -1, dtype=np.int64)
    result[group[known][::-1]] = values[known][::-1]
    return result
