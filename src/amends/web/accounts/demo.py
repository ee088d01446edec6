"""The people of a demo: one of every role, and a second agent and manager to hand things to."""

from typing import Final

from amends.web.accounts.actions import create_person
from amends.web.accounts.models import Membership, Team, User
from amends.web.accounts.permissions import Role
from amends.web.accounts.queries import DEMO_DOMAIN

PEOPLE: Final = (
    # name, roles, team
    ("Elena Marsh", (Role.LEADER,), ""),
    ("Priya Nair", (Role.SERVICE_MANAGER,), "Customer care"),
    ("Tom Sander", (Role.AGENT,), "Customer care"),
    ("Mei Lin", (Role.AGENT,), "Billing"),
    ("Ruth Owusu", (Role.AGENT,), "Products"),
    ("Jonas Weber", (Role.QA_ANALYST,), ""),
    ("Sofia Rossi", (Role.PRODUCT_OWNER,), "Products"),
    ("Grace Kim", (Role.COMPLIANCE,), ""),
    ("Noor Haddad", (Role.ADVOCATE,), "Customer care"),
    ("Ada Brandt", (Role.ADMIN,), ""),
)


def make_demo_people() -> list[User]:
    """Make the demo's people who are not there yet. They have no password: a demo needs none."""
    made = []
    for name, roles, team in PEOPLE:
        email = f"{name.split()[0].lower()}@{DEMO_DOMAIN}"
        user = User.objects.filter(email=email).first() or create_person(
            email=email, name=name, roles=roles
        )
        if team:
            place, _ = Team.objects.get_or_create(name=team)
            Membership.objects.get_or_create(user=user, team=place)
        made.append(user)
    return made
