"""Observations out of survey answers: NPS, CSAT, CES, response rate."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Kind

from .cases import SignalColumns
from .columns import Codes, Flags, is_one_of, numbers
from .observations import Missing, Observations

SCORES: Final = ("nps", "csat", "ces")


def nps(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return −1 for a detractor, 0 for a passive, 1 for a promoter per answer."""
    return _scored(signals, columns, "nps", "0–10", net_promoter)


def csat(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return 1 for a score of 4–5 per answer, else 0."""
    return _scored(signals, columns, "csat", "1–5", lambda score: score >= 4)


def ces(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return 1 for a score of 5–7 per answer, else 0."""
    return _scored(signals, columns, "ces", "1–7", lambda score: score >= 5)


def ces_mean(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return the CES score per answer."""
    return _scored(signals, columns, "ces", "1–7", lambda score: score)


def response_rate(signals: pa.Table, columns: SignalColumns) -> Observations | Missing:
    """Return 1 per answered survey, 0 per survey sent without an answer."""
    surveys = is_one_of(signals, (Kind.SURVEY.value,))
    if not surveys.any():
        return Missing("There are no surveys in the data.")
    answered = np.zeros(len(signals), dtype=np.bool_)
    for name in SCORES:
        answered |= ~np.isnan(numbers(signals, name))
    if answered[surveys].all():
        return Missing(
            "Only answered surveys are in the data. Rows for surveys that were sent and not "
            "answered (kind survey, no score) would tell."
        )
    return _of(columns, surveys, answered.astype(np.float64))


def net_promoter(score: Floats) -> Floats:
    """Return −1 (0–6), 0 (7–8) or 1 (9–10) per score."""
    return np.asarray((score >= 9).astype(np.float64) - (score <= 6), dtype=np.float64)


def _scored(
    signals: pa.Table,
    columns: SignalColumns,
    name: str,
    scale: str,
    judge: Callable[[Floats], NDArray[Any]],
) -> Observations | Missing:
    score = numbers(signals, name)
    answered = ~np.isnan(score)
    if not answered.any():
        return Missing(
            f"There are no {name.upper()} answers in the data. A column with {scale} scores "
            f"mapped to `{name}` would give it."
        )
    value = np.zeros(len(score))
    value[answered] = judge(score[answered])
    return _of(columns, answered, value)


def _of(columns: SignalColumns, mask: Flags, value: Floats) -> Observations:
    cluster: Codes = columns.customer[mask]
    return Observations(columns.at[mask], value[mask], cluster=cluster)
