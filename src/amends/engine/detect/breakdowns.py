"""From alarms to breakdowns: one per event, with onset, size and state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from amends.engine.contracts import (
    Breakdown,
    BreakdownState,
    CauseShare,
    Evidence,
    Family,
    Floats,
    Interval,
    Money,
    SeriesBatch,
    SeriesKey,
    Severity,
    SliceShare,
    as_datetime,
)
from amends.engine.stats.evidence import poisson_llr, ratio_interval

from .checks import family_of
from .detection import Detection

_SURE = np.log(10.0)
"""Nats above the threshold that confirm a breakdown at once."""
_DROP = 1.92
"""Half the 95 % quantile of χ²₁: how far a likelihood profile may fall inside its interval."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breakdown of one series, in buckets; `to_breakdown` gives it times and company."""

    breakdown_id: str
    row: int
    """Row of the series in the batch."""
    key: SeriesKey
    state: BreakdownState
    onset: int
    onset_earliest: int
    onset_latest: int
    detected: int
    last: int
    """Last bucket that belongs to it."""
    is_new_normal: bool
    """It lasted so long that its level is what is now expected."""
    evidence: Evidence
    falls: bool = False
    """Fewer than expected is what is bad."""
    part_of: str | None = None
    stands_for: int = 0
    """Breakdowns of an alarm storm that are grouped under this one, see `break_storms`."""

    @property
    def excess(self) -> float:
        """Return how much worse than expected it was since the onset, in events."""
        more = self.evidence.observed - self.evidence.expected
        return -more if self.falls else more

    @property
    def times_usual(self) -> float:
        """Return how many times the usual it was; of a fall, how many times less."""
        ratio = self.evidence.ratio
        return 1 / max(ratio, 1e-3) if self.falls else ratio

    @property
    def is_sure(self) -> bool:
        """Return whether the interval of the ratio leaves "as usual" out."""
        interval = self.evidence.ratio_interval
        return interval.high < 1 if self.falls else interval.low > 1


def find_breakdowns(
    detection: Detection, batch: SeriesBatch, *, since: int = 0
) -> tuple[Finding, ...]:
    """Return the breakdowns detected in bucket `since` or later, the latest and strongest first."""
    findings = []
    for row in np.flatnonzero((detection.event > 0).any(axis=1)):
        events = detection.event[row]
        free_from = 0
        for number in range(1, int(events.max()) + 1):
            span = np.flatnonzero(events == number)
            if not len(span):  # it was over before the batch begins
                continue
            finding = _finding(detection, batch, int(row), span, free_from)
            free_from = finding.last + 1
            if finding.detected >= since:
                findings.append(finding)
    findings.sort(key=lambda f: (-f.last, -f.evidence.score, f.key))
    return tuple(findings)


def _finding(
    detection: Detection, batch: SeriesBatch, row: int, span: np.ndarray, free_from: int
) -> Finding:
    detected, still = int(span[0]), int(span[-1])
    alarms = span[detection.is_alarm[row, span]]
    ill = span[detection.calm[row, span] <= 0]
    last = int(ill[-1]) if len(ill) else detected
    is_over = still < len(batch.starts) - 1
    value = np.where(np.isnan(detection.expected[row]), 0.0, batch.value[row])
    expected = np.where(np.isnan(detection.expected[row]), 0.0, detection.expected[row])
    dispersion = float(np.nan_to_num(detection.dispersion[row, detected], nan=1.0))
    falls = family_of(detection.keys[row].measure) is Family.FALL
    profile = _profile(value, expected, (free_from, detected, last), falls=falls)
    onset, earliest, latest = _onset(profile / max(dispersion, 1.0), free_from)
    if not is_over:
        last = still
    is_new_normal = (row, int(detection.event[row, detected])) in detection.accepted
    key = detection.keys[row]
    return Finding(
        breakdown_id=_identity(key, batch.starts[detected]),
        row=row,
        key=key,
        state=_state(detection, row, alarms, still, is_over=is_over),
        onset=onset,
        onset_earliest=earliest,
        onset_latest=latest,
        detected=detected,
        last=last,
        is_new_normal=is_new_normal,
        evidence=_evidence(detection, batch, row, slice(onset, last + 1), falls=falls),
        falls=falls,
    )


def _profile(
    value: Floats, expected: Floats, bounds: tuple[int, int, int], *, falls: bool
) -> Floats:
    """Return the log-likelihood ratio of "worse since s" for every start s.

    It is K ln(K/E) − (K − E) over the buckets s … last. No breakdown begins after its alarm or
    before the end of the one before.
    """
    free_from, detected, last = bounds
    span = slice(free_from, last + 1)
    seen, base = value[span][::-1].cumsum()[::-1], expected[span][::-1].cumsum()[::-1]
    return poisson_llr(seen, base, falls=falls)[: detected - free_from + 1]


def _onset(profile: Floats, free_from: int) -> tuple[int, int, int]:
    """Return the likeliest first bucket and its interval: the starts within 1.92 nats of it."""
    best = int(np.argmax(profile))
    near = np.flatnonzero(profile >= profile[best] - _DROP)
    return free_from + best, free_from + int(near[0]), free_from + int(near[-1])


def _state(
    detection: Detection, row: int, alarms: np.ndarray, still: int, *, is_over: bool
) -> BreakdownState:
    if is_over:
        return BreakdownState.OVER
    if detection.calm[row, still] >= np.log(3.0):
        return BreakdownState.RECOVERING
    strongest = np.nanmax(detection.score[row, alarms])
    if len(alarms) > 1 or strongest >= detection.threshold + _SURE:
        return BreakdownState.CONFIRMED
    return BreakdownState.SUSPECTED


def _evidence(
    detection: Detection, batch: SeriesBatch, row: int, span: slice, *, falls: bool
) -> Evidence:
    expected = detection.expected[row, span]
    known = ~np.isnan(expected)
    base = expected[known]
    observed, total = float(batch.value[row, span][known].sum()), float(base.sum())
    dispersion = float(detection.dispersion[row, span][known].mean())
    relative_sd = float((detection.relative_sd[row, span][known] * base).sum() / max(total, 1e-12))
    noise = (detection.high[row, span][known] - detection.low[row, span][known]) / (2 * 1.96)
    drift = detection.relative_sd[row, span][known] * base
    own = np.maximum(noise**2 - drift**2, 0.0)
    spread = 1.96 * float(np.sqrt(own.sum() + drift.sum() ** 2))
    llr = poisson_llr(np.array(observed), np.array(total), falls=falls)
    return Evidence(
        observed=observed,
        expected=total,
        expected_range=Interval(max(total - spread, 0.0), total + spread),
        ratio=observed / max(total, 1e-12),
        ratio_interval=ratio_interval(observed, total, max(dispersion, 1e-3), relative_sd),
        score=max(float(np.nanmax(detection.score[row, span])), float(llr) / max(dispersion, 1.0)),
        false_alarm_every_days=365.25 / detection.false_alarms_per_series_year,
    )


def _identity(key: SeriesKey, detected: np.datetime64) -> str:
    text = f"{key.measure}\x1f{key.slice}\x1f{detected.astype('datetime64[us]')}"
    return sha256(text.encode()).hexdigest()[:16]


def to_breakdown(
    finding: Finding,
    batch: SeriesBatch,
    *,
    severity: tuple[Severity, Sequence[str]],
    slices: Sequence[SliceShare] = (),
    customers: int | None = None,
    value_at_risk: Money | None = None,
    causes: Sequence[CauseShare] = (),
) -> Breakdown:
    """Return the finding as a `Breakdown` with what the flow has found out about it.

    Without `slices` it lies where its series does. It has ended when its state is over.
    """
    evidence = finding.evidence
    own = SliceShare(finding.key.slice, evidence.observed, evidence.expected, 1.0, evidence.score)
    ended = None
    if finding.state is BreakdownState.OVER and not finding.is_new_normal:
        ended = as_datetime(batch.starts[finding.last] + _width(batch))
    return Breakdown(
        breakdown_id=finding.breakdown_id,
        measure=finding.key.measure,
        slices=tuple(slices[:3]) or (own,),
        state=finding.state,
        onset_at=as_datetime(batch.starts[finding.onset]),
        onset_earliest_at=as_datetime(batch.starts[finding.onset_earliest]),
        onset_latest_at=as_datetime(batch.starts[finding.onset_latest]),
        detected_at=as_datetime(batch.starts[finding.detected] + _width(batch)),
        ended_at=ended,
        evidence=evidence,
        severity=severity[0],
        severity_reasons=tuple(severity[1]),
        customers=customers,
        value_at_risk=value_at_risk,
        causes=tuple(causes),
        part_of=finding.part_of,
    )


def _width(batch: SeriesBatch) -> np.timedelta64:
    return np.timedelta64(batch.bucket.seconds, "s")


def under(finding: Finding, parent: Finding) -> Finding:
    """Return the finding marked as explained by another."""
    return replace(finding, part_of=parent.breakdown_id)
