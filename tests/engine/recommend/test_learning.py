"""Learning: in parts as at once, without touching what was known, stored and read back whole."""

from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from tests.engine.recommend.cases import cents, expected_value, lessons, some_cases

from amends.engine.contracts import ActionKind, ActionTaken, BadInput, Outcome
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

POLICY = shipped_policy("telecoms", ("GB",), "GBP")


@cache
def taught(n: int) -> tuple[Lesson, ...]:
    cases = some_cases(n, 5)
    records = Recommender(POLICY).recommend_many(cases, "team_leader", seed=3)
    return tuple(lessons(cases, records, np.random.default_rng(99)))


def test_learning_in_parts_gives_the_sums_of_learning_at_once() -> None:
    given = taught(300)
    whole = learn(LearnedState(), given)
    parts = learn(learn(replace(LearnedState(), scale=whole.scale), given[:120]), given[120:])
    order = [parts.names.index(name) for name in whole.names]
    for name in ("gram", "signs", "margin", "offset"):
        ordered = getattr(parts.sums, name)[order]
        ordered = ordered[:, order] if name == "gram" else ordered
        assert np.allclose(getattr(whole.sums, name), ordered)
    for name in ("sign_gram", "sign_margin", "sign_offset", "squares"):
        assert np.allclose(getattr(whole.sums, name), getattr(parts.sums, name))
    assert (whole.n, whole.tallies) == (parts.n, parts.tallies)


def test_learning_leaves_the_old_state_as_it_was() -> None:
    before = learn(LearnedState(), taught(300)[:200])
    version, gram = before.version, before.sums.gram.copy()
    learn(before, taught(300)[200:])
    assert before.version == version
    assert np.array_equal(before.sums.gram, gram)
    assert learn(before, []) is before


def test_a_state_survives_being_stored() -> None:
    state = learn(LearnedState(), taught(300))
    again = load_state(dump_state(state))
    assert again.version == state.version
    assert np.array_equal(again.sums.gram, state.sums.gram)
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
    regression = learn(LearnedState(), taught(300)).regressions()[0]
    draws = regression.draws(
        np.random.default_rng(0).standard_normal((len(regression.names), 6000))
    )
    spreads = np.array([regression.fit.spreads[n.partition("|")[0]] for n in regression.names])
    precision = regression.gram / regression.fit.noise**2 + np.diag(spreads**-2.0)
    covariance = np.linalg.inv(precision)
    mean = covariance @ regression.moment / regression.fit.noise**2
    assert np.allclose(regression.mean, mean)
    scale = np.sqrt(covariance.diagonal())
    assert np.allclose((draws.mean(axis=1) - mean) / scale, 0, atol=0.08)
    assert np.allclose(draws.std(axis=1) / scale, 1, atol=0.08)


def test_what_outcomes_say_beyond_their_signs_is_learnt_too() -> None:
    """Refunds keep customers although nobody says so: satisfaction alone would miss it."""
    facts = replace(some_cases(1, 1)[0], is_rejected=True, loss=cents(3_000))
    rng = np.random.default_rng(3)
    given = []
    for i in range(1_500):
        kind = (ActionKind.REFUND, ActionKind.APOLOGY_CREDIT)[i % 2]
        stays = rng.random() < (0.9 if kind is ActionKind.REFUND else 0.6)
        outcome = Outcome(180, 3.0 + 0.5 * rng.standard_normal(), 5, False, not stays, False, 0.0)
        value = 150.0 * stays - 30.0
        case = replace(facts, case_ref=str(i))
        done = ActionTaken(kind, cents(3_000), 12)
        given.append(Lesson(case, done, Decimal(0), replace(outcome, value=value)))
    recommender = Recommender(POLICY).learn(given)
    ranked = {a.kind: a.expected_value for a in recommender.recommend(facts, "manager").allowed}
    assert ranked[ActionKind.REFUND] > ranked[ActionKind.APOLOGY_CREDIT] + 20


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
