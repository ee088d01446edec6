from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.engine.contracts import BadInput, LeafTable, Slice
from amends.engine.detect import LocalizeConfig, localize

DIMS = ("channel", "product", "region")
VALUES = (("app", "phone"), ("dsl", "fibre", "tv"), ("e", "n", "s", "w"))


def _table(
    rng: np.random.Generator, planted: list[dict[str, str]], factor: float, mean: float = 40.0
) -> LeafTable:
    codes = np.array(list(product(*(range(len(v)) for v in VALUES))), dtype=np.int32)
    expected = rng.uniform(0.5, 1.5, len(codes)) * mean
    rate = expected.copy()
    for terms in planted:
        hit = np.ones(len(codes), dtype=bool)
        for dim, value in terms.items():
            at = DIMS.index(dim)
            hit &= codes[:, at] == VALUES[at].index(value)
        rate[hit] *= factor
    return LeafTable(DIMS, codes, VALUES, rng.poisson(rate).astype(float), expected)


@pytest.mark.parametrize(
    "planted",
    [
        {"region": "n"},
        {"product": "fibre", "region": "n"},
        {"channel": "app", "product": "dsl", "region": "w"},
    ],
)
def test_the_planted_slice_is_the_first_and_only_claim(planted: dict[str, str]) -> None:
    found = localize(_table(np.random.default_rng(1), [planted], 3.0))
    assert found.slices[0].slice == Slice.of(planted)
    assert found.explained_by == 1
    assert found.slices[0].share_explained > 0.7


def test_two_causes_are_both_claimed() -> None:
    planted = [{"product": "tv", "region": "s"}, {"product": "dsl", "region": "e"}]
    found = localize(_table(np.random.default_rng(2), planted, 4.0))
    claimed = {s.slice for s in found.slices[: found.explained_by]}
    assert claimed == {Slice.of(p) for p in planted}


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_order_of_leaves_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = _table(rng, [{"product": "tv"}], 1.5)
    order = rng.permutation(len(table.codes))
    mixed = LeafTable(DIMS, table.codes[order], VALUES, table.actual[order], table.expected[order])
    one, other = localize(table), localize(mixed)
    assert [s.slice for s in one.slices] == [s.slice for s in other.slices]
    assert one.explained_by == other.explained_by


def test_values_against_predictions_find_rises_and_falls() -> None:
    rng = np.random.default_rng(3)
    table = _table(rng, [], 1.0)
    actual = table.expected * rng.normal(1, 0.02, len(table.expected))
    hit = (table.codes[:, 1] == 1) & (table.codes[:, 2] == 3)
    actual[hit] *= 0.6
    actual[table.codes[:, 2] == 0] *= 1.5
    values = LeafTable(DIMS, table.codes, VALUES, actual, table.expected)
    found = localize(values, LocalizeConfig(mode="values"))
    claimed = {s.slice for s in found.slices[: found.explained_by]}
    assert claimed == {Slice.of({"region": "e"}), Slice.of({"product": "fibre", "region": "w"})}


def test_no_rise_is_no_slice() -> None:
    table = _table(np.random.default_rng(4), [], 1.0)
    calm = LeafTable(DIMS, table.codes, VALUES, table.expected * 0.9, table.expected)
    found = localize(calm)
    assert found.slices == ()
    assert found.explained_by == 0


@pytest.mark.parametrize(
    ("figure", "mode"), [(-1.0, "counts"), (np.nan, "counts"), (np.inf, "values")]
)
def test_figures_that_fit_no_likelihood_are_refused(figure: float, mode: str) -> None:
    table = _table(np.random.default_rng(5), [], 1.0)
    table.actual[3] = figure
    with pytest.raises(BadInput, match="leaf 4"):
        localize(table, LocalizeConfig(mode=mode))


def test_an_empty_table_is_refused() -> None:
    nothing = LeafTable((), np.zeros((0, 0), np.int32), (), np.zeros(0), np.zeros(0))
    with pytest.raises(BadInput, match="nothing to localise"):
        localize(nothing)
    with pytest.raises(BadInput, match="counts, values"):
        LocalizeConfig(mode="guess")
