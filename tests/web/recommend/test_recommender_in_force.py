from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from amends.engine.recommend import LearnedState, dump_state
from amends.engine.recommend.state import Tally
from amends.web.recommend.models import Learned
from amends.web.recommend.queries import UNLEARNT, recommender, recommender_at

pytestmark = pytest.mark.django_db


def keep(n: int) -> LearnedState:
    state = replace(LearnedState(), n=n, tallies={"apology": Tally(n, 1)})
    Learned.objects.create(
        state=dump_state(state),
        version=state.version,
        n=n,
        learnt_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    return state


def test_without_learning_the_evidence_alone_decides() -> None:
    assert recommender().state.n == 0
    assert recommender().policy.tables


def test_the_newest_learning_is_in_force() -> None:
    keep(3)
    newest = keep(8)
    assert recommender().state.tallies == newest.tallies
    assert recommender().state.version == newest.version


def test_a_state_is_read_once(django_assert_num_queries: Any) -> None:
    keep(3)
    first = recommender()
    with django_assert_num_queries(1):
        assert recommender() is first


def test_an_earlier_recommender_is_found_by_its_version() -> None:
    old = keep(3)
    keep(8)
    then = recommender_at(old.version)
    assert then is not None
    assert then.state.n == 3
    assert recommender_at("learnt-99-none") is None
    unlearnt = recommender_at(UNLEARNT)
    assert unlearnt is not None
    assert unlearnt.state.n == 0
