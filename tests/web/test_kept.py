import itertools
import threading
import time

import pytest
from pytest_django import Settings

from amends.web.ui.kept import Kept

SOON = 5.0


@pytest.fixture(autouse=True)
def patience(settings: Settings) -> None:
    settings.PATIENCE_SECONDS = SOON


def test_an_answer_is_computed_once_and_kept() -> None:
    kept, numbers = Kept[int](60, 600), itertools.count(1)
    for _ in range(3):
        assert kept.get("a", lambda: next(numbers)) == 1
    assert kept.get("b", lambda: next(numbers)) == 2


def test_what_takes_long_is_on_its_way_and_then_there(settings: Settings) -> None:
    settings.PATIENCE_SECONDS = 0.001
    kept, go = Kept[str](60, 600), threading.Event()

    def compute() -> str:
        go.wait(SOON)
        return "there"

    assert kept.get("a", compute) is None
    assert kept.get("a", compute) is None
    go.set()
    until = time.monotonic() + SOON
    while (found := kept.get("a", compute)) is None and time.monotonic() < until:
        time.sleep(0.001)
    assert found == "there"


def test_an_old_answer_is_given_while_a_new_one_is_computed() -> None:
    kept, done = Kept[int](0, 600), threading.Event()
    assert kept.get("a", lambda: 1) == 1

    def renew() -> int:
        done.set()
        return 2

    assert kept.get("a", renew) == 1
    assert done.wait(SOON)
    until = time.monotonic() + SOON
    while kept.get("a", renew) == 1 and time.monotonic() < until:
        time.sleep(0.001)
    assert kept.get("a", renew) == 2


def test_what_goes_wrong_comes_to_who_waits_and_is_tried_again() -> None:
    kept = Kept[int](60, 600)

    def fail() -> int:
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        kept.get("a", fail)
    assert kept.get("a", lambda: 3) == 3


def test_without_patience_whoever_asks_computes(settings: Settings) -> None:
    settings.PATIENCE_SECONDS = None
    kept = Kept[str](60, 600)
    assert kept.get("a", lambda: threading.current_thread().name) == "MainThread"
    kept.clear()
