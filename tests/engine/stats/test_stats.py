import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, nbinom, poisson

from amends.engine.contracts import Family
from amends.engine.stats.evidence import next_sum, poisson_llr, ratio_interval
from amends.engine.stats.glm import Design, Observed, Prior, expected, newton_step, start_fit
from amends.engine.stats.links import link_of
from amends.engine.stats.tails import (
    count_log_ratio,
    count_lower_tail,
    count_range,
    count_tail,
    mean_log_ratio,
    mean_range,
    mean_tail,
)


def _one(value: float) -> np.ndarray:
    return np.array([value])


@given(st.integers(1, 200), st.floats(0.05, 80), st.floats(1.05, 8))
def test_the_tail_of_a_count_is_exact_where_it_is_far(y: int, mean: float, over: float) -> None:
    got = float(count_tail(_one(y), _one(mean), _one(mean * over))[0])
    size = mean / (over - 1)
    true = float(nbinom.sf(y - 1, size, size / (size + mean)))
    if (y - 0.5 - mean) / np.sqrt(mean * over) > 1.5:
        assert got == pytest.approx(max(true, 1e-300), rel=1e-6)
    assert 0 < got <= 1


@given(st.integers(0, 200), st.floats(0.5, 300), st.floats(1.05, 8))
def test_the_lower_tail_of_a_count_is_exact_where_it_is_far(
    y: int, mean: float, over: float
) -> None:
    got = float(count_lower_tail(_one(y), _one(mean), _one(mean * over))[0])
    size = mean / (over - 1)
    true = float(nbinom.cdf(y, size, size / (size + mean)))
    if (mean - y - 0.5) / np.sqrt(mean * over) > 1.5:
        assert got == pytest.approx(max(true, 1e-300), rel=1e-6)
    assert 0 < got <= 1


@given(st.floats(0.2, 30), st.floats(1.05, 4), st.sampled_from([1.25, 2.0, 3.0]))
@settings(max_examples=40)
def test_the_likelihood_ratio_of_counts_is_an_e_value(mean: float, over: float, c: float) -> None:
    y = np.arange(0, 2_000, dtype=float)
    size = mean / (over - 1)
    log_ratio = count_log_ratio(y, np.full_like(y, mean), np.full_like(y, over), _one(c))
    weighed = np.exp(log_ratio[:, 0] + nbinom.logpmf(y, size, 1 / over))
    assert float(weighed.sum()) == pytest.approx(1, abs=1e-3)


def test_the_poisson_limit_of_the_likelihood_ratio() -> None:
    y = np.arange(40.0)
    got = count_log_ratio(y, np.full_like(y, 9.0), np.ones_like(y), _one(2.0))
    np.testing.assert_allclose(got[:, 0], poisson.logpmf(y, 18) - poisson.logpmf(y, 9), atol=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.05, 0.9))
def test_the_wealth_read_off_a_sum_never_exceeds_the_bets(badness: list[float], p: float) -> None:
    z, c = np.array(badness), 2.0
    q = c * p / (1 - p + c * p)
    bets = np.log(1 + (q - p) / (p * (1 - p)) * (z - p)).sum()
    n = float(len(z))
    got = mean_log_ratio(_one(z.sum()), _one(n), _one(n * p), _one(1.0), _one(c))
    assert float(got[0, 0]) <= bets + 1e-9


def test_tails_and_ranges_of_means_are_in_order() -> None:
    n, mean = np.full(50, 40.0), np.full(50, 8.0)
    tail = mean_tail(np.linspace(10, 39, 50), n, mean, np.full(50, 6.4))
    assert (np.diff(tail) < 0).all()
    low, high = mean_range(mean, n, np.full(50, 6.4), 1.96)
    assert ((low > 0) & (low < 8) & (high > 8) & (high < 40)).all()


@pytest.mark.parametrize("mean", [0.3, 5.0, 200.0])
def test_the_range_of_a_count_holds_most_of_it(mean: float) -> None:
    draws = np.random.default_rng(1).poisson(mean, 20_000)
    low, high = count_range(_one(mean), _one(mean), 1.96)
    assert ((draws >= np.floor(low)) & (draws <= np.ceil(high))).mean() >= 0.94


def test_the_sequential_sum_alarms_no_more_often_than_it_promises() -> None:
    rng = np.random.default_rng(2)
    total, alarms = np.zeros((200, 2)), 0
    for _ in range(500):
        y = rng.poisson(6.0, 200).astype(float)
        ln = count_log_ratio(y, np.full_like(y, 6.0), np.ones_like(y), np.array([1.5, 2.0]))
        total = next_sum(total, np.exp(ln))
        hit = total.mean(axis=1) >= 100
        alarms += int(hit.sum())
        total[hit] = 0
    assert alarms <= 200 * 500 / 100


def test_the_ratio_interval_is_exact_for_a_known_expectation() -> None:
    got = ratio_interval(12, 6.0, 1.0, 0.0)
    assert got.low == pytest.approx(chi2.ppf(0.025, 24) / 12)
    assert got.high == pytest.approx(chi2.ppf(0.975, 26) / 12)
    wider = ratio_interval(12, 6.0, 1.5, 0.2)
    assert wider.low < got.low < 2 < got.high < wider.high


def test_the_excess_ratio_counts_rises_only() -> None:
    llr = poisson_llr(np.array([0.0, 5, 10, 20]), np.full(4, 10.0))
    assert llr[:3].tolist() == [0, 0, 0]
    assert llr[3] == pytest.approx(20 * np.log(2) - 10)


@pytest.mark.parametrize("family", list(Family))
def test_a_batch_of_fits_finds_each_series_own_coefficients(family: Family) -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(600), np.sin(np.arange(600) / 8.0)])
    true = np.array([[-1.5, 0.4], [-0.7, -0.3]])
    link = link_of(family)
    exposure = np.full((2, 600), 50.0)
    rate = link.mean(true @ x.T, exposure)
    value = rng.poisson(rate) if family is Family.COUNT else rng.binomial(50, rate / 50)
    seen = Observed(value.astype(float), exposure, np.ones((2, 600)))
    prior = Prior(np.zeros((2, 2)), np.array([[0.0, 1.0]] * 2))
    fit = start_fit(link, seen, prior)
    for _ in range(6):
        mean = expected(link, Design(x), seen, fit)
        fit = newton_step(link, Design(x), seen, prior, fit, mean)
    np.testing.assert_allclose(fit.coef, true, atol=0.06)
    assert (np.linalg.eigvalsh(fit.covariance) > 0).all()


@pytest.mark.parametrize("family", list(Family))
def test_a_series_without_events_stays_finite(family: Family) -> None:
    link = link_of(family)
    seen = Observed(np.zeros((1, 50)), np.full((1, 50), 3.0), np.ones((1, 50)))
    prior = Prior(np.zeros((1, 1)), np.zeros((1, 1)))
    fit = start_fit(link, seen, prior)
    for _ in range(6):
        mean = expected(link, Design(np.ones((50, 1))), seen, fit)
        fit = newton_step(link, Design(np.ones((50, 1))), seen, prior, fit, mean)
    level = float(link.mean(fit.coef[:, 0], _one(150.0))[0])
    assert level == pytest.approx(0.5, rel=0.05)
    assert fit.covariance[0, 0, 0] == pytest.approx(2, rel=0.1)
