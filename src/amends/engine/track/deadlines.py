"""Answered in time: deadlines that the source keeps in a signal's attributes."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Floats

from .columns import Instants
from .handling import Handling
from .observations import Missing, Observations

_KEPT: Final = frozenset({"timely_response", "sla_met", "is_timely", "within_sla", "made_sla"})
_BROKEN: Final = frozenset({"sla_breached", "is_sla_breached", "is_overdue", "sla_violated"})
_DUE: Final = frozenset({"due_at", "due_by", "due_date", "sla_due_at", "resolution_due_at"})
_YES: Final = ("yes", "true", "1", "y", "met", "active")
_NO: Final = ("no", "false", "0", "n", "breached", "missed")


def kept_deadline(signals: pa.Table, handling: Handling) -> Observations | Missing:
    """Return 1 per case that kept its deadline, 0 per case that broke it.

    A flag of the source is believed; without one, the resolution is compared to the due time.
    """
    cases, columns = handling.cases, handling.columns
    if not len(cases):
        return Missing("There are no complaints or tickets in the data.")
    rows = np.flatnonzero(columns.is_case)
    attributes = signals["attributes"].take(pa.array(rows))
    found = {_plain(key): key for key in _keys(attributes)}
    position = np.searchsorted(cases.code, columns.case[rows])
    kept = np.full(len(cases), np.nan)
    for names, is_kept in ((_KEPT, True), (_BROKEN, False)):
        for name in sorted(names & found.keys()):
            answer = _yes_no(pc.map_lookup(attributes, found[name], "first"))
            known = ~np.isnan(answer)
            kept[position[known]] = answer[known] if is_kept else 1 - answer[known]
    for name in sorted(_DUE & found.keys()):
        due = _times(pc.map_lookup(attributes, found[name], "first"))
        late = _by_due_time(cases.resolved_at[position], due, handling.ends_at)
        known = ~np.isnan(late) & np.isnan(kept[position])
        kept[position[known]] = 1 - late[known]
    known = ~np.isnan(kept)
    if not known.any():
        return Missing(
            "No case has a deadline. An attribute such as `due_at` (a time) or `sla_met` (yes/no) "
            "would give it."
        )
    return Observations(cases.opened_at[known], kept[known], cluster=cases.customer[known])


def _keys(attributes: pa.ChunkedArray) -> list[str]:
    keys: set[str] = set()
    for chunk in attributes.chunks:
        keys.update(pc.unique(chunk.keys).to_pylist())
    return sorted(keys)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")


def _yes_no(column: pa.ChunkedArray) -> Floats:
    word = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    yes = pc.is_in(word, value_set=pa.array(_YES)).to_numpy()
    no = pc.is_in(word, value_set=pa.array(_NO)).to_numpy()
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))


def _times(column: pa.ChunkedArray) -> Instants:
    text = pc.replace_substring_regex(column, r"(Z|\+00:00)$", "")
    text = pc.replace_substring(text, "T", " ")
    is_time = pc.match_substring_regex(text, r"^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$")
    clean = pc.if_else(is_time, text, pa.scalar(None, pa.string()))
    return np.asarray(clean.cast(pa.timestamp("us")).to_numpy(), dtype="datetime64[us]")


def _by_due_time(resolved: Instants, due: Instants, ends_at: np.datetime64) -> Floats:
    """Return 1 for late, 0 for in time, NaN while the deadline has not passed or is unknown."""
    late = np.where(np.isnat(resolved), due < ends_at, resolved > due).astype(np.float64)
    undecided = np.isnat(due) | (np.isnat(resolved) & (due >= ends_at))
    return np.where(undecided, np.nan, late)
