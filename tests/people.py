"""The fixed people of the tests: an owner, who works beside them, who must not know of them."""

from dataclasses import dataclass

from amends.web.accounts.models import Membership, Team, User
from amends.web.accounts.permissions import Role

PASSWORD = "a long way to the sea"  # noqa: S105  (known to everybody, in tests only)


@dataclass(frozen=True, slots=True)
class People:
    """One of every role; `owner`, `colleague`, `manager` are in Care, `outsider` is in Billing."""

    owner: User
    """An agent, to whom things belong."""
    colleague: User
    """An agent in the owner's team."""
    outsider: User
    """A service manager of another team: may much, but not here."""
    manager: User
    leader: User
    analyst: User
    product_owner: User
    compliance: User
    advocate: User
    admin: User
    nobody: User
    """Somebody who logs in and has no role."""

    def of(self, role: Role) -> User:
        """Return the one who has this role."""
        return {
            Role.AGENT: self.owner,
            Role.SERVICE_MANAGER: self.manager,
            Role.LEADER: self.leader,
            Role.QA_ANALYST: self.analyst,
            Role.PRODUCT_OWNER: self.product_owner,
            Role.COMPLIANCE: self.compliance,
            Role.ADVOCATE: self.advocate,
            Role.ADMIN: self.admin,
        }[role]


def make_people() -> People:
    """Write them to the database; their password is `PASSWORD`."""
    care, other = Team.objects.create(name="Care"), Team.objects.create(name="Billing")

    def person(name: str, *roles: Role, team: Team | None = None) -> User:
        email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
        user = User.objects.create_user(email, name=name, roles=roles, password=PASSWORD)
        if team:
            Membership.objects.create(user=user, team=team)
        return user

    return People(
        owner=person("Olu Owner", Role.AGENT, team=care),
        colleague=person("Cleo Colleague", Role.AGENT, team=care),
        outsider=person("Otto Outsider", Role.SERVICE_MANAGER, team=other),
        manager=person("Mara Manager", Role.SERVICE_MANAGER, team=care),
        leader=person("Leo Leader", Role.LEADER),
        analyst=person("Ana Analyst", Role.QA_ANALYST),
        product_owner=person("Pia Product", Role.PRODUCT_OWNER),
        compliance=person("Cora Compliance", Role.COMPLIANCE),
        advocate=person("Abe Advocate", Role.ADVOCATE),
        admin=person("Ada Admin", Role.ADMIN),
        nobody=person("Ned Nobody"),
    )
