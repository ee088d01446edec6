"""Who may give how much: policy's roles, and which of them a person has.

Policy tables know four roles in order of authority. A person's authority is the highest that
their roles give; whoever leads a team has at least a team leader's.

| role here                        | role in policy |
|----------------------------------|----------------|
| Agent, Customer advocate         | agent          |
| the lead of a team               | team_leader    |
| Service manager                  | manager        |
| CX leader                        | executive      |
| QA analyst, Product owner, Compliance, Administrator | none |
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from amends.engine.contracts import ActionKind, CaseFacts, Money
from amends.engine.recommend import Permit, Policy
from amends.engine.recommend.facts import ROLES
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Role

AUTHORITY: Final[Mapping[Role, str]] = {
    Role.AGENT: "agent",
    Role.ADVOCATE: "agent",
    Role.SERVICE_MANAGER: "manager",
    Role.LEADER: "executive",
}
TEAM_LEADER: Final = "team_leader"


def authority_of(person: User) -> str:
    """Return a person's role in policy; empty when they may give nothing."""
    found = [AUTHORITY[Role(role)] for role in person.roles if role in AUTHORITY]
    if found and person.memberships.filter(is_lead=True).exists():
        found.append(TEAM_LEADER)
    return max(found, key=ROLES.index, default="")


def suffices(authority: str, needed: str) -> bool:
    """Whether somebody with `authority` may approve what `needed` must approve."""
    return bool(authority) and ROLES.index(authority) >= ROLES.index(needed or ROLES[0])


@dataclass(frozen=True, slots=True)
class Given:
    """What the customer got in this case already: it counts, and is not owed twice."""

    goodwill: Decimal = Decimal(0)
    owed: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be done, and who must approve it."""

    kind: ActionKind
    goodwill: Decimal
    owed: Decimal
    currency: str
    approver: str
    """Role in policy; empty when the person may do it alone."""
    limit: Decimal
    """Of the person, after every table."""

    @property
    def amount(self) -> Decimal:
        """What the customer receives."""
        return self.owed + self.goodwill

    @property
    def key(self) -> str:
        """Its name in forms: "apology_credit 25.00"."""
        return f"{self.kind.value} {self.goodwill:.2f}"

    @property
    def money(self) -> tuple[Money, Money]:
        """Goodwill and owed as money."""
        return Money(self.goodwill, self.currency), Money(self.owed, self.currency)


class Authority:
    """What policy and limits let one person do in one case, alone or with approval.

    `rooms` narrows what each role may still give; where it is silent, policy alone counts.
    """

    def __init__(
        self,
        policy: Policy,
        facts: CaseFacts,
        role: str,
        given: Given,
        rooms: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.role = role
        self.given = given
        self._rooms = rooms or {}
        self._currency = facts.loss.currency
        roles = ROLES[ROLES.index(role) :] if role else ()
        self._permits: dict[str, Permit] = {r: policy.permit(facts, r) for r in roles}

    def options(self) -> tuple[Option, ...]:
        """Return everything that policy allows, own authority first, each once."""
        found: dict[str, Option] = {}
        for permit in self._permits.values():
            for arm in permit.arms:
                option = self.option(arm.kind, arm.goodwill)
                if option is not None:
                    found.setdefault(option.key, option)
        return tuple(found.values())

    def option(self, kind: ActionKind, goodwill: Decimal) -> Option | None:
        """Return an action with this goodwill and who must approve it; None: nobody may do it."""
        approver = next(self._approvers(kind, goodwill), None)
        if approver is None:
            return None
        own = self._permits[self.role]
        return Option(
            kind,
            goodwill,
            max(Decimal(0), own.owed.amount - self.given.owed),
            self._currency,
            approver,
            self._left(self.role, own),
        )

    def _approvers(self, kind: ActionKind, goodwill: Decimal) -> Iterator[str]:
        """Yield the roles whose limit the goodwill fits, lowest first; "" for one's own."""
        for role, permit in self._permits.items():
            is_eligible = any(arm.kind is kind for arm in permit.arms)
            if is_eligible and (not goodwill or goodwill <= self._left(role, permit)):
                above = "" if role == self.role else role
                always = self._permits[self.role].approver
                yield max(above, always, key=lambda r: ROLES.index(r) if r else -1)

    def _left(self, role: str, permit: Permit) -> Decimal:
        """Return the goodwill that a role may still give alone."""
        left = permit.limit.amount - self.given.goodwill
        return max(Decimal(0), min(left, self._rooms.get(role, left)))
