"""What came after a recovery: NPS, its change in the same customers, and whether they stayed."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from amends.engine.contracts import Floats, Kind, Severity

from .answers import net_promoter
from .columns import DAY, Codes, Flags, Instants, is_one_of, numbers
from .config import MetricConfig
from .handling import Handling
from .observations import Missing, Observations

_MIN_PEERS = 5
"""Fewer comparable customers than this at a first score say nothing of its usual change."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """NPS answers of known customers, by customer and time; all arrays of shape (A,)."""

    customer: Codes
    at: Instants
    score: Floats


def recovery_metrics(
    signals: pa.Table, handling: Handling, config: MetricConfig
) -> dict[str, Observations | Missing]:
    """Return the observations of all metrics about what came after a resolution."""
    cases = handling.cases
    absent = _absent(handling)
    names = ("nps", "response_rate", "nps_change", "nps_change_adjusted")
    surveys: dict[str, Observations | Missing]
    if absent is not None:
        surveys = dict.fromkeys((f"recovery_{n}" for n in names), absent)
        return surveys | dict.fromkeys(("retention_conversion", "save_rate"), absent)
    closed = np.flatnonzero(~np.isnat(cases.resolved_at) & (cases.customer >= 0))
    answers = _nps_answers(signals, handling)
    if not len(answers.at):
        why = Missing("No survey with an NPS score says whose it is (`nps`, `customer_id`).")
        surveys = dict.fromkeys((f"recovery_{n}" for n in names), why)
    else:
        surveys = _after_recovery(handling, answers, closed, config.survey_window_days)
    return surveys | _retention(signals, handling, closed, config.retention_days)


def _absent(handling: Handling) -> Missing | None:
    cases = handling.cases
    if not len(cases):
        return Missing("There are no complaints or tickets in the data.")
    if np.isnat(cases.resolved_at).all():
        return Missing("No complaint or ticket says when it was resolved (`resolved_at`).")
    if not (~np.isnat(cases.resolved_at) & (cases.customer >= 0)).any():
        return Missing("No resolved case says whose it is (`customer_id`).")
    return None


def _nps_answers(signals: pa.Table, handling: Handling) -> _Answers:
    columns, score = handling.columns, numbers(signals, "nps")
    rows = np.flatnonzero(~np.isnan(score) & (columns.customer >= 0) & ~np.isnat(columns.at))
    order = np.lexsort((score[rows], columns.at[rows], columns.customer[rows]))
    rows = rows[order]
    return _Answers(columns.customer[rows], columns.at[rows], score[rows])


def _after_recovery(
    handling: Handling, answers: _Answers, closed: Codes, window_days: float
) -> dict[str, Observations | Missing]:
    cases, window = handling.cases, _delta(window_days)
    customer, resolved = cases.customer[closed], cases.resolved_at[closed]
    later = _next_of(answers.customer, answers.at, customer, resolved)
    has_later = later >= 0
    has_later[has_later] = answers.at[later[has_later]] - resolved[has_later] <= window
    elapsed = resolved + window <= handling.ends_at
    opened = np.fmin(cases.opened_at[closed], resolved)
    earlier = _last_before(answers.customer, answers.at, customer, opened)
    paired = has_later & (earlier >= 0)
    after = net_promoter(answers.score[later[has_later]])
    first, second = answers.score[earlier[paired]], answers.score[later[paired]]
    change = Observations(
        resolved[paired], net_promoter(second) - net_promoter(first), cluster=customer[paired]
    )
    no_pairs = Missing("No customer answered an NPS survey both before a case and after it.")
    return {
        "recovery_nps": Observations(resolved[has_later], after, cluster=customer[has_later]),
        "recovery_response_rate": Observations(
            resolved[elapsed], has_later[elapsed].astype(np.float64), cluster=customer[elapsed]
        ),
        "recovery_nps_change": change if paired.any() else no_pairs,
        "recovery_nps_change_adjusted": (
            _adjusted(change, first, _peers(handling, answers)) if paired.any() else no_pairs
        ),
    }


def _peers(handling: Handling, answers: _Answers) -> tuple[Floats, Floats]:
    """Return first score and change of consecutive answers without a case in between."""
    same = np.flatnonzero(answers.customer[1:] == answers.customer[:-1])
    cases = handling.cases
    known = np.flatnonzero((cases.customer >= 0) & ~np.isnat(cases.opened_at))
    order = known[np.lexsort((cases.opened_at[known], cases.customer[known]))]
    following = _next_of(
        cases.customer[order], cases.opened_at[order], answers.customer[same], answers.at[same]
    )
    quiet = following < 0
    opened = cases.opened_at[order][np.maximum(following, 0)]
    quiet |= opened > answers.at[same + 1]
    first, second = answers.score[same[quiet]], answers.score[same[quiet] + 1]
    return first, net_promoter(second) - net_promoter(first)


def _adjusted(
    change: Observations, first: Floats, peers: tuple[Floats, Floats]
) -> Observations | Missing:
    """Subtract from each change what peers with the same first score changed by on average."""
    usual, error = np.full(11, np.nan), np.zeros(11)
    for score in range(11):
        moves = peers[1][peers[0] == score]
        if len(moves) >= _MIN_PEERS:
            usual[score] = moves.mean()
            error[score] = moves.var(ddof=1) / len(moves)
    start = first.astype(np.int64)
    comparable = ~np.isnan(usual[start])
    if not comparable.any():
        return Missing(
            "Too few customers answered twice without a case in between to know how much a score "
            "changes by itself."
        )
    weight = np.bincount(start[comparable], minlength=11) / comparable.sum()
    kept = change.where(comparable)
    return Observations(
        kept.at,
        kept.value - usual[start[comparable]],
        cluster=kept.cluster,
        offset_variance=float((weight**2) @ error),
        notes=(f"Compared with {len(peers[0]):,} pairs of answers without a case in between.",),
    )


def _retention(
    signals: pa.Table, handling: Handling, closed: Codes, window_days: float
) -> dict[str, Observations | Missing]:
    cases, columns, window = handling.cases, handling.columns, _delta(window_days)
    bought = is_one_of(signals, (Kind.TRANSACTION.value,)) & (columns.customer >= 0)
    rows = np.flatnonzero(bought & ~np.isnat(columns.at))
    if not len(rows):
        why = Missing(
            "No transaction says whose it is, so nobody can be seen to stay. Transactions with "
            "`customer_id` would give it."
        )
        return {"retention_conversion": why, "save_rate": why}
    rows = rows[np.lexsort((columns.at[rows], columns.customer[rows]))]
    customer, resolved = cases.customer[closed], cases.resolved_at[closed]
    following = _next_of(columns.customer[rows], columns.at[rows], customer, resolved)
    stays = following >= 0
    stays[stays] = columns.at[rows[following[stays]]] - resolved[stays] <= window
    elapsed = resolved + window <= handling.ends_at
    at_risk = (cases.value_at_risk[closed] > 0) | (cases.severity[closed] >= Severity.HIGH.rank)
    every = Observations(resolved, stays.astype(np.float64), cluster=customer)
    saved: Observations | Missing = every.where(elapsed & at_risk)
    if not at_risk.any():
        saved = Missing("No case has value at risk (`value_at_risk`) or a severity of high.")
    return {"retention_conversion": every.where(elapsed), "save_rate": saved}


def _next_of(owner: Codes, at: Instants, customer: Codes, since: Instants) -> Codes:
    """Return per customer the index of the first event after `since`; −1 when there is none.

    `owner` and `at` are sorted by owner, then time.
    """
    place = _place(owner, at, customer, since, "right")
    found = _is_owned(owner, customer, place)
    return np.where(found, place, -1)


def _last_before(owner: Codes, at: Instants, customer: Codes, until: Instants) -> Codes:
    """Return per customer the index of the last event before `until`; −1 when there is none."""
    place = _place(owner, at, customer, until, "left") - 1
    found = (place >= 0) & _is_owned(owner, customer, np.maximum(place, 0))
    return np.where(found, place, -1)


def _is_owned(owner: Codes, customer: Codes, place: Codes) -> Flags:
    inside = place < len(owner)
    if not len(owner):
        return inside
    return np.asarray(inside & (owner[np.minimum(place, len(owner) - 1)] == customer))


def _place(owner: Codes, at: Instants, customer: Codes, when: Instants, side: str) -> Codes:
    moments, rank = np.unique(np.concatenate([at, when]), return_inverse=True)
    events = owner * len(moments) + rank[: len(at)]
    asked = customer * len(moments) + rank[len(at) :]
    return np.searchsorted(events, asked, side="right" if side == "right" else "left")


def _delta(count: float) -> np.timedelta64:
    return np.timedelta64(round(count * int(DAY.astype(np.int64))), "us")
