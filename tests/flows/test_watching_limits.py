"""What a watch cannot or will not show one by one, it says."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.engine.signals.raw_tables import make_signals

from amends.engine.contracts import Bucket, as_datetime
from amends.flows.analyze.options import AnalyzeOptions
from amends.flows.analyze.watching import Watch, watch

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def _quiet(stage: str, done: int, total: int) -> None:
    assert stage
    assert done <= total


def _watched(signals: pa.Table, country: str = "") -> Watch:
    return watch(signals, AnalyzeOptions(country=country), _quiet)


def test_very_many_values_of_a_dimension_are_watched_as_the_most_frequent_and_said() -> None:
    rng = np.random.default_rng(1)
    rows = [
        {
            "occurred_at": FIRST + timedelta(days=i // 40),
            "vendor": "acme" if i % 2 else f"v{rng.integers(0, 10**6)}",
        }
        for i in range(4000)
    ]
    watched = _watched(make_signals(rows))
    (said,) = [limit for limit in watched.limits if "vendor" in limit.what]
    assert "of its values, with" in said.because
    assert watched.n_series < 40


def test_a_file_that_was_loaded_twice_is_one_breakdown_and_said() -> None:
    rng = np.random.default_rng(2)
    rows = []
    for day in range(100):
        for vendor in range(24):
            n = rng.poisson(8) * (8 if day == 90 and vendor < 22 else 1)
            at = {"occurred_at": FIRST + timedelta(days=day), "vendor": f"v{vendor:02d}"}
            rows += [at] * n
    watched = _watched(make_signals(rows))
    roots = [f for w in watched.watched for f in w.findings if f.part_of is None]
    assert len([f for f in roots if f.detected == 90]) == 1
    assert len(roots) <= 2


@pytest.mark.parametrize(
    ("country", "closed"),
    [("", None), ("de", {1}), ("GB", {1}), ("GB-SCT", {1, 2})],
)
def test_public_holidays_of_the_country_are_days_of_rest(
    country: str, closed: set[int] | None
) -> None:
    rows = [{"occurred_at": FIRST + timedelta(days=i // 20)} for i in range(1700)]
    batch = _watched(make_signals(rows), country).watched[0].batch
    assert batch.bucket is Bucket.DAY
    if closed is None:
        assert batch.closed is None
    else:
        assert batch.closed is not None
        rested = [as_datetime(batch.starts[i]) for i in np.flatnonzero(batch.closed)]
        assert {day.day for day in rested if day.month == 1} == closed
