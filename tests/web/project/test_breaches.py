"""Missed deadlines of cases as rules of alerts see them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case, wait_for_customer

from amends.web.cases import actions
from amends.web.cases.models import Case, State
from amends.web.project.breaches import breaches

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def case_at(opened_at: datetime, **fields: Any) -> Case:
    """Open a critical case: to be answered within an hour and resolved within a day, always."""
    return make_case(severity="critical", opened_at=opened_at, **fields)


def found(since: datetime, until: datetime) -> list[datetime]:
    return sorted(breach.at for breach in breaches(since, until))


def test_what_was_not_answered_in_time_is_a_breach_of_its_slice(now: datetime) -> None:
    where = {"cause": "billing/late", "product": "fibre", "segment": "business", "vendor": "acme"}
    late = case_at(now - 2 * HOUR, **where)
    case_at(now - HOUR / 2)
    [breach] = breaches(now - 60 * HOUR, now)
    assert breach.at == late.opened_at + HOUR
    assert breach.where == {**where, "region": "north", "tier": "gold", "channel": "chat"}


def test_only_the_asked_time_counts_its_end_left_out(now: datetime) -> None:
    at = case_at(now - 2 * HOUR).opened_at + HOUR
    assert found(at, now) == [at]
    assert found(at - HOUR, at) == []
    assert found(at + timedelta(microseconds=1), now) == []


def test_a_clock_that_stands_is_not_missed_but_one_that_was_late_before_stays_so(
    people: People, now: datetime
) -> None:
    in_time, too_late = (case_at(now - n * HOUR, owner=people.owner) for n in (30, 45))
    for case in (in_time, too_late):
        wait_for_customer(people.owner, case, since=now - 20 * HOUR)
    missed = too_late.opened_at + 24 * HOUR
    assert found(now - 60 * HOUR, now) == [missed]
    actions.resume(people.owner, in_time, Case.objects.get(pk=in_time.pk).version)
    assert found(now - 60 * HOUR, now) == [missed], "the deadline moved by the pause"
    [_, moved] = found(now - 60 * HOUR, now + 15 * HOUR)
    assert moved - in_time.opened_at == pytest.approx(44 * HOUR, abs=timedelta(minutes=1))


def test_what_was_met_late_stays_a_breach_and_what_is_out_of_scope_is_none(
    people: People, now: datetime
) -> None:
    late = case_at(now - 3 * HOUR, owner=people.owner)
    actions.acknowledge(people.owner, late, late.version)
    case_at(now - 3 * HOUR, state=State.EXCLUDED)
    assert found(now - 60 * HOUR, now) == [late.opened_at + HOUR]
