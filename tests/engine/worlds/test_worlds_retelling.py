"""Given cases are told in the world's words."""

from dataclasses import replace

from amends.engine.contracts import Kind
from amends.engine.worlds import read_world


def test_each_case_is_told_in_its_own_words_the_same_under_a_seed(name: str) -> None:
    world = read_world(name)
    facts = world.cases(120)
    told = world.retell(facts, Kind.COMPLAINT, [1.4] * 120, attempt=2, seed=3).to_pylist()
    assert (
        told[50:60]
        == world.retell(facts[50:60], Kind.COMPLAINT, [1.4] * 10, attempt=2, seed=3).to_pylist()
    )
    assert len(set(told)) > 110
    assert told != world.retell(facts, Kind.COMPLAINT, [1.4] * 120, attempt=2, seed=4).to_pylist()


def test_a_branch_can_be_told_and_an_unknown_cause_is_not() -> None:
    world = read_world("telco")
    case = world.cases(1)[0]
    odd = [replace(case, cause="network"), replace(case, cause="astrology/mars", product="")]
    told = world.retell(odd, Kind.COMPLAINT, [1.0, 1.0]).to_pylist()
    assert all(told)
