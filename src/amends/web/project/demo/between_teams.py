"""Who does what in the demo's teams, and a few cases that one asks another to go on with."""

from typing import Final

from amends.web.accounts.models import Team, User
from amends.web.cases.handoffs import Story, hand_over
from amends.web.cases.models import OPEN, Case, Part, Responsibility, Step

DOES: Final = {
    # step: (does it, answers for it)
    Step.INVESTIGATE: ("Customer care", "Customer care"),
    Step.REPAIR: ("Products", "Products"),
    Step.REMEDY: ("Billing", "Customer care"),
    Step.TELL: ("Customer care", "Customer care"),
}
ASKED: Final = (
    (Step.REMEDY, "Customer care"),
    (Step.REPAIR, "Customer care"),
    (Step.TELL, "Billing"),
)


def make_responsibilities() -> None:
    """Say who does what, the same for every cause."""
    teams = {team.name: team for team in Team.objects.all()}
    for step, (does, answers) in DOES.items():
        for part, name in ((Part.RESPONSIBLE, does), (Part.ACCOUNTABLE, answers)):
            Responsibility.objects.get_or_create(branch="", step=step, part=part, team=teams[name])


def hand_some_over() -> None:
    """Have owners of open cases ask other teams, as they would on the page."""
    taken: set[int] = set()
    for step, team in ASKED:
        rows = Case.objects.filter(state__in=OPEN, team__name=team, owner__isnull=False)
        case = rows.exclude(pk__in=taken).select_related("owner").order_by("-opened_at").first()
        if case is None or case.owner is None:
            continue
        taken.add(case.pk)
        hand_over(case.owner, case, case.version, step, _story(case, case.owner, step))


def _story(case: Case, owner: User, step: Step) -> Story:
    return Story(
        summary=f"{case.title}. I have read all that they sent us and checked the account.",
        promises=f"An answer from us by tomorrow; {owner.first_name} said so on the telephone.",
        next_step=f"{Step(step).label}, then note here what you did.",
    )
