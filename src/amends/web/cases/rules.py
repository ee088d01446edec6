"""Rules at work: which signals open a case, and which are out of scope.

A failure that somebody must put right opens a case, a routine contact does not. The same functions
serve what lands and the preview of a rule that is not saved yet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q, QuerySet
from numpy.typing import NDArray

from amends.engine.contracts import SILENCE, Kind, Severity
from amends.web.cases.models import CaseRule, Merging
from amends.web.detect.models import Breakdown

Flags = NDArray[np.bool_]

REACH: Final = ("reach", "impressions", "followers_count", "followers")
"""Attributes of a signal that say how many people it reaches; the largest counts."""
MICROS_PER_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules that are on, the first one that counts first."""

    opens: tuple[CaseRule, ...]
    excludes: tuple[CaseRule, ...]
    same_matter: timedelta

    @property
    def every(self) -> tuple[CaseRule, ...]:
        """All of them."""
        return (*self.opens, *self.excludes)

    @classmethod
    def of(cls, rules: Sequence[CaseRule], same_matter_days: int) -> "Rules":
        """Return rules, saved or not, as they would be in force."""
        ordered = sorted(
            (rule for rule in rules if rule.is_on), key=lambda r: (r.position, r.pk or 0)
        )
        return cls(
            tuple(rule for rule in ordered if not rule.excludes),
            tuple(rule for rule in ordered if rule.excludes),
            timedelta(days=same_matter_days),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say of one signal: neither means that it opens nothing."""

    opened_by: CaseRule | None = None
    excluded_by: CaseRule | None = None
    """Only of a signal that would open a case."""


def rules_in_force() -> Rules:
    """Return the rules in force: two queries."""
    return Rules.of(list(CaseRule.objects.filter(is_on=True)), merging().same_matter_days)


def merging() -> Merging:
    """Return what is the same matter."""
    return Merging.objects.first() or Merging()


def breakdowns_since(first: datetime) -> QuerySet[Breakdown]:
    """Return the breakdowns of signals, not of silence, that went on at or after an instant.

    One query, once they are looked at.
    """
    went_on = Q(ended_at=None) | Q(ended_at__gt=first)
    return Breakdown.objects.filter(went_on).exclude(measure=SILENCE.name).order_by("pk")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What rules say of n signals."""

    rules: Rules
    opened: NDArray[np.int64]
    """The number of the rule that opens, from 1; 0: none."""
    excluded: NDArray[np.int64]

    def of(self, place: int) -> Verdict:
        """Return what they say of one."""
        opened, excluded = int(self.opened[place]), int(self.excluded[place])
        return Verdict(
            self.rules.opens[opened - 1] if opened else None,
            self.rules.excludes[excluded - 1] if excluded else None,
        )


def verdicts(signals: pa.Table, rules: Rules, breakdowns: Iterable[Breakdown]) -> Verdicts:
    """Return what rules say of enriched signals."""
    can_open = _flags(pc.is_valid(signals["customer_id"])) & ~_of_kinds(signals, [Kind.TRANSACTION])
    opened = _first(rules.opens, signals, breakdowns, can_open)
    return Verdicts(rules, opened, _first(rules.excludes, signals, breakdowns, opened > 0))


def _first(
    rules: Sequence[CaseRule], signals: pa.Table, breakdowns: Iterable[Breakdown], among: Flags
) -> NDArray[np.int64]:
    """Return the number of the first rule that picks each signal, from 1; 0 where none does."""
    found = np.zeros(len(signals), dtype=np.int64)
    if among.any():
        for number, rule in reversed(list(enumerate(rules, start=1))):
            found[among & picks(rule, signals, breakdowns)] = number
    return found


def picks(rule: CaseRule, signals: pa.Table, breakdowns: Iterable[Breakdown]) -> Flags:
    """Return which signals a rule picks: those of which everything holds that is set."""
    mask = np.ones(len(signals), dtype=bool)
    if rule.kinds:
        mask &= _of_kinds(signals, rule.kinds)
    if rule.is_failure:
        mask &= _flags(pc.is_valid(signals["severity"]))
    if rule.is_escalated:
        mask &= _of_kinds(signals, [Kind.ESCALATION]) | _flags(signals["is_escalated"])
    if rule.least_severity:
        least = Severity(rule.least_severity).rank
        severe = [s.value for s in Severity if s.rank >= least]
        mask &= _flags(pc.is_in(signals["severity"], value_set=pa.array(severe)))
    if rule.sentiment_at_most is not None:
        mask &= _flags(pc.less_equal(signals["sentiment"], rule.sentiment_at_most))
    if rule.score and rule.score_at_most is not None:
        mask &= _flags(pc.less_equal(signals[rule.score], rule.score_at_most))
    if rule.least_loss is not None:
        loss = signals["loss"].cast(pa.float64())
        mask &= _flags(pc.greater_equal(loss, float(rule.least_loss)))
    return _rarer(rule, signals, breakdowns, mask & _placed(rule, signals))


def _rarer(
    rule: CaseRule, signals: pa.Table, breakdowns: Iterable[Breakdown], mask: Flags
) -> Flags:
    """Narrow what is picked by the criteria that cost more."""
    if rule.late_after_hours is not None and mask.any():
        mask &= _hours(signals) > rule.late_after_hours
    if rule.least_reach is not None and mask.any():
        mask &= _reach(signals, mask) >= rule.least_reach
    if rule.in_breakdown and mask.any():
        inside = np.zeros(len(signals), dtype=bool)
        for breakdown in breakdowns:
            inside |= _inside(breakdown, signals)
        mask &= inside
    return mask


def _placed(rule: CaseRule, signals: pa.Table) -> Flags:
    mask = np.ones(len(signals), dtype=bool)
    for dim, value in rule.where.items():
        mask &= _flags(pc.equal(signals[dim], value))
    if rule.cause:
        below = pc.starts_with(signals["cause"], f"{rule.cause}/")
        mask &= _flags(pc.or_(pc.equal(signals["cause"], rule.cause), below))
    if rule.since is not None:
        mask &= _flags(
            pc.greater_equal(moments(signals), pa.scalar(rule.since, moments(signals).type))
        )
    if rule.until is not None:
        mask &= _flags(pc.less(moments(signals), pa.scalar(rule.until, moments(signals).type)))
    return mask


def _inside(breakdown: Breakdown, signals: pa.Table) -> Flags:
    """Return which signals lie in the slice and time of a breakdown, as `is_part_of` says."""
    terms = terms_of(breakdown)
    if not terms:
        return np.zeros(len(signals), dtype=bool)
    at = moments(signals)
    mask = _flags(pc.greater_equal(at, pa.scalar(breakdown.onset_at, at.type)))
    if breakdown.ended_at is not None:
        mask &= _flags(pc.less(at, pa.scalar(breakdown.ended_at, at.type)))
    for name, value in terms.items():
        mask &= _flags(pc.equal(signals[name], value))
    return mask


def terms_of(breakdown: Breakdown) -> dict[str, str]:
    """Return where a breakdown lies, with its cause."""
    terms = dict(breakdown.where.terms)
    return terms | ({"cause": breakdown.cause} if breakdown.cause else {})


def is_part_of(row: Mapping[str, Any], breakdown: Breakdown) -> bool:
    """Whether a signal lies in the slice and time of a breakdown."""
    if row["occurred_at"] < breakdown.onset_at:
        return False
    if breakdown.ended_at is not None and row["occurred_at"] >= breakdown.ended_at:
        return False
    terms = terms_of(breakdown)
    return bool(terms) and all(row.get(dim) == value for dim, value in terms.items())


def moments(signals: pa.Table) -> pa.ChunkedArray:
    """Return when each signal occurred, or else was received."""
    return pc.coalesce(signals["occurred_at"], signals["received_at"])


def _hours(signals: pa.Table) -> NDArray[np.float64]:
    """Return how long each contact took, or had been open when its source told of it; else NaN."""
    until = pc.coalesce(signals["resolved_at"], signals["received_at"], signals["occurred_at"])
    micros = pc.subtract(until.cast(pa.int64()), signals["opened_at"].cast(pa.int64()))
    found: NDArray[np.float64] = np.asarray(micros.cast(pa.float64())) / MICROS_PER_HOUR
    return found


def _reach(signals: pa.Table, wanted: Flags) -> NDArray[np.float64]:
    """Return how many people each wanted signal reaches; NaN where it does not say."""
    found = np.full(len(signals), np.nan)
    places = np.flatnonzero(wanted)
    for place, told in zip(
        places, signals["attributes"].take(pa.array(places)).to_pylist(), strict=True
    ):
        numbers = [_number(value) for name, value in told or () if name in REACH]
        found[place] = max(numbers, default=np.nan)
    return found


def _number(text: str | None) -> float:
    try:
        return float((text or "").replace(",", ""))
    except ValueError:
        return 0.0


def _of_kinds(signals: pa.Table, kinds: Sequence[str]) -> Flags:
    return _flags(pc.is_in(signals["kind"], value_set=pa.array([str(kind) for kind in kinds])))


def _flags(values: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(values, False), dtype=bool)
