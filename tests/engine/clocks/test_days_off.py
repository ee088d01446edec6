"""Public holidays by country and part: one place for clocks and for what is watched."""

from datetime import date

import pytest

from amends.engine.clocks import days_off


def test_a_part_of_a_country_has_days_of_its_own() -> None:
    saint_andrew, christmas = date(2026, 11, 30), date(2026, 12, 25)
    assert {saint_andrew, christmas} <= days_off("GB-SCT", 2026)
    assert saint_andrew not in days_off("GB-ENG", 2026)
    assert christmas in days_off("GB-ENG", 2026)


def test_the_days_of_a_year_are_those_of_that_year() -> None:
    assert {day.year for day in days_off("IE", 2027)} == {2027}


@pytest.mark.parametrize("place", ["XX", "ie", "GB-XXX", "", "-SCT"])
def test_what_nobody_knows_is_refused_with_what_a_place_looks_like(place: str) -> None:
    with pytest.raises(ValueError, match=r"like 'IE' or 'GB-SCT'"):
        days_off(place, 2026)
