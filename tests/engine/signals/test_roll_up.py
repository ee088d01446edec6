"""Series keep totals, whatever the order of the rows or the width of the buckets."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.signals.raw_tables import make_signals

from amends.engine import classify
from amends.engine.contracts import MEASURES, BadInput, Bucket, Slice
from amends.engine.signals import choose_slices, contribution, measures_of, roll_up, roll_up_slices
from amends.engine.signals.measures import NEGATIVE_BELOW

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def at(day: float, **fields: Any) -> dict[str, Any]:
    return {"occurred_at": MONDAY + timedelta(days=day), **fields}


def test_complaints_are_counted_per_day_and_silence_is_none() -> None:
    batch = roll_up(make_signals([at(0), at(0), at(3), at(1, kind="ticket")]), "complaints")
    assert batch.value.tolist() == [[2, 0, 0, 1]]
    assert batch.exposure.tolist() == [[1, 1, 1, 1]]
    assert batch.starts[0] == np.datetime64("2024-01-01", "us")
    assert batch.elapsed == 1


def test_the_last_bucket_says_how_much_of_it_has_elapsed() -> None:
    weeks = roll_up(make_signals([at(0), at(9)]), "complaints", (), Bucket.WEEK)
    assert weeks.value.tolist() == [[1, 1]]
    assert weeks.elapsed == pytest.approx(3 / 7)
    hours = roll_up(make_signals([at(0.25), at(1.5)]), "complaints")
    assert hours.elapsed == pytest.approx(0.5)
    told = roll_up(make_signals([at(0)]), "complaints", (), Bucket.DAY, MONDAY + timedelta(2.25))
    assert (told.value.tolist(), told.elapsed) == ([[1, 0, 0]], 0.25)


def test_the_first_bucket_has_only_the_days_since_the_first_signal() -> None:
    weeks = roll_up(make_signals([at(2), at(20)]), "complaints", (), Bucket.WEEK)
    assert weeks.exposure[0].tolist() == [5, 7, 7]
    assert weeks.starts[0] == np.datetime64("2024-01-01", "us")
    hours = roll_up(make_signals([at(0.25), at(2)]), "complaints", (), Bucket.HOUR)
    assert hours.exposure[0, 0] == pytest.approx(1 / 24)


def test_the_zone_of_the_end_does_not_matter_but_must_be_given() -> None:
    signals = make_signals([at(0), at(1)])
    tokyo = (MONDAY + timedelta(1)).astimezone(timezone(timedelta(hours=9)))
    batch = roll_up(signals, "complaints", (), Bucket.DAY, tokyo)
    assert batch.value.tolist() == [[1]]
    with pytest.raises(BadInput, match="no time zone"):
        roll_up(signals, "complaints", (), Bucket.DAY, datetime(2024, 1, 2))  # noqa: DTZ001 - the point


def test_without_dates_there_is_nothing_to_follow() -> None:
    with pytest.raises(BadInput, match=r"No signal has a date.*--map"):
        roll_up(make_signals([{}]), "complaints")
    with pytest.raises(BadInput, match="no measure 'sales'"):
        roll_up(make_signals([at(0)]), "sales")


def test_rates_are_per_transaction_and_unknown_without_any() -> None:
    signals = make_signals(
        [
            at(0),
            at(0, kind="transaction", exposure=20.0),
            at(0, kind="transaction", exposure=30.0),
            at(1),
            at(2, kind="transaction", exposure=10.0),
        ]
    )
    batch = roll_up(signals, "complaint_rate")
    assert batch.exposure.tolist() == [[50, 0, 10]]
    np.testing.assert_array_equal(batch.value, [[1, np.nan, 0]])


def test_escalations_are_per_contact() -> None:
    flagged = [at(0, is_escalated=True), at(0, kind="ticket", is_escalated=False)]
    apart = [at(0), at(0, kind="ticket"), at(0, kind="escalation")]
    both = [*flagged, at(0, kind="escalation")]
    for rows, n in ((flagged, 1), (apart, 1), (both, 2)):
        batch = roll_up(make_signals(rows), "escalation_rate")
        assert (batch.value.tolist(), batch.exposure.tolist()) == ([[n]], [[2]])


@pytest.mark.parametrize(
    ("measure", "field", "harms"),
    [
        ("nps_harm", "nps", {0: 1, 6: 1, 7: 0.5, 8: 0.5, 9: 0, 10: 0}),
        ("csat_harm", "csat", {1: 1, 3: 1, 4: 0, 5: 0}),
        ("ces_harm", "ces", {1: 1, 4: 1, 5: 0, 7: 0}),
        ("negative_share", "sentiment", {-0.5: 1, -0.01: 0, 0.5: 0}),
    ],
)
def test_a_score_harms_as_the_measure_defines(
    measure: str, field: str, harms: dict[float, float]
) -> None:
    for score, harm in harms.items():
        batch = roll_up(make_signals([at(0, kind="survey", **{field: score}), at(0)]), measure)
        assert (batch.value.tolist(), batch.exposure.tolist()) == ([[harm]], [[1]])


def test_only_measures_that_the_signals_hold_are_offered() -> None:
    assert measures_of(make_signals([at(0), at(0, nps=3)])) == ("complaints", "nps_harm")
    assert "complaint_rate" in measures_of(
        make_signals([at(0), at(0, kind="transaction", exposure=1.0)])
    )


def test_slices_are_chosen_by_frequency_and_the_rest_is_stated() -> None:
    products = ["fibre"] * 50 + ["dsl"] * 40 + ["tv"] * 30 + ["fax"] * 2
    rows = [at(i % 9, product=p, region="n" if i % 2 else "s") for i, p in enumerate(products)]
    signals = make_signals([*rows, at(0, channel="web"), at(0)])
    chosen = choose_slices(
        signals, "complaints", ["product", "region", "channel"], minimum=10, top=2
    )
    assert [str(each) for each in chosen.slices] == [
        "everything",
        "product=fibre",
        "product=dsl",
        "region=n",
        "region=s",
    ]
    assert [(r.dims, r.values, r.signals) for r in chosen.left_out] == [
        (("product",), 2, 32),
        (("channel",), 1, 1),
    ]
    pairs = choose_slices(signals, "complaints", ["product", "region"], minimum=20, pairs=True)
    assert Slice.of({"product": "fibre", "region": "n"}) in pairs.slices


def test_a_value_that_is_everything_is_no_slice() -> None:
    signals = make_signals([at(0, product="fibre") for _ in range(50)])
    assert choose_slices(signals, "complaints", ["product"]).slices == (Slice(),)


def test_a_slice_that_never_occurs_is_a_series_of_zeros() -> None:
    signals = make_signals([at(0, product="fibre"), at(1, product="dsl")])
    batch = roll_up_slices(signals, "complaints", [Slice.of({"product": "fax"}), Slice()])
    assert batch.value.tolist() == [[0, 0], [1, 1]]


ROWS = st.lists(
    st.builds(
        lambda day, kind, product, region, nps, exposure: at(
            day, kind=kind, product=product, region=region, nps=nps, exposure=exposure
        ),
        st.floats(0, 30),
        st.sampled_from(["complaint", "survey", "transaction"]),
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from(["x", "y", None]),
        st.one_of(st.none(), st.integers(0, 10)),
        st.sampled_from([1.0, 2.5]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40)
@given(
    ROWS,
    st.sampled_from(["complaints", "nps_harm"]),
    st.sampled_from(list(Bucket)),
    st.integers(0, 99),
)
def test_roll_ups_keep_totals_and_do_not_depend_on_row_order(
    rows: list[dict[str, Any]], measure: str, bucket: Bucket, seed: int
) -> None:
    signals = make_signals(rows)
    batch = roll_up(signals, measure, ["product", "region"], bucket, minimum=0, top=99, pairs=True)
    given_ = contribution(signals, measure)
    assert np.nansum(batch.value[0]) == pytest.approx(given_.value.sum())
    for dims in (("product",), ("region",), ("product", "region")):
        known = np.logical_and.reduce([signals[dim].is_valid().to_numpy() for dim in dims])
        whole = given_.value[known].sum()
        keys = [tuple(dim for dim, _ in key.slice.terms) for key in batch.keys]
        rows_of = [i for i, key in enumerate(keys) if key == dims]
        if len(rows_of) > 1:
            assert np.nansum(batch.value[rows_of]) == pytest.approx(whole)
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = roll_up(
        signals.take(pa.array(order)),
        measure,
        ["product", "region"],
        bucket,
        minimum=0,
        top=99,
        pairs=True,
    )
    assert set(shuffled.keys) == set(batch.keys)
    places = [shuffled.keys.index(key) for key in batch.keys]
    np.testing.assert_allclose(shuffled.value[places], batch.value)
    np.testing.assert_allclose(shuffled.exposure[places], batch.exposure)
    assert shuffled.elapsed == batch.elapsed


@settings(max_examples=40)
@given(ROWS)
def test_every_measure_can_be_rolled_up(rows: list[dict[str, Any]]) -> None:
    signals = make_signals(rows)
    for measure in MEASURES:
        batch = roll_up(signals, measure, ["product"], minimum=1)
        known = ~np.isnan(batch.value)
        assert (batch.exposure[known] > 0).all()
        assert (batch.value[known] >= 0).all()
        assert 0 < batch.elapsed <= 1


def test_negative_is_what_classify_calls_negative() -> None:
    assert NEGATIVE_BELOW == classify.NEGATIVE_BELOW
