"""Every world in turn, written out or merely played."""

import pytest
from tests.engine.worlds.plays import Told, big_play, told

from amends.engine.worlds import Play


@pytest.fixture(params=["bank", "retailer", "telco"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def play_told(name: str) -> Told:
    return told(name)


@pytest.fixture(scope="session")
def retailer_told() -> Told:
    return told("retailer")


@pytest.fixture
def planted_play(name: str) -> Play:
    return big_play(name)
