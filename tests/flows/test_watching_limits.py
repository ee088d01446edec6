"""What a watch cannot or will not show one by one, it says."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from tests.engine.signals.raw_tables import make_signals

from amends.flows.analyze.options import AnalyzeOptions
from amends.flows.analyze.watching import Watch, watch

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def _quiet(stage: str, done: int, total: int) -> None:
    assert stage
    assert done <= total


def _watched(signals: pa.Table) -> Watch:
    return watch(signals, AnalyzeOptions(), _quiet)


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
