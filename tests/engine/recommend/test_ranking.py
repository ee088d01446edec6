"""Propensities: add up to 1, keep their floors, stay under the cap, and explore where allowed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.recommend.cases import some_cases

from amends.engine.contracts import Severity
from amends.engine.recommend.ranking import (
    APPRENTICE_UNTIL,
    FLOOR,
    JOURNEYMAN_FROM,
    MOST_EXPLORATION,
    choose,
    may_explore,
    propensities,
    sure_enough,
)


@st.composite
def wins_and_kinds(draw: st.DrawFn) -> tuple[list[float], list[int], int]:
    kinds = draw(st.lists(st.integers(0, 7), min_size=1, max_size=14))
    weights = draw(st.lists(st.integers(0, 9), min_size=len(kinds), max_size=len(kinds)))
    total = sum(weights)
    wins = [w / total for w in weights] if total else [1.0, *[0.0] * (len(kinds) - 1)]
    return wins, kinds, draw(st.integers(0, len(kinds) - 1))


@settings(max_examples=200, deadline=None)
@given(case=wins_and_kinds(), explore=st.booleans(), padding=st.integers(0, 3))
def test_propensities_are_a_distribution_within_bounds(
    case: tuple[list[float], list[int], int], explore: bool, padding: int
) -> None:
    wins, kinds, base = case
    chances = propensities(
        np.array([wins + [0.0] * padding]),
        np.array([[float(-i) for i in range(len(kinds))] + [-np.inf] * padding]),
        np.array([kinds + [-1] * padding]),
        np.array([base]),
        np.array([explore]),
    )[0]
    assert chances.sum() == pytest.approx(1)
    assert (chances >= 0).all()
    assert (chances[len(kinds) :] == 0).all()
    others = 1 - chances[base]
    if not explore:
        assert others == 0
        return
    assert others <= MOST_EXPLORATION + 1e-12
    for kind in set(kinds) - {kinds[base]}:
        of_kind = sum(c for c, k in zip(chances, kinds, strict=False) if k == kind)
        assert of_kind >= FLOOR - 1e-12


def test_the_likelier_to_be_best_is_shown_more_often() -> None:
    wins = np.array([[0.5, 0.3, 0.2, 0.0]])
    chances = propensities(wins, wins, np.arange(4)[None], np.array([0]), np.array([True]))[0]
    assert list(chances) == sorted(chances, reverse=True)


def test_the_apprentice_follows_practice_and_the_journeyman_the_evidence() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal([[[0.0], [1.0]]], 1.0, (1, 2, 4000)).astype(np.float32)
    kinds, practice, explore = np.array([[1, 2]]), np.array([0]), np.array([True])
    bases = [
        int(choose(draws, kinds, practice, explore, n).base[0])
        for n in (0, APPRENTICE_UNTIL - 1, APPRENTICE_UNTIL, JOURNEYMAN_FROM)
    ]
    assert bases == [0, 0, 0, 1]
    assert sure_enough(0) == sure_enough(APPRENTICE_UNTIL) > sure_enough(JOURNEYMAN_FROM)


@pytest.mark.parametrize(
    "change",
    [
        {"severity": Severity.CRITICAL},
        {"is_vulnerable": True},
        {"is_regulated": True},
        {"failures_90_days": 2},
    ],
)
def test_nobody_is_experimented_with_where_it_could_hurt(change: dict[str, object]) -> None:
    plain = replace(some_cases(1, 1)[0], severity=Severity.LOW, failures_90_days=0)
    assert may_explore(plain)
    assert not may_explore(replace(plain, **change))  # type: ignore[arg-type]
