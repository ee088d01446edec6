"""The home page of those who run the system: what is still to be set up, and who works here."""

from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.accounts.permissions import LABELS, Role
from amends.web.ui.parts import Bar


def people_by_role() -> list[Bar]:
    """Return how many people have each role, in the order of the table."""
    roles = [role for person in User.objects.filter(is_active=True) for role in person.roles]
    counts = {role: roles.count(role) for role in LABELS}
    most = max(counts.values(), default=0) or 1
    return [Bar(LABELS[role], words.number(n), n / most) for role, n in counts.items()]


def first_steps() -> list[tuple[str, str, bool]]:
    """Return what a new installation still needs: title, how, whether it is done."""
    people = User.objects.filter(is_active=True)
    others = people.exclude(roles=[Role.ADMIN.value]).exists()
    if others:
        return []
    return [
        ("Log in as administrator", "You have done this.", True),
        (
            "Add the people who will work here",
            "Each gets a link to choose a password, and one or more roles.",
            False,
        ),
    ]
