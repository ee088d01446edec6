import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from amends.engine.stats.intervals import (
    design_effect,
    jeffreys,
    mean_t,
    net_share,
    poisson_rate,
    wilson,
)


@given(st.integers(1, 10_000), st.data())
def test_a_proportion_lies_in_its_interval(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    for interval in (wilson(k, n), jeffreys(k, n)):
        assert 0 <= interval.low <= k / n <= interval.high <= 1


def test_wilson_is_that_of_the_textbook() -> None:
    interval = wilson(10, 50)
    reference = stats.binomtest(10, 50).proportion_ci(method="wilson")
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), rel=1e-9)


def test_garwood_is_exact_for_poisson_counts() -> None:
    interval = poisson_rate(3, 1.0)
    assert stats.poisson.sf(2, interval.low) == pytest.approx(0.025)
    assert stats.poisson.cdf(3, interval.high) == pytest.approx(0.025)


@pytest.mark.parametrize("n", [20, 100])
def test_wilson_and_net_share_cover_about_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(5)
    hits = [i.low <= 0.1 <= i.high for i in (wilson(k, n) for k in rng.binomial(n, 0.1, 2000))]
    assert 0.925 < np.mean(hits) < 0.985
    answers = rng.multinomial(n, [0.25, 0.25, 0.5], 2000)
    net = [net_share(up, down, n) for down, _, up in answers]
    assert 0.925 < np.mean([i.low <= 0.25 <= i.high for i in net]) < 0.985


def test_repeated_answers_are_worth_less() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0, 1.0], 10)
    clusters = np.repeat(np.arange(5), 10)
    assert design_effect(values, clusters) == pytest.approx(10)
    assert design_effect(values, np.full(50, -1)) == 1
    assert design_effect(values, np.arange(50)) == pytest.approx(1)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40))
def test_a_mean_lies_in_its_interval(values: list[float]) -> None:
    sample = np.array(values)
    interval = mean_t(sample)
    assert interval is not None
    assert interval.low <= sample.mean() <= interval.high


def test_one_value_has_no_interval() -> None:
    assert mean_t(np.array([3.0])) is None


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_impossible_proportions_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(k, n)
