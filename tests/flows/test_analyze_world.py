"""The analysis of a simulated company finds what was planted in it, and says so."""

from datetime import UTC, datetime

import pytest

from amends.engine.contracts import BreakdownReport, Report
from amends.engine.worlds import Decoy, PlantedBreakdown, Truth, read_world
from amends.engine.worlds.company import Shape
from amends.flows.analyze import AnalyzeOptions, analyze_files
from amends.flows.worlds import write_world

WORLD, SIGNALS, SEED = "telco", 30_000, 11
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("world")
    write_world(WORLD, folder, signals=SIGNALS, seed=SEED)
    return analyze_files([folder / "signals.parquet"], AnalyzeOptions(), now=NOW).report


@pytest.fixture(scope="module")
def truth() -> Truth:
    return read_world(WORLD).truth(SIGNALS, SEED)


def overlaps(told: BreakdownReport, planted: PlantedBreakdown | Decoy) -> bool:
    ended_at = told.breakdown.ended_at or NOW
    return told.breakdown.onset_at.date() <= planted.last and planted.first <= ended_at.date()


def tells_of(told: BreakdownReport, planted: PlantedBreakdown) -> bool:
    where = told.breakdown.slices[0].slice.as_dict()
    truly = {**planted.slice, "cause": planted.cause}
    fits = all(truly.get(dim, value) == value for dim, value in where.items())
    return fits and overlaps(told, planted)


def is_plain(planted: PlantedBreakdown) -> bool:
    """At least 1.5 times the usual at five a day, at once: nobody should miss it.

    A slow leak is less than its final ratio for most of its life, and 30,000 signals are few.
    """
    is_sudden = planted.shape is not Shape.SLOW_LEAK
    return is_sudden and planted.usual_per_day >= 5 and planted.ratio >= 1.5


def test_every_plain_breakdown_is_told(report: Report, truth: Truth) -> None:
    plain = [planted for planted in truth.breakdowns if is_plain(planted)]
    assert plain
    missed = [p.name for p in plain if not any(tells_of(told, p) for told in report.breakdowns)]
    assert not missed, [told.headline for told in report.breakdowns]


def test_no_decoy_alarms(report: Report, truth: Truth) -> None:
    fooled = [
        (decoy.name, told.headline)
        for decoy in truth.decoys
        for told in report.breakdowns
        if overlaps(told, decoy) and not any(overlaps(told, p) for p in truth.breakdowns)
    ]
    assert not fooled


def test_what_is_told_has_its_evidence(report: Report) -> None:
    for told in report.breakdowns:
        evidence = told.breakdown.evidence
        assert evidence.ratio_interval.low > 1
        assert evidence.observed > evidence.expected
        assert told.breakdown.onset_at <= told.breakdown.detected_at
        assert told.to_do
        assert told.chart.starts


def test_the_main_metrics_have_values(report: Report) -> None:
    known = {metric.name for metric in report.metrics if metric.value is not None}
    assert known >= {"nps", "csat", "ces", "recontact_rate", "resolution_median_days"}


def test_causes_come_with_words_and_cost(report: Report) -> None:
    assert len(report.causes) >= 20
    assert all(cause.quotes for cause in report.causes if cause.n >= 200)
    assert any(cause.cost and cause.cost.total > 0 for cause in report.causes)
    assert report.cost_assumptions


def test_every_row_is_accounted_for(report: Report) -> None:
    assert report.rows.read == report.rows.analysed + report.rows.duplicate
    assert report.rows.quarantined == 0
