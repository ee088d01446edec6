"""Which signals open a case: a failure that somebody must put right, not a routine contact."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import Kind, Severity

Flags = NDArray[np.bool_]

GRAVE_LOSS: Final = 100
"""Loss from which a high-severity complaint opens a case, in the signal's currency."""
WORST_NPS: Final = 2
SEVERE: Final = (Severity.HIGH.value, Severity.CRITICAL.value)


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to open a case; the first that holds names it."""

    because: str
    holds: Callable[[pa.Table], Flags]


def _flags(values: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(values, False), dtype=bool)


def _kind(signals: pa.Table, kind: Kind) -> Flags:
    return _flags(pc.equal(signals["kind"], kind.value))


def _severe(signals: pa.Table) -> Flags:
    return _flags(pc.is_in(signals["severity"], value_set=pa.array(SEVERE)))


def _escalated(signals: pa.Table) -> Flags:
    return _kind(signals, Kind.ESCALATION)


def _critical(signals: pa.Table) -> Flags:
    is_critical = _flags(pc.equal(signals["severity"], Severity.CRITICAL.value))
    return _kind(signals, Kind.COMPLAINT) & is_critical


def _costly(signals: pa.Table) -> Flags:
    is_grave = _flags(pc.greater_equal(signals["loss"].cast(pa.float64()), GRAVE_LOSS))
    return _kind(signals, Kind.COMPLAINT) & _severe(signals) & is_grave


def _detractor(signals: pa.Table) -> Flags:
    is_worst = _flags(pc.less_equal(signals["nps"], WORST_NPS))
    return _kind(signals, Kind.SURVEY) & _severe(signals) & is_worst


RULES: Final = (
    Rule("Escalated by the customer or an agent", _escalated),
    Rule("Complaint of critical severity", _critical),
    Rule(f"Severe complaint with a loss of {GRAVE_LOSS} or more", _costly),
    Rule(f"Survey with NPS {WORST_NPS} or less that tells of a severe failure", _detractor),
)


def reasons_to_open(signals: pa.Table) -> list[str]:
    """Return for each signal why it opens a case; "" where it does not."""
    found = np.zeros(len(signals), dtype=np.int64)
    for number, rule in reversed(list(enumerate(RULES, start=1))):
        found[rule.holds(signals)] = number
    has_customer = _flags(pc.is_valid(signals["customer_id"]))
    found[~has_customer] = 0
    words = ("", *(rule.because for rule in RULES))
    return [words[number] for number in found.tolist()]
