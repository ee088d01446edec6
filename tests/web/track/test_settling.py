"""How cases end: by the one rule, when the window is over, and never over a person's head."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.outcomes import RESOLVED_AT, make_case

from amends.web.cases.models import Case, Entry, State
from amends.web.track.models import Outcome
from amends.web.track.settling import settle

pytestmark = pytest.mark.django_db
AFTER = timedelta(days=20)


@pytest.mark.parametrize(
    ("known", "end"),
    [
        ({"satisfaction": 4}, State.RECOVERED),
        ({"satisfaction": 5, "nps": 2}, State.RECOVERED),
        ({"nps": 9}, State.RECOVERED),
        ({"satisfaction": 3}, State.NOT_RECOVERED),
        ({"satisfaction": 3, "nps": 10}, State.NOT_RECOVERED),
        ({"nps": 8}, State.NOT_RECOVERED),
        ({"satisfaction": 5, "recontacted": 3}, State.NOT_RECOVERED),
        ({"recontacted": 3}, State.NOT_RECOVERED),
        ({"satisfaction": 5, "churned": True}, State.LOST),
        ({"churned": True}, State.LOST),
        ({"satisfaction": 5, "churned": False}, State.RECOVERED),
        ({"churned": False}, State.RESOLVED),
        ({}, State.RESOLVED),
    ],
)
def test_settle_rule(known: dict[str, Any], end: State) -> None:
    """Silence is not recovery: without an answer the case stays resolved."""
    case = make_case()
    days = known.pop("recontacted", None)
    if days:
        known["recontacted_at"] = RESOLVED_AT + timedelta(days=days)
    Outcome.objects.create(case=case, **known)

    settle(RESOLVED_AT + AFTER)

    case.refresh_from_db()
    assert case.state == end
    assert case.version == (1 if end is State.RESOLVED else 2)
    assert Entry.objects.filter(case=case).count() == (0 if end is State.RESOLVED else 1)


def test_settle_not_before_the_window_ends() -> None:
    Outcome.objects.create(case=make_case(), satisfaction=5)
    assert settle(RESOLVED_AT + timedelta(days=13)) == 0
    assert settle(RESOLVED_AT + timedelta(days=14)) == 1
    case = Case.objects.get()
    assert case.closed_at == RESOLVED_AT + timedelta(days=14)
    assert settle(RESOLVED_AT + AFTER) == 0


def test_settle_open_cases_stay_open() -> None:
    """A case that was opened again has its resolution before it, but is not resolved."""
    case = make_case(state=State.IN_PROGRESS)
    Outcome.objects.create(case=case, satisfaction=5)
    assert settle(RESOLVED_AT + AFTER) == 0


def test_settle_later_evidence() -> None:
    outcome = Outcome.objects.create(case=make_case(), satisfaction=5)
    settle(RESOLVED_AT + AFTER)
    outcome.refresh_from_db()
    outcome.churned, outcome.window_closed_at = True, RESOLVED_AT + timedelta(days=60)
    outcome.save()

    assert settle(RESOLVED_AT + timedelta(days=61)) == 1

    case = Case.objects.get()
    assert case.state == State.LOST
    assert case.closed_at == RESOLVED_AT + timedelta(days=60)
    titles = list(Entry.objects.values_list("title", flat=True))
    assert titles == ["Recovered", "Lost"]


def test_settle_leaves_what_people_closed() -> None:
    case = make_case(state=State.NOT_RECOVERED, closed_at=RESOLVED_AT)
    Outcome.objects.create(case=case, satisfaction=5)
    assert settle(RESOLVED_AT + AFTER) == 0


def test_settle_in_bulk(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for i in range(40):
        Outcome.objects.create(case=make_case(), satisfaction=1 + i % 5)
    with django_assert_max_num_queries(12):
        assert settle(RESOLVED_AT + AFTER) == 40
