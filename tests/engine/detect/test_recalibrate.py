from hypothesis import given
from hypothesis import strategies as st

from amends.engine.detect import budget_factor

FACTORS = st.sampled_from([0.25, 0.5, 2**-0.5, 1.0, 2**0.5, 2.0])


@given(false=st.integers(0, 10_000), granted=st.floats(0, 1e4), before=FACTORS)
def test_it_stays_within_its_bounds_and_settles(false: int, granted: float, before: float) -> None:
    factor = budget_factor(false, granted, before)
    assert 0.25 <= factor <= 2
    assert budget_factor(false, granted, factor) == factor


@given(granted=st.floats(0, 100), false=st.integers(0, 100))
def test_more_false_alarms_never_give_more_budget(granted: float, false: int) -> None:
    assert budget_factor(false + 1, granted) <= budget_factor(false, granted)


def test_a_single_judgement_moves_nothing() -> None:
    assert budget_factor(1, 0.0) == 1
    assert budget_factor(0, 1.0) == 1
