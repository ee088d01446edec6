"""A read is done once a request, and every time outside of one."""

from collections.abc import Callable, Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from tests.people import People

from amends.web.accounts.models import User
from amends.web.ui.per_request import PerRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _connections_stay() -> Iterator[None]:
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def counted() -> tuple[Callable[[], int], list[int]]:
    times: list[int] = []

    def read() -> int:
        times.append(1)
        return len(times)

    return read, times


def test_outside_of_requests_each_read_is_done() -> None:
    read, times = counted()
    known = PerRequest(read)
    assert [known(), known()] == [1, 2]
    request_started.send(None)
    assert [known(), known(), known()] == [3, 3, 3]
    request_started.send(None)
    assert known() == 4
    request_finished.send(None)
    assert [known(), known()] == [5, 6]
    assert len(times) == 6


def test_what_is_saved_meanwhile_is_seen(people: People) -> None:
    read, _ = counted()
    known = PerRequest(read, User)
    request_started.send(None)
    assert [known(), known()] == [1, 1]
    people.owner.save()
    assert known() == 2
    request_finished.send(None)
