from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals
from amends.engine.prevent import CostModel, cost_of_failure

MODEL = CostModel(
    handling_minutes=30, cost_per_hour=20, remedy_share=0.5, remedy_each=7, penalty_each=1,
    churn_delta=0.1, margin_per_customer=100,
)  # fmt: skip


def signals(rows: list[dict[str, Any]]) -> pa.Table:
    plain = pa.schema(
        [
            pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f
            for f in SIGNAL_SCHEMA
        ]
    )
    full = [
        {"signal_id": f"s{i}", "source": "a", "external_id": str(i), "version": 1} | row
        for i, row in enumerate(rows)
    ]
    return check_signals(pa.Table.from_pylist(full, schema=plain))


def complaint(cause: str | None, **fields: Any) -> dict[str, Any]:
    return {"kind": "complaint", "cause": cause} | fields


def test_the_sum_of_what_a_cause_costs() -> None:
    rows = [
        complaint("delivery/late", customer_id="a", case_ref="k", contacts=3, loss=Decimal(40)),
        complaint("delivery/late", customer_id="a", case_ref="k", contacts=1),
        complaint("delivery/late", customer_id="a"),
        complaint("delivery/late"),
        complaint("billing/wrong", customer_id="b", loss=Decimal(10), currency="USD"),
        complaint("unsure"),
        complaint(None),
        {"kind": "survey", "cause": "delivery/late"},
    ]
    late, wrong = cost_of_failure(signals(rows), MODEL, currency="EUR").causes
    assert (late.cause, late.n) == ("delivery/late", 3)
    assert late.handling == pytest.approx((3 + 1 + 1) * 10)
    assert late.remedy == pytest.approx(0.5 * 40 + 7 + 7 + 3)
    assert late.churn == pytest.approx(2 * 10)
    assert late.total == pytest.approx(late.handling + late.remedy + late.churn)
    assert wrong.remedy == pytest.approx(7 + 1)
    assert late.share + wrong.share == pytest.approx(1)


def test_families_add_up_to_the_same_whole_except_for_shared_customers() -> None:
    rows = [complaint(c, customer_id=c) for c in ("delivery/late", "delivery/lost", "billing/x")]
    fine = cost_of_failure(signals(rows), MODEL, currency="EUR").causes
    coarse = cost_of_failure(signals(rows), MODEL, currency="EUR", by_family=True).causes
    assert [c.cause for c in coarse] == ["delivery", "billing"]
    assert sum(c.total for c in fine) == pytest.approx(sum(c.total for c in coarse))


def test_every_assumption_is_shown_with_its_source() -> None:
    found = cost_of_failure(signals([]), MODEL, currency="EUR")
    assert found.causes == ()
    shown = {a.name: a for a in found.assumptions}
    assert shown["churn_delta"].value == 0.1
    assert all(a.unit and a.source for a in found.assumptions)
    assert len(shown) == 8


def test_impossible_assumptions_are_refused() -> None:
    with pytest.raises(ValueError, match="churn_delta"):
        CostModel(churn_delta=2)
    with pytest.raises(ValueError, match="cost_per_hour"):
        CostModel(cost_per_hour=-1)
