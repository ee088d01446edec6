"""Named reads of people."""

from django.db.models import Count, Q, QuerySet

from amends.web.accounts.access import within_reach
from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Role, Verb


def visible_people(actor: User, *, search: str = "", role: str = "") -> QuerySet[User]:
    """Return the people that `actor` may see, with their teams; deactivated ones last."""
    people = within_reach(actor, Verb.PEOPLE_READ, User.objects.all(), owner="pk", team="teams")
    if search:
        people = people.filter(
            Q(name__icontains=search)
            | Q(email__icontains=search)
            | Q(teams__name__icontains=search)
        ).distinct()
    if role in set(Role):
        people = people.filter(roles__contains=[role])
    return people.prefetch_related("teams").order_by("-is_active", "name", "email")


def all_teams() -> QuerySet[Team]:
    """Return every team with `size`, how many people are in it."""
    return Team.objects.annotate(size=Count("memberships"))


def demo_people() -> QuerySet[User]:
    """Return the people that a demo offers to log in as."""
    return User.objects.filter(email__endswith=f"@{DEMO_DOMAIN}", is_active=True).order_by("pk")


DEMO_DOMAIN = "demo.example"
"""Nobody owns it (RFC 2606): only a demo's people have an address here."""
