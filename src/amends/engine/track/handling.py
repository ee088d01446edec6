"""Observations out of cases: resolution time, first-contact resolution, recontact, escalation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from amends.engine.contracts import Floats

from .cases import Cases, SignalColumns
from .columns import Codes, Flags, Instants, days
from .observations import Missing, Observations
from .working_time import WorkingHours, working_hours_between

_NO_CASES = "There are no complaints or tickets in the data."
_NO_RESOLUTION = (
    "No complaint or ticket says when it was resolved. A column with that time mapped to "
    "`resolved_at` would give it."
)


@dataclass(frozen=True, slots=True)
class Handling:
    """The cases, all contacts, and until when we looked."""

    cases: Cases
    columns: SignalColumns
    ends_at: np.datetime64
    window: np.timedelta64


def resolution_days(handling: Handling) -> Observations | Missing:
    """Return days from complaint to last resolution; open cases until the end of the data."""
    return _resolution(handling, lambda since, until: days(until - since))


def in_business_time(handling: Handling, hours: WorkingHours) -> dict[str, Observations | Missing]:
    """Return the resolution metrics in open hours."""
    found = _resolution(handling, lambda since, until: working_hours_between(since, until, hours))
    names = ("resolution_median_business_hours", "resolution_p90_business_hours")
    return dict.fromkeys(names, found)


def _resolution(
    handling: Handling, clock: Callable[[Instants, Instants], Floats]
) -> Observations | Missing:
    cases = handling.cases
    if not len(cases):
        return Missing(_NO_CASES)
    if np.isnat(cases.resolved_at).all():
        return Missing(_NO_RESOLUTION)
    dated = cases.is_tracked & ~np.isnat(cases.opened_at) & (cases.opened_at <= handling.ends_at)
    if not dated.any():
        return Missing(
            "No complaint or ticket says when it was received. A column with that time mapped to "
            "`opened_at` or `occurred_at` would give it."
        )
    ended = ~np.isnat(cases.resolved_at)
    until = np.where(ended, cases.resolved_at, handling.ends_at)
    backwards = dated & (until < cases.opened_at)
    kept = dated & ~backwards
    notes = []
    if backwards.any():
        notes.append(f"{int(backwards.sum()):,} cases end before they begin and are left out.")
    if (~cases.is_tracked).any():
        untracked = int((~cases.is_tracked).sum())
        notes.append(
            f"{untracked:,} cases of a source or kind that records no resolution are left out."
        )
    return Observations(
        cases.opened_at[kept],
        clock(cases.opened_at[kept], until[kept]),
        cluster=cases.customer[kept],
        has_ended=ended[kept],
        notes=tuple(notes),
    )


def first_contact_resolution(handling: Handling) -> Observations | Missing:
    """Return 1 per case that one contact sufficed for, 0 for the others."""
    cases = handling.cases
    if not len(cases):
        return Missing(_NO_CASES)
    if np.isnat(cases.resolved_at).all():
        return Missing(_NO_RESOLUTION)
    absent = _cannot_match(cases)
    if absent is not None:
        return absent
    elapsed = cases.contact_at + handling.window <= handling.ends_at
    eligible = cases.is_tracked & elapsed
    came_back = is_followed(handling, cases.contact_at, cases.customer, cases.family)
    once = (
        ~np.isnat(cases.resolved_at)
        & ~came_back
        & ~(cases.contacts > 1)
        & ~(cases.transfers > 0)
        & ~(cases.is_escalated > 0)
    )
    matched = eligible & _is_matchable(cases)
    notes = [*_left_out(eligible, matched)]
    unknown = [n for n in ("transfers", "is_escalated") if np.isnan(getattr(cases, n)).all()]
    if unknown:
        notes.append(
            f"The data do not record {' and '.join(unknown)}: the true share may be lower."
        )
    return _observe(cases.contact_at, once, cases.customer, matched, notes)


def recontact(handling: Handling) -> Observations | Missing:
    """Return 1 per resolved case whose customer came back within the window, else 0."""
    cases = handling.cases
    if not len(cases):
        return Missing(_NO_CASES)
    if np.isnat(cases.resolved_at).all():
        return Missing(_NO_RESOLUTION)
    absent = _cannot_match(cases)
    if absent is not None:
        return absent
    eligible = cases.first_resolved_at + handling.window <= handling.ends_at
    came_back = is_followed(handling, cases.first_resolved_at, cases.customer, cases.family)
    matched = eligible & _is_matchable(cases)
    return _observe(
        cases.first_resolved_at, came_back, cases.customer, matched, _left_out(eligible, matched)
    )


def escalation(handling: Handling) -> Observations | Missing:
    """Return 1 per escalated case, else 0."""
    return _flag(
        handling.cases,
        handling.cases.is_escalated,
        np.ones(len(handling.cases), dtype=np.bool_),
        "No case says whether it was escalated. A yes/no column mapped to `is_escalated`, or "
        "escalation signals with a `case_ref`, would give it.",
    )


def reopened(handling: Handling) -> Observations | Missing:
    """Return 1 per resolved case that was opened again, else 0."""
    resolved = ~np.isnat(handling.cases.resolved_at)
    if len(handling.cases) and not resolved.any():
        return Missing(_NO_RESOLUTION)
    return _flag(
        handling.cases,
        handling.cases.reopens,
        resolved,
        "No case says how often it was opened again. A column mapped to `reopens` would give it.",
    )


def is_followed(handling: Handling, since: Instants, customer: Codes, family: Codes) -> Flags:
    """Return per (instant, customer, family) whether a contact lies in (instant, instant + W]."""
    columns = handling.columns
    usable = (
        columns.is_contact
        & (columns.customer >= 0)
        & (columns.family >= 0)
        & ~np.isnat(columns.at)
        & (columns.at <= handling.ends_at)
    )
    asked = (customer >= 0) & (family >= 0) & ~np.isnat(since)
    answer = np.zeros(len(since), dtype=np.bool_)
    if not usable.any() or not asked.any():
        return answer
    at = columns.at[usable]
    moments, rank = np.unique(np.concatenate([at, since[asked]]), return_inverse=True)
    families = int(max(columns.family.max(), family.max())) + 1
    contact_key = columns.customer[usable] * families + columns.family[usable]
    asked_key = customer[asked] * families + family[asked]
    position = np.sort(contact_key * len(moments) + rank[: len(at)])
    after = np.searchsorted(position, asked_key * len(moments) + rank[len(at) :], side="right")
    inside = after < len(position)
    following = position[np.minimum(after, len(position) - 1)]
    same = inside & (following // len(moments) == asked_key)
    answer[asked] = same & (moments[following % len(moments)] - since[asked] <= handling.window)
    return answer


def _is_matchable(cases: Cases) -> Flags:
    return np.asarray((cases.customer >= 0) & (cases.family >= 0))


def _cannot_match(cases: Cases) -> Missing | None:
    if (cases.customer < 0).all():
        return Missing(
            "No complaint or ticket says whose it is, so a second contact cannot be recognised. A "
            "column mapped to `customer_id` would give it."
        )
    if not _is_matchable(cases).any():
        return Missing(
            "No case of a known customer has a cause, so a second contact about the same thing "
            "cannot be recognised. A text or a resolution code to classify would give it."
        )
    return None


def _left_out(eligible: Flags, matched: Flags) -> list[str]:
    count = int((eligible & ~matched).sum())
    if not count:
        return []
    return [f"{count:,} cases without a customer or a cause are left out."]


def _observe(
    at: Instants, value: Flags, customer: Codes, mask: Flags, notes: list[str]
) -> Observations:
    return Observations(
        at[mask], value[mask].astype(np.float64), cluster=customer[mask], notes=tuple(notes)
    )


def _flag(cases: Cases, value: Floats, mask: Flags, because: str) -> Observations | Missing:
    if not len(cases):
        return Missing(_NO_CASES)
    known = mask & ~np.isnan(value)
    if not known.any():
        return Missing(because)
    return _observe(cases.opened_at, value > 0, cases.customer, known, [])
