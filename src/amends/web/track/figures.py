"""The figures of recovery, out of cases: each with n and interval, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from amends.engine.contracts import Floats, Metric
from amends.engine.track import MetricConfig, MetricDefinition, catalogue
from amends.engine.track.catalog import Shape
from amends.engine.track.observations import Observations, summary, to_metric
from amends.web.cases.models import Case
from amends.web.track.models import WINDOW_DAYS
from amends.web.track.settling import RULE, SATISFIED_FROM

LEVEL: Final = 0.95
_DAY: Final = np.timedelta64(86_400_000_000, "us")
_COMMON: Final = {d.name: d for d in catalogue(MetricConfig())}


def _share(name: str, label: str, better: str, n_of: str, definition: str) -> MetricDefinition:
    return MetricDefinition(name, label, "%", better, Shape.SHARE, n_of, definition, 100.0)


_DEFINITIONS: Final = (
    replace(
        _COMMON["recovery_nps"],
        n_of="answers",
        definition="Share of recovery surveys scoring 9–10 minus share scoring 0–6, from −100 to "
        "100, of cases resolved in the period. Read it beside the number of answers: who answers "
        "is not everybody.",
    ),
    replace(
        _COMMON["resolution_median_days"],
        label="Complaint to resolution, median",
        definition="Days by which half of the cases opened in the period are resolved; open cases "
        "count as not resolved yet (Kaplan–Meier).",
    ),
    replace(
        _COMMON["resolution_p90_days"],
        label="Complaint to resolution, 9 in 10",
        definition="Days by which 90 % of the cases opened in the period are resolved; open cases "
        "count as not resolved yet (Kaplan–Meier).",
    ),
    _share(
        "recovery_rate", "Recovery rate", "higher", "answers of cases whose window is over", RULE
    ),
    _share(
        "satisfied",
        "Satisfied with the recovery",
        "higher",
        "answers",
        f"Recovery surveys scoring {SATISFIED_FROM}–5 of 5 ÷ all answered, of cases resolved in "
        "the period.",
    ),
    _share(
        "recontact_rate",
        "Came back after the resolution",
        "lower",
        "resolved cases whose window is over",
        f"Resolved cases with a complaint or ticket of the same customer about the same family of "
        f"causes within {WINDOW_DAYS} days ÷ resolved cases whose {WINDOW_DAYS} days have passed.",
    ),
    _share(
        "stayed",
        "Stayed after the recovery",
        "higher",
        "resolved cases of which it is known",
        "Resolved cases whose customer is still one ÷ resolved cases of which it is known. What "
        "would have happened without the recovery is not in this figure.",
    ),
)
DEFINITIONS: Final[Mapping[str, MetricDefinition]] = {d.name: d for d in _DEFINITIONS}
TARGETS: Final[Mapping[str, float]] = {
    "recovery_nps": 30,
    "resolution_median_days": 3,
    "resolution_p90_days": 7,
    "recovery_rate": 60,
    "satisfied": 70,
    "recontact_rate": 10,
    "stayed": 90,
    "fcr": 75,
    "ces_mean": 5.5,
}
"""What a good service reaches: defaults until a company sets its own."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one case, as the figures need it."""

    customer: str
    opened_at: datetime
    resolved_at: datetime | None
    kind: str
    """What was done: the first action taken; empty when none was."""
    amount: float
    satisfaction: int | None
    nps: int | None
    came_back: bool
    churned: bool | None
    value: float | None
    window_days: int

    def is_over(self, now: datetime) -> bool:
        """Whether the window after its resolution is over."""
        return (
            self.resolved_at is not None
            and self.resolved_at + timedelta(days=self.window_days) <= now
        )

    @property
    def is_recovered(self) -> bool | None:
        """The rule of settling, of a case whose window is over; None without an answer."""
        if self.satisfaction is None and self.nps is None:
            return None
        content = (
            self.satisfaction >= SATISFIED_FROM
            if self.satisfaction is not None
            else (self.nps or 0) >= 9
        )
        return content and not self.came_back and not self.churned


def read_records(cases: "QuerySet[Case]", done: Mapping[int, tuple[str, float]]) -> list[Record]:
    """Read cases with their outcomes; `done` says case → (kind, amount) of what was done."""
    names = ("satisfaction", "nps", "recontacted_at", "churned", "value", "window_days")
    rows = cases.order_by("pk").values_list(
        "pk", "customer_id", "opened_at", "resolved_at", *(f"outcome__{name}" for name in names)
    )
    nothing = ("", 0.0)
    return [_record(done.get(row[0], nothing), *row[1:]) for row in rows]


def _record(
    done: tuple[str, float],
    customer: str,
    opened_at: datetime,
    resolved_at: datetime | None,
    satisfaction: int | None,
    nps: int | None,
    recontacted_at: datetime | None,
    churned: bool | None,
    value: Decimal | None,
    window_days: int | None,
) -> Record:
    return Record(
        customer,
        opened_at,
        resolved_at,
        *done,
        satisfaction,
        nps,
        recontacted_at is not None,
        churned,
        None if value is None else float(value),
        WINDOW_DAYS if window_days is None else window_days,
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """The observations of each figure, dated; out of them come values of any stretch of time."""

    observations: Mapping[str, Observations]

    def between(self, name: str, since: datetime, until: datetime) -> Metric:
        """Return one figure of what lies in since ≤ at < until."""
        return to_metric(DEFINITIONS[name], self._within(name, since, until), level=LEVEL)

    def value_between(self, name: str, since: datetime, until: datetime) -> float | None:
        """Return the value alone: an interval for every point of a sparkline is not needed."""
        return summary(DEFINITIONS[name], self._within(name, since, until))[0]

    def _within(self, name: str, since: datetime, until: datetime) -> Observations:
        found = self.observations[name]
        return found.where((found.at >= _instant(since)) & (found.at < _instant(until)))


def observe(records: Sequence[Record], now: datetime) -> Figures:
    """Return the observations of every figure of `DEFINITIONS`."""
    customers = {c: i for i, c in enumerate(dict.fromkeys(r.customer for r in records))}
    resolved = [r for r in records if r.resolved_at is not None and r.resolved_at <= now]
    over = [r for r in resolved if r.is_over(now)]
    answered = [r for r in over if r.is_recovered is not None]
    with_nps = [r for r in resolved if r.nps is not None]
    rated = [r for r in resolved if r.satisfaction is not None]
    known = [r for r in resolved if r.churned is not None]

    def dated(rows: Sequence[Record], values: Sequence[float]) -> Observations:
        return Observations(
            _instants([r.resolved_at or now for r in rows]),
            np.array(values, dtype=np.float64),
            cluster=np.array([customers[r.customer] for r in rows], dtype=np.int64),
        )

    lasting = _lasting(records, customers, now)
    return Figures(
        {
            "recovery_nps": dated(with_nps, [_net(r.nps or 0) for r in with_nps]),
            "resolution_median_days": lasting,
            "resolution_p90_days": lasting,
            "recovery_rate": dated(answered, [bool(r.is_recovered) for r in answered]),
            "satisfied": dated(rated, [(r.satisfaction or 0) >= SATISFIED_FROM for r in rated]),
            "recontact_rate": dated(over, [r.came_back for r in over]),
            "stayed": dated(known, [not r.churned for r in known]),
        }
    )


def _lasting(
    records: Sequence[Record], customers: Mapping[str, int], now: datetime
) -> Observations:
    """Return days from opening to resolution, so far for open cases; dated by opening."""
    rows = [r for r in records if r.opened_at <= (r.resolved_at or now)]
    ended = [r.resolved_at is not None for r in rows]
    until = _instants([r.resolved_at or now for r in rows])
    at = _instants([r.opened_at for r in rows])
    return Observations(
        at,
        np.asarray((until - at) / _DAY, dtype=np.float64),
        cluster=np.array([customers[r.customer] for r in rows], dtype=np.int64),
        has_ended=np.array(ended, dtype=np.bool_),
    )


def _net(score: int) -> float:
    return 1.0 if score >= 9 else -1.0 if score <= 6 else 0.0


def _instants(times: Sequence[datetime]) -> NDArray[np.datetime64]:
    micros = np.array([round(at.timestamp() * 1e6) for at in times], dtype=np.int64)
    return micros.astype("datetime64[us]")


def _instant(at: datetime) -> np.datetime64:
    return np.datetime64(round(at.timestamp() * 1e6), "us")


def means(values: Sequence[float | None]) -> Floats:
    """Return the known values, shape (k,)."""
    return np.array([v for v in values if v is not None], dtype=np.float64)
