"""Customers and cases for the tests of the cases."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone

from amends.web.accounts.models import Team, User
from amends.web.cases import actions
from amends.web.cases.clocks import set_deadlines
from amends.web.cases.models import Case, State
from amends.web.cases.recommending import recommend_in_bulk
from amends.web.intake.models import Customer

OPENED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_numbers = count(1)


def make_customer(customer_id: str = "C1", **more: Any) -> Customer:
    known = {
        "name": "Maya Okafor",
        "tier": "gold",
        "region": "north",
        "since": date(2021, 5, 1),
        "value_per_year": Decimal(1240),
        "currency": "EUR",
    }
    customer, _ = Customer.objects.get_or_create(
        customer_id=customer_id, defaults={**known, **more}
    )
    return customer


def make_case(
    *, owner: User | None = None, team: Team | None = None, recommended: bool = True, **more: Any
) -> Case:
    n = next(_numbers)
    known: dict[str, Any] = {
        "ref": f"C-{20000 + n}",
        "title": "Third missed delivery in 10 days",
        "severity": "medium",
        "cause": "delivery/missed_slot",
        "region": "north",
        "tier": "gold",
        "channel": "chat",
        "opened_at": OPENED,
        "opened_because": "A severe complaint",
        "loss": Decimal("20.00"),
        "value_at_risk": Decimal(1240),
        "currency": "EUR",
        "signal_id": UUID(int=n),
        "owner": owner,
        "team": team,
    }
    customer = more.pop("customer", None) or make_customer()
    case = Case.objects.create(customer=customer, **{**known, **more})
    if "due_at" not in more:
        set_deadlines([case], timezone.now(), are_new=True)
        case.save()
    if recommended:
        for row in recommend_in_bulk([case]):
            row.save()
    return case


def wait_for_customer(owner: User, case: Case, *, since: datetime) -> None:
    """Let a new case be answered within a minute, and wait for its customer since some time."""
    actions.acknowledge(owner, case, case.version)
    case.entries.filter(event="answered").update(at=case.opened_at + timedelta(minutes=1))
    actions.wait(owner, case, case.version + 1, State.WAITING_CUSTOMER)
    case.entries.filter(event="waits_customer").update(at=since)
