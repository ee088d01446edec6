"""From signals to cases: what opens one, what joins one, what is kept out. Pure.

Signals of the same customer and cause are the same matter as long as its case is young. The same
function serves what lands and the preview of rules.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import UNSURE, Kind
from amends.web.cases.rules import Rules, Verdict, verdicts
from amends.web.detect.models import Breakdown

COLUMNS: Final = (
    "signal_id", "kind", "occurred_at", "received_at", "customer_id", "verbatim", "subject",
    "cause", "severity", "loss", "value_at_risk", "currency", "touchpoint", "journey_stage",
    "region", "segment", "tier", "product", "channel", "vendor",
)  # fmt: skip
"""What cases know of their signals."""

Row = Mapping[str, Any]
"""A signal, with `occurred_at`, `customer_id`, `cause` and its `verdict`."""
Matter = tuple[str, str]
"""Customer and cause: what makes two signals the same matter."""


class Fate(StrEnum):
    """What becomes of a signal."""

    OPENS = "opens"
    IS_KEPT_OUT = "is kept out"
    """It would open a case, and is out of scope: the case that says so is over at once."""
    JOINS = "joins"
    PASSES = "passes"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest case of a matter."""

    opened_at: datetime
    is_excluded: bool = False


def matter_of(row: Row) -> Matter:
    """Return whose matter a signal is, and of what."""
    return row["customer_id"], row["cause"]


def fates(
    rows: Iterable[Row], known: MutableMapping[Matter, Newest], same_matter: timedelta
) -> Iterator[tuple[Row, Fate]]:
    """Yield what becomes of signals in time order; `known` is kept up as cases open.

    A signal joins the newest case of its matter that opened less than `same_matter` before. What is
    in scope never joins a case that is not.
    """
    for row in rows:
        verdict: Verdict = row["verdict"]
        newest = known.get(matter_of(row))
        is_young = newest is not None and row["occurred_at"] - newest.opened_at < same_matter
        opens, is_out = verdict.opened_by is not None, verdict.excluded_by is not None
        if is_young and newest is not None and not (newest.is_excluded and opens and not is_out):
            yield row, Fate.JOINS
        elif opens:
            known[matter_of(row)] = Newest(row["occurred_at"], is_out)
            yield row, Fate.IS_KEPT_OUT if is_out else Fate.OPENS
        else:
            yield row, Fate.PASSES


def candidates(
    signals: pa.Table, rules: Rules, breakdowns: Iterable[Breakdown]
) -> list[dict[str, Any]]:
    """Return what opens or may join a case, in time order, each with its verdict."""
    told = verdicts(signals, rules, breakdowns)
    opens = pa.array(told.opened > 0)
    is_complaint = pc.is_in(
        signals["kind"], value_set=pa.array([Kind.COMPLAINT.value, Kind.ESCALATION.value])
    )
    has_cause = pc.and_(pc.is_valid(signals["cause"]), pc.is_valid(signals["customer_id"]))
    wanted = pc.or_(opens, pc.and_(is_complaint, has_cause))
    places = pc.indices_nonzero(wanted)
    rows: list[dict[str, Any]] = signals.select(list(COLUMNS)).take(places).to_pylist()
    for row, place in zip(rows, places.to_pylist(), strict=True):
        row["verdict"] = told.of(place)
        row["occurred_at"] = row["occurred_at"] or row["received_at"]
        row["cause"] = row["cause"] or UNSURE
    rows = [row for row in rows if row["occurred_at"] is not None]
    rows.sort(key=lambda row: (row["occurred_at"], row["signal_id"]))
    return rows
