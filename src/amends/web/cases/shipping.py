"""The rules that an installation starts with; those that are off are there to be looked at."""

from decimal import Decimal
from typing import Any, Final

from django.db import connection

from amends.web.cases.models import CaseRule, Merging

GRAVE: Final = Decimal(100)
SHIPPED: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Escalated by the customer or an agent",
        "kinds": ["escalation"],
        "is_failure": False,
        "position": 10,
    },
    {
        "name": "Complaint of critical severity",
        "kinds": ["complaint"],
        "least_severity": "critical",
        "position": 20,
    },
    {
        "name": "Severe complaint with a loss of 100 or more",
        "kinds": ["complaint"],
        "least_severity": "high",
        "least_loss": GRAVE,
        "position": 30,
    },
    {
        "name": "Survey with NPS 2 or less that tells of a severe failure",
        "kinds": ["survey"],
        "least_severity": "high",
        "score": "nps",
        "score_at_most": 2,
        "position": 40,
    },
    {
        "name": "Angry words about a severe failure",
        "least_severity": "high",
        "sentiment_at_most": -0.5,
        "position": 50,
        "is_on": False,
    },
    {
        "name": "Ticket that took longer than three days",
        "kinds": ["ticket"],
        "late_after_hours": 72,
        "position": 60,
        "is_on": False,
    },
    {
        "name": "Post about a failure that 10,000 people may have read",
        "kinds": ["social"],
        "least_reach": 10_000,
        "position": 70,
        "is_on": False,
    },
    {
        "name": "Severe failure that is part of a breakdown",
        "least_severity": "high",
        "in_breakdown": True,
        "position": 80,
        "is_on": False,
    },
)


def ship_rules(**_: object) -> None:
    """Give an installation without any rule those that are shipped (after each migration)."""
    is_there = CaseRule._meta.db_table in connection.introspection.table_names()  # noqa: SLF001  (Django's documented door)
    if not is_there or CaseRule.objects.exists():
        return
    for row in SHIPPED:
        CaseRule.objects.create(**row)
    Merging.objects.get_or_create()
