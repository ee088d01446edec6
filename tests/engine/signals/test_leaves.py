"""Leaves: what was seen in the window against what the baseline expected of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.engine.signals.raw_tables import make_signals

from amends.engine.contracts import BadInput, LeafTable
from amends.engine.signals import NOT_GIVEN, leaves

START = datetime(2024, 1, 1, tzinfo=UTC)
BASELINE = (START, START + timedelta(days=10))
WINDOW = (START + timedelta(days=10), START + timedelta(days=15))


def at(day: float, **fields: Any) -> dict[str, Any]:
    return {"occurred_at": START + timedelta(days=day), **fields}


def as_dict(table: LeafTable) -> dict[tuple[str, ...], object]:
    return {
        tuple(values[c] for values, c in zip(table.values, codes, strict=True)): (a, e)
        for codes, a, e in zip(table.codes, table.actual, table.expected, strict=True)
    }


def test_counts_expect_the_baseline_per_day() -> None:
    rows = [at(d, product="a") for d in range(10)] + [at(d, product="b") for d in (0, 2)]
    rows += [at(12, product="a")] * 7 + [at(14, product="c"), at(20, product="a")]
    table = leaves(make_signals(rows), "complaints", ["product"], WINDOW, BASELINE)
    assert as_dict(table) == {("a",): (7, 5), ("b",): (0, 1), ("c",): (1, 0)}


def test_rates_expect_the_usual_rate_of_the_exposure() -> None:
    rows = [at(1, product="a"), at(2, product="a")]
    rows += [at(3, product="a", kind="transaction", exposure=100.0)]
    rows += [at(11, product="a", kind="transaction", exposure=400.0), at(11, product="a")]
    rows += [at(11, product="new", kind="transaction", exposure=50.0)]
    table = leaves(make_signals(rows), "complaint_rate", ["product"], WINDOW, BASELINE)
    assert as_dict(table) == {("a",): (1, pytest.approx(8)), ("new",): (0, pytest.approx(1))}


def test_means_expect_the_usual_badness_of_the_answers() -> None:
    rows = [at(1, nps=n, region="x") for n in (0, 10)] + [
        at(12, nps=n, region="x") for n in (0, 5, 9, 9)
    ]
    table = leaves(make_signals(rows), "nps_harm", ["region"], WINDOW, BASELINE)
    assert as_dict(table) == {("x",): (2, 2)}


def test_a_value_that_is_not_given_is_a_leaf_and_the_total_can_be_told() -> None:
    rows = [at(1, product="a"), at(2), at(11, product="a"), at(11)]
    table = leaves(make_signals(rows), "complaints", ["product"], WINDOW, BASELINE, total=10.0)
    assert as_dict(table) == {("a",): (1, 5), (NOT_GIVEN,): (1, 5)}


def test_leaves_add_up_over_any_dimensions() -> None:
    rng = np.random.default_rng(5)
    rows = [
        at(float(d), product=p, region=r)
        for d, p, r in zip(
            rng.uniform(0, 15, 300),
            rng.choice(list("abc"), 300),
            rng.choice(list("xy"), 300),
            strict=True,
        )
    ]
    signals = make_signals(rows)
    tables = [
        leaves(signals, "complaints", dims, WINDOW, BASELINE)
        for dims in (["product"], ["region"], ["product", "region"])
    ]
    assert len({float(table.actual.sum()) for table in tables}) == 1
    for table in tables:
        assert table.expected.sum() == pytest.approx(tables[0].expected.sum())
    assert tables[2].codes.shape == (6, 2)


@pytest.mark.parametrize(
    ("dims", "window", "message"),
    [
        (["product"], (WINDOW[1], WINDOW[0]), "The window is empty"),
        (["product"], (START.replace(tzinfo=None), WINDOW[1]), "no time zone"),
        ([], WINDOW, "no dimensions"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    dims: list[str], window: tuple[datetime, datetime], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        leaves(make_signals([at(1, product="a")]), "complaints", dims, window, BASELINE)


def test_an_empty_baseline_is_refused() -> None:
    with pytest.raises(BadInput, match="baseline holds nothing"):
        leaves(make_signals([at(12, product="a")]), "complaints", ["product"], WINDOW, BASELINE)
