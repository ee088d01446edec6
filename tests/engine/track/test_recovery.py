from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from amends.engine.contracts import Metric
from amends.engine.track import MetricConfig, metrics, theme_impact

SignalsOf = Callable[[list[dict[str, Any]]], pa.Table]


def by_name(signals: pa.Table, **config: Any) -> dict[str, Metric]:
    return {m.name: m for m in metrics(signals, MetricConfig(**config))}


def survey(customer: str, day: float, nps: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "survey", "customer_id": customer, "occurred_at": day, "nps": nps} | fields


def complaint(customer: str, day: float, **fields: Any) -> dict[str, Any]:
    row = {"kind": "complaint", "customer_id": customer, "occurred_at": day}
    return row | {"resolved_at": day + 1} | fields


def test_recovery_nps_takes_the_first_answer_after_each_resolution(signals_of: SignalsOf) -> None:
    rows = [complaint(c, 10) for c in "abcd"]
    rows += [survey("a", 5, 2), survey("a", 20, 9), survey("a", 21, 0)]
    rows += [survey("b", 200, 10), survey("c", 12, 3), survey("d", 9, 4)]
    found = by_name(signals_of(rows))
    assert (found["recovery_nps"].value, found["recovery_nps"].n) == (0, 2)
    assert (found["recovery_response_rate"].value, found["recovery_response_rate"].n) == (50, 4)
    assert (found["recovery_nps_change"].value, found["recovery_nps_change"].n) == (200, 1)
    adjusted = found["recovery_nps_change_adjusted"]
    assert adjusted.value is None
    assert "Too few customers answered twice" in str(adjusted.missing_because)


def test_a_rise_that_peers_show_as_well_is_no_effect_of_recovery(signals_of: SignalsOf) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for i in range(3000):
        usual = rng.normal(7, 1.5)
        first, second = np.clip(np.round(usual + rng.normal(0, 2, 2)), 0, 10).astype(int).tolist()
        rows += [survey(f"c{i}", 1, first), survey(f"c{i}", 60, second)]
        if first <= 5 and i % 2:
            rows.append(complaint(f"c{i}", 20))
    found = by_name(signals_of(rows))
    plain, adjusted = found["recovery_nps_change"], found["recovery_nps_change_adjusted"]
    assert plain.value is not None
    assert plain.value > 30
    assert adjusted.interval is not None
    assert adjusted.interval.low < 0 < adjusted.interval.high


def test_retention_needs_a_purchase_within_the_window(signals_of: SignalsOf) -> None:
    rows = [complaint(c, 0, value_at_risk=5 if c in "ab" else None) for c in "abc"]
    rows += [
        {"kind": "transaction", "customer_id": c, "occurred_at": d}
        for c, d in (("a", 50), ("b", 95), ("c", 10), ("c", 0.5), ("z", 120))
    ]
    found = by_name(signals_of(rows))
    assert found["retention_conversion"].value == pytest.approx(200 / 3)
    assert (found["save_rate"].value, found["save_rate"].n) == (50, 2)


def test_both_definitions_of_a_theme_impact(signals_of: SignalsOf) -> None:
    rows = [
        survey(f"c{i}", i, nps, cause=cause)
        for i, (nps, cause) in enumerate(
            [
                (0, "delivery/late"),
                (1, "delivery/lost"),
                (9, "billing/wrong"),
                (10, None),
                (7, None),
            ]
        )
    ]
    impacts = theme_impact(signals_of(rows), as_family=True)
    worst = impacts[0]
    assert (worst.theme, worst.n, worst.nps) == ("delivery", 2, -100)
    assert worst.pull == pytest.approx(0 - 200 / 3)
    assert worst.gap == pytest.approx(-100)
    assert [i.theme for i in theme_impact(signals_of(rows))][-1] == "billing/wrong"


def test_theme_intervals_cover(signals_of: SignalsOf) -> None:
    rng = np.random.default_rng(8)
    hits = []
    for _ in range(40):
        rows = [
            survey(
                "c",
                1,
                int(rng.choice([3, 9], p=[0.6, 0.4] if theme else [0.2, 0.8])),
                cause="late" if theme else None,
            )
            for theme in rng.random(200) < 0.3
        ]
        impact = theme_impact(signals_of(rows))[0]
        assert impact.gap_interval is not None
        hits.append(impact.gap_interval.low <= 0.7 * -80 <= impact.gap_interval.high)
    assert np.mean(hits) > 0.85
