"""Learning: in parts as at once, without touching what was known, stored and read back whole."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.engine.recommend.cases import expected_value, lessons, some_cases

from amends.engine.contracts import BadInput
from amends.engine.recommend import (
    LearnedState,
    Lesson,
    Recommender,
    dump_state,
    learn,
    load_state,
    shipped_policy,
)
from amends.engine.recommend.features import KNOTS, money_weights
from amends.engine.recommend.learning import Posterior

POLICY = shipped_policy("telecoms", ("GB",), "GBP")


@cache
def taught(n: int) -> tuple[Lesson, ...]:
    cases = some_cases(n, 5)
    records = Recommender(POLICY).recommend_many(cases, "team_leader", seed=3)
    return tuple(lessons(cases, records, np.random.default_rng(99)))


def test_learning_in_parts_gives_the_statistics_of_learning_at_once() -> None:
    given = taught(300)
    whole = learn(LearnedState(), given)
    parts = learn(learn(replace(LearnedState(), scale=whole.scale), given[:120]), given[120:])
    order = [parts.names.index(name) for name in whole.names]
    assert np.allclose(whole.gram, parts.gram[np.ix_(order, order)])
    assert np.allclose(whole.moment, parts.moment[order])
    assert (whole.n, whole.tallies) == (parts.n, parts.tallies)
    assert whole.square == pytest.approx(parts.square)


def test_learning_leaves_the_old_state_as_it_was() -> None:
    before = learn(LearnedState(), taught(300)[:200])
    version, gram = before.version, before.gram.copy()
    learn(before, taught(300)[200:])
    assert before.version == version
    assert np.array_equal(before.gram, gram)
    assert learn(before, []) is before


def test_a_state_survives_being_stored() -> None:
    state = learn(LearnedState(), taught(300))
    again = load_state(dump_state(state))
    assert again.version == state.version
    assert np.array_equal(again.gram, state.gram)
    cases = some_cases(40, 8)
    assert Recommender(POLICY, again).recommend_many(cases) == Recommender(
        POLICY, state
    ).recommend_many(cases)
    assert load_state(dump_state(LearnedState())).version == LearnedState().version


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"format": "other"}'])
def test_what_is_no_state_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match="recommender"):
        load_state(content)


def test_a_damaged_state_is_refused() -> None:
    whole = dump_state(learn(LearnedState(), taught(300)))
    with pytest.raises(BadInput, match="no whole"):
        load_state(whole.replace(b'"names":["', b'"names":["one more","', 1))


def test_posterior_draws_have_the_posterior_s_mean_and_spread() -> None:
    posterior = Posterior(learn(LearnedState(), taught(300)))
    d = len(posterior.state.names)
    draws = posterior.draws(np.random.default_rng(0).standard_normal((d, 6000)))
    precision = posterior.state.gram / posterior.state.noise**2
    spreads = np.array(
        [posterior.state.spreads[n.partition("|")[0]] for n in posterior.state.names]
    )
    covariance = np.linalg.inv(precision + np.diag(spreads**-2.0))
    assert np.allclose(np.cov(draws), covariance, atol=0.1 * covariance.diagonal().max())
    assert np.allclose(draws.mean(axis=1), posterior.mean, atol=5 * spreads / np.sqrt(6000))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.3, 0.5, 0.99, 1.0, 1.4, 1.5, 2.0])
def test_the_curve_of_money_is_a_straight_line_through_its_knots(share: float) -> None:
    weights = dict(money_weights(share))
    assert set(weights) <= set(KNOTS)
    assert sum(k * w for k, w in weights.items()) == pytest.approx(min(share, KNOTS[-1]))


def test_it_learns_what_works_and_is_not_worse_than_practice() -> None:
    """3,000 cases of a company whose segments differ in taste: regret must shrink by 40 %."""
    cases = some_cases(3_000, 21)
    rng = np.random.default_rng(22)
    recommender = Recommender(POLICY)
    regrets = []
    for start in range(0, len(cases), 500):
        part = cases[start : start + 500]
        records = recommender.recommend_many(part, "team_leader", seed=1)
        for facts, record in zip(part, records, strict=True):
            values = [expected_value(facts, record.taken(arm, 12)) for arm in record.allowed]
            permit = POLICY.permit(facts, "team_leader")
            regrets.append(
                (max(values) - values[record.shown], max(values) - values[permit.practice])
            )
        recommender = recommender.learn(lessons(part, records, rng))
    own, practice = np.array(regrets).T
    assert own[:1000].mean() <= practice[:1000].mean()
    assert own[-1500:].mean() <= 0.6 * practice[-1500:].mean()
