from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.contracts import UNSURE, Bucket, Metric
from amends.engine.track import MetricConfig, WorkingHours, metric_series, metrics

SignalsOf = Callable[[list[dict[str, Any]]], pa.Table]

DAYS = 40
CAUSES = ("delivery/late", "delivery/lost", "billing/wrong", UNSURE, None)


def by_name(signals: pa.Table, **config: Any) -> dict[str, Metric]:
    return {m.name: m for m in metrics(signals, MetricConfig(**config))}


def case(day: float, **fields: Any) -> dict[str, Any]:
    return {"kind": "complaint", "occurred_at": day} | fields


rows_of_signals = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["complaint", "ticket", "social", "note", "survey"]),
            "occurred_at": st.integers(0, DAYS),
            "customer_id": st.sampled_from(["a", "b", "c", None]),
            "cause": st.sampled_from(CAUSES),
            "took": st.none() | st.integers(0, 12),
            "transfers": st.none() | st.integers(0, 1),
            "is_escalated": st.none() | st.booleans(),
            "nps": st.none() | st.integers(0, 10),
        }
    ),
    min_size=1,
    max_size=25,
)


def prepared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ready = []
    for row in rows:
        copy = {k: v for k, v in row.items() if k != "took"}
        if row["took"] is not None and row["kind"] in {"complaint", "ticket"}:
            copy["resolved_at"] = row["occurred_at"] + row["took"]
        ready.append(copy)
    return ready


def matchable(row: dict[str, Any]) -> bool:
    return row["customer_id"] is not None and row["cause"] not in {None, UNSURE}


def came_back(rows: list[dict[str, Any]], row: dict[str, Any], since: int) -> bool:
    return any(
        other["kind"] in {"complaint", "ticket", "social"}
        and matchable(other)
        and other["customer_id"] == row["customer_id"]
        and other["cause"].split("/")[0] == row["cause"].split("/")[0]
        and since < other["occurred_at"] <= since + 7
        for other in rows
    )


@given(rows_of_signals)
@settings(max_examples=150, deadline=None)
def test_recontact_and_fcr_agree_with_comparing_every_pair(
    signals_of: SignalsOf, raw: list[dict[str, Any]]
) -> None:
    rows = prepared(raw)
    end = max(max(r["occurred_at"], r.get("resolved_at", 0)) for r in rows)
    cases = [r for r in rows if r["kind"] in {"complaint", "ticket"} and matchable(r)]
    closed = [r for r in cases if "resolved_at" in r and r["resolved_at"] + 7 <= end]
    again = [came_back(rows, r, r["resolved_at"]) for r in closed]
    recorded = {r["kind"] for r in rows if "resolved_at" in r}
    asked = [r for r in cases if r["occurred_at"] + 7 <= end and r["kind"] in recorded]
    once = [
        "resolved_at" in r
        and not came_back(rows, r, r["occurred_at"])
        and not r["transfers"]
        and not r["is_escalated"]
        for r in asked
    ]
    found = by_name(signals_of(rows))
    if any("resolved_at" in r for r in rows):
        check_share(found["recontact_rate"], again)
        check_share(found["fcr"], once)
    else:
        assert found["recontact_rate"].value is None
        assert found["fcr"].value is None


def check_share(metric: Metric, flags: list[bool]) -> None:
    assert metric.n == len(flags)
    if flags:
        assert metric.value == pytest.approx(100 * np.mean(flags))
    else:
        assert metric.value is None
        assert metric.missing_because


@given(rows_of_signals, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_row_order_plays_no_part_and_figures_stay_in_bounds(
    signals_of: SignalsOf, raw: list[dict[str, Any]], random: Any
) -> None:
    rows = [
        r | {"signal_id": f"s{i}", "external_id": f"{i}", "case_ref": f"k{i // 2}"}
        for i, r in enumerate(prepared(raw))
    ]
    shuffled = random.sample(rows, len(rows))
    first, second = metrics(signals_of(rows)), metrics(signals_of(shuffled))
    for a, b in zip(first, second, strict=True):
        assert (a.name, a.n, a.missing_because) == (b.name, b.n, b.missing_because)
        assert a.value == pytest.approx(b.value) if a.value is not None else b.value is None
        assert (a.value is None) == (a.missing_because is not None)
        if a.value is None:
            continue
        assert a.n > 0
        low, high = (-100, 100) if a.unit == "points" else (0, 100)
        if a.unit in {"points", "%"} and "change" not in a.name:
            assert low <= a.value <= high
        if a.interval is not None:
            assert a.interval.low - 1e-9 <= a.value <= a.interval.high + 1e-9


@given(rows_of_signals, st.sampled_from([Bucket.DAY, Bucket.WEEK]))
@settings(max_examples=50, deadline=None)
def test_buckets_roll_up_to_the_whole(
    signals_of: SignalsOf, raw: list[dict[str, Any]], bucket: Bucket
) -> None:
    signals = signals_of(prepared(raw))
    whole = by_name(signals)
    for name in ("nps", "fcr", "recontact_rate", "escalation_rate"):
        series = metric_series(signals, name, bucket)
        metric = whole[name]
        assert series.missing_because == (metric.missing_because if not series.n.size else None)
        assert series.n.sum() == metric.n
        if metric.value is not None:
            known = series.n > 0
            total = (series.n[known] * series.value[known]).sum() / series.n.sum()
            assert total == pytest.approx(metric.value)


def test_the_definitions_of_the_scores(signals_of: SignalsOf) -> None:
    rows = [
        {"kind": "survey", "occurred_at": i, "nps": nps, "csat": csat, "ces": ces}
        for i, (nps, csat, ces) in enumerate(
            [(0, 1, 1), (6, 3, 4), (7, 4, 5), (8, 4, 6), (9, 5, 7), (10, 5, 7)]
        )
    ]
    found = by_name(signals_of(rows))
    assert found["nps"].value == 0
    assert found["csat"].value == pytest.approx(400 / 6)
    assert found["ces"].value == pytest.approx(400 / 6)
    assert found["ces_mean"].value == pytest.approx(5)
    assert found["nps"].n == 6


def test_open_cases_are_censored_not_dropped(signals_of: SignalsOf) -> None:
    rows = [case(0, resolved_at=d) for d in (1, 2, 3)] + [case(0) for _ in range(2)] + [case(10)]
    median = by_name(signals_of(rows))["resolution_median_days"]
    assert (median.value, median.n) == (3, 6)
    assert "3 of 6" in median.notes[0]
    p90 = by_name(signals_of(rows))["resolution_p90_days"]
    assert p90.value is None
    assert p90.missing_because is not None
    assert "90 % are needed" in p90.missing_because


def test_a_ticket_that_writes_a_complaint_down_is_no_further_contact(
    signals_of: SignalsOf,
) -> None:
    one = {"customer_id": "a", "cause": "billing/wrong", "case_ref": "one"}
    two = {"customer_id": "b", "cause": "billing/wrong", "case_ref": "two"}
    rows = [
        case(0, **one),
        case(0.1, kind="ticket", resolved_at=2, **one),
        case(0, **two),
        case(0.1, kind="ticket", resolved_at=1, **two),
        case(3, kind="ticket", resolved_at=4, **two),
        {"kind": "note", "occurred_at": 30},
    ]
    found = by_name(signals_of(rows))
    assert (found["fcr"].value, found["fcr"].n) == (50, 2)
    assert (found["recontact_rate"].value, found["recontact_rate"].n) == (50, 2)
    assert found["resolution_median_days"].n == 2


def test_kinds_without_resolutions_do_not_count_as_open(signals_of: SignalsOf) -> None:
    rows = [case(0, kind="ticket", resolved_at=4), case(0), case(9)]
    median = by_name(signals_of(rows))["resolution_median_days"]
    assert (median.value, median.n) == (4, 1)


def test_sources_without_resolutions_do_not_count_as_open(signals_of: SignalsOf) -> None:
    rows = [case(0, resolved_at=4), case(0, source="mail"), case(9, source="mail")]
    median = by_name(signals_of(rows))["resolution_median_days"]
    assert (median.value, median.n) == (4, 1)
    assert "2 cases of a source or kind that records no resolution" in median.notes[0]


def test_a_case_ends_with_its_last_resolution(signals_of: SignalsOf) -> None:
    rows = [
        case(0, case_ref="k", resolved_at=2),
        case(3, case_ref="k", kind="ticket", resolved_at=5),
    ]
    median = by_name(signals_of(rows))["resolution_median_days"]
    assert (median.value, median.n) == (5, 1)


def test_what_happens_after_the_given_end_is_not_known(signals_of: SignalsOf) -> None:
    rows = [case(0, resolved_at=2), case(0, resolved_at=20), case(15, resolved_at=16)]
    end = datetime(2025, 1, 16, tzinfo=UTC)
    median = by_name(signals_of(rows), ends_at=end)["resolution_median_days"]
    assert (median.value, median.n) == (2, 2)


def test_business_time_stops_on_nights_weekends_and_holidays(signals_of: SignalsOf) -> None:
    opened = datetime(2025, 1, 10, 16, 30, tzinfo=UTC)
    resolved = datetime(2025, 1, 14, 9, 30, tzinfo=UTC)
    rows = [case(0, opened_at=opened, occurred_at=opened, resolved_at=resolved)]
    for hours, expected in (
        (WorkingHours(), 9),
        (WorkingHours(closed_on=(datetime(2025, 1, 13, tzinfo=UTC).date(),)), 1),
        (WorkingHours(timezone="Europe/Berlin"), 9.5),
    ):
        found = by_name(signals_of(rows), hours=hours)
        assert found["resolution_median_business_hours"].value == pytest.approx(expected)


def test_complaints_are_divided_by_transactions(signals_of: SignalsOf) -> None:
    rows = [{"kind": "transaction", "occurred_at": d, "exposure": 50.0} for d in range(4)]
    rows += [case(1), case(2.5), case(30)]
    rate = by_name(signals_of(rows))["complaint_rate"]
    assert rate.value == pytest.approx(10)
    assert rate.n == 200
    assert "1 complaints outside" in rate.notes[0]


def test_escalation_signals_and_flags_both_count(signals_of: SignalsOf) -> None:
    rows = [case(0, case_ref="a"), case(0, case_ref="b"), case(1, case_ref="c", is_escalated=True)]
    rows += [{"kind": "escalation", "occurred_at": 2, "case_ref": "a"}]
    rate = by_name(signals_of(rows))["escalation_rate"]
    assert rate.value == pytest.approx(200 / 3)
    assert rate.n == 3


def test_a_contact_count_above_one_is_no_first_contact_resolution(signals_of: SignalsOf) -> None:
    same = {"customer_id": "a", "cause": "billing/wrong"}
    rows = [case(0, resolved_at=0.5, contacts=2, **same), case(20, resolved_at=20.5, **same)]
    rows += [{"kind": "note", "occurred_at": 40}]
    fcr = by_name(signals_of(rows))["fcr"]
    assert (fcr.value, fcr.n) == (50, 2)


def test_deadlines_are_read_from_flags_and_due_times(signals_of: SignalsOf) -> None:
    def due(day: int) -> dict[str, str]:
        return {"due_at": f"2025-01-{day:02d}T00:00:00Z"}

    rows = [
        case(0, resolved_at=1, attributes=due(9)),
        case(0, resolved_at=8, attributes=due(9)),
        case(0, attributes=due(9)),
        case(0, attributes=due(28)),
        case(0, attributes={"Timely response?": "Yes", "due_at": "soon"}),
        case(12, attributes={"SLA breached": "true"}),
    ]
    sla = by_name(signals_of(rows))["sla_met"]
    assert (sla.value, sla.n) == (40, 5)


def test_surveys_sent_without_an_answer_give_a_response_rate(signals_of: SignalsOf) -> None:
    rows = [{"kind": "survey", "occurred_at": i, "csat": 4 if i else None} for i in range(4)]
    assert by_name(signals_of(rows))["response_rate"].value == 75


def test_every_missing_figure_says_what_would_give_it(signals_of: SignalsOf) -> None:
    found = by_name(signals_of([{"kind": "social", "occurred_at": 1, "verbatim": "hello"}]))
    assert all(m.value is None and m.missing_because for m in found.values())
    assert "`nps`" in str(found["nps"].missing_because)
    nobody = by_name(signals_of([case(0, resolved_at=1)]))
    assert "`customer_id`" in str(nobody["recontact_rate"].missing_because)
    assert all(m.missing_because for m in by_name(signals_of([])).values())


def test_an_unknown_metric_is_refused_by_name(signals_of: SignalsOf) -> None:
    with pytest.raises(ValueError, match="no metric 'joy'"):
        metric_series(signals_of([]), "joy", Bucket.DAY)
    with pytest.raises(ValueError, match="time zone"):
        MetricConfig(ends_at=datetime(2025, 1, 1))  # noqa: DTZ001 - what is refused
