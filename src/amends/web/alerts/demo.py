"""The demo's alerting: who is on call, two rules, and the alerts of what is broken now."""

from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from amends.web.accounts.models import Team, User
from amends.web.accounts.queries import DEMO_DOMAIN
from amends.web.alerts.climbing import climb
from amends.web.alerts.dispatching import in_app
from amends.web.alerts.models import Rota, RotaPerson, Rule, RuleKind, Step, StepKind
from amends.web.alerts.raising import raise_for_breakdowns
from amends.web.detect.queries import open_breakdowns

TURNS: Final = ("priya", "jonas", "elena")
STEPS: Final = ((StepKind.OWNER, 15), (StepKind.ON_CALL, 15), (StepKind.NEXT, 60))


@transaction.atomic
def make_demo_alerting(now: datetime) -> None:
    """Make rota and rules of the demo's people, and raise what is broken; nothing leaves amends."""
    people = {name: User.objects.get(email=f"{name}@{DEMO_DOMAIN}") for name in TURNS}
    in_app()
    rota = Rota.objects.create(
        name="Customer care",
        time_zone=timezone.get_default_timezone_name(),
        starts_on=_last_monday(now),
        handover_at=time(9),
        quiet_from=time(22),
        quiet_until=time(7),
    )
    for position, person in enumerate(people.values()):
        RotaPerson.objects.create(rota=rota, person=person, position=position)
    for position, (kind, wait) in enumerate(STEPS):
        Step.objects.create(rota=rota, position=position, kind=kind, wait_minutes=wait)
    team = Team.objects.filter(name="Customer care").first()
    Rule.objects.create(
        name="A customer who is unhappy again and again",
        kind=RuleKind.SURVEYS,
        owner=people["priya"],
        team=team,
        severity="high",
        n=2,
        within_hours=24 * 14,
    )
    Rule.objects.create(
        name="Many missed deadlines",
        kind=RuleKind.SLA,
        owner=people["priya"],
        team=team,
        severity="medium",
        minimum_count=10,
    )
    gravest = open_breakdowns().first()
    if gravest is not None:
        gravest.owner, gravest.team = people["priya"], team
        gravest.save(update_fields=["owner", "team"])
    raise_for_breakdowns(now)
    climb(now)


def _last_monday(now: datetime) -> date:
    today = timezone.localdate(now)
    return today - timedelta(days=today.weekday())
