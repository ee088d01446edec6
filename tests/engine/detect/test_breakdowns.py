from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from tests.engine.detect.detect_batches import batch_of

from amends.engine.contracts import BreakdownState, Money, SeriesBatch, Severity, Slice
from amends.engine.detect import (
    DetectConfig,
    Detection,
    Finding,
    detect,
    find_breakdowns,
    group_overlapping,
    severity_of,
    to_breakdown,
)

CONFIG = DetectConfig(false_alarms_per_series_year=0.1)
FIRST = datetime(2023, 1, 2, tzinfo=UTC)


def _found(
    rate: np.ndarray, **kwargs: object
) -> tuple[SeriesBatch, Detection, tuple[Finding, ...]]:
    batch = batch_of(np.random.default_rng(1).poisson(rate), **kwargs)  # type: ignore[arg-type]
    detection = detect(batch, CONFIG)
    return batch, detection, find_breakdowns(detection, batch)


def test_one_event_is_one_breakdown_with_its_dates_and_size() -> None:
    rate = np.full((1, 300), 12.0)
    rate[0, 200:225] = 30.0
    batch, _, (finding,) = _found(rate)
    assert finding.onset_earliest <= 200 <= finding.onset_latest
    assert abs(finding.last - 224) <= 3
    assert finding.detected - 200 <= 3
    assert finding.state is BreakdownState.OVER
    assert finding.evidence.ratio_interval.low < 2.5 < finding.evidence.ratio_interval.high
    assert finding.evidence.observed == batch.value[0, finding.onset : finding.last + 1].sum()
    breakdown = to_breakdown(finding, batch, severity=(Severity.HIGH, ("so",)))
    assert breakdown.onset_at == FIRST + timedelta(days=finding.onset)
    assert breakdown.ended_at == FIRST + timedelta(days=finding.last + 1)
    assert breakdown.detected_at == FIRST + timedelta(days=finding.detected + 1)
    assert breakdown.slices[0].slice == Slice.of({"product": "p000"})


def test_two_events_are_two_breakdowns_that_do_not_share_a_bucket() -> None:
    rate = np.full((1, 400), 12.0)
    rate[0, 150:160] = rate[0, 300:320] = 36.0
    _, _, findings = _found(rate)
    later, earlier = findings
    assert (abs(earlier.onset - 150) <= 1, abs(later.onset - 300) <= 1) == (True, True)
    assert earlier.last < later.onset_earliest
    assert earlier.breakdown_id != later.breakdown_id


def test_a_breakdown_that_goes_on_is_confirmed_and_open() -> None:
    rate = np.full((1, 220), 12.0)
    rate[0, 205:] = 30.0
    batch, _, (finding,) = _found(rate)
    assert finding.state is BreakdownState.CONFIRMED
    assert finding.last == 219
    assert to_breakdown(finding, batch, severity=(Severity.LOW, ())).ended_at is None


def test_a_breakdown_that_fades_is_recovering() -> None:
    values = np.full((1, 220), 12.0) + np.arange(220) % 3
    values[0, 205:219] = 40.0
    batch = batch_of(values)
    (finding,) = find_breakdowns(detect(batch, CONFIG), batch)
    assert finding.state in (BreakdownState.RECOVERING, BreakdownState.OVER)


def test_the_narrow_slice_that_holds_the_excess_is_the_breakdown() -> None:
    slices = [Slice(), Slice.of({"r": "n"}), Slice.of({"r": "s"})]
    rate = np.full((3, 260), 20.0)
    rate[1, 220:] = 50.0
    values = np.random.default_rng(2).poisson(rate)
    values[0] = values[1] + values[2]
    batch = batch_of(values, slices=slices)
    detection = detect(batch, CONFIG)
    grouped = group_overlapping(find_breakdowns(detection, batch), batch, detection)
    by_slice = {f.key.slice: f for f in grouped}
    assert by_slice[slices[1]].part_of is None
    assert by_slice[slices[0]].part_of == by_slice[slices[1]].breakdown_id
    assert slices[2] not in by_slice


def test_slices_that_all_feel_it_are_part_of_the_whole() -> None:
    slices = [Slice(), *(Slice.of({"r": r}) for r in "nesw")]
    rate = np.full((5, 260), 15.0)
    rate[:, 220:] = 35.0
    values = np.random.default_rng(2).poisson(rate)
    values[0] = values[1:].sum(axis=0)
    batch = batch_of(values, slices=slices)
    detection = detect(batch, CONFIG)
    grouped = group_overlapping(find_breakdowns(detection, batch), batch, detection)
    by_slice = {f.key.slice: f for f in grouped}
    assert by_slice[Slice()].part_of is None
    parts = [by_slice[s].part_of for s in slices[1:]]
    assert parts == [by_slice[Slice()].breakdown_id] * 4


@pytest.mark.parametrize("since", [0, 250])
def test_since_keeps_what_was_detected_later(since: int) -> None:
    rate = np.full((1, 300), 12.0)
    rate[0, 200:215] = 36.0
    batch, detection, _ = _found(rate)
    assert len(find_breakdowns(detection, batch, since=since)) == (since == 0)


def test_severity_grows_with_harm_and_says_why() -> None:
    rate = np.full((1, 220), 1.0)
    rate[0, 205:] = 3.0
    _, _, (small,) = _found(rate)
    level, reasons = severity_of(small, bucket_days=1)
    assert level in (Severity.LOW, Severity.MEDIUM)
    assert any("times the usual" in r for r in reasons) or level is Severity.LOW
    worth = Money(Decimal(300_000), "EUR")
    level, reasons = severity_of(small, bucket_days=1, customers=50, value_at_risk=worth)
    assert level is Severity.CRITICAL
    assert reasons[0] == "300,000 EUR at risk"
    assert "50 customers hit" in reasons
