"""People, teams, memberships, and the attempts to log in."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from amends.web.accounts.permissions import LABELS, Reach, Role, Verb, reach_of

ROLES = [(role.value, role.label) for role in Role]


class Theme(models.TextChoices):
    """How pages look."""

    SYSTEM = "system", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class UserManager(BaseUserManager["User"]):
    """Finds people by their address, whatever the case it is typed in."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with this e-mail address."""
        return self.get(email=(username or "").strip().lower())

    def create_user(
        self,
        email: str,
        *,
        name: str = "",
        roles: Iterable[str] = (),
        password: str | None = None,
        **more: Any,  # noqa: ANN401  (the model's own fields)
    ) -> "User":
        """Make a person; without a password they set one with a link first."""
        user = self.model(email=email.strip().lower(), name=name, roles=sorted(set(roles)), **more)
        user.set_password(password)
        user.save(using=self._db)
        return user


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """Somebody who logs in."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=120)
    roles = ArrayField(models.CharField(max_length=30, choices=ROLES), default=list)
    teams: "models.ManyToManyField[Team, Membership]" = models.ManyToManyField(
        "Team", through="Membership", related_name="people"
    )
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    created_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "email"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=[r.value for r in Role]),
                name="user_roles_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        """Return the name to greet with."""
        return str(self).split()[0]

    @property
    def short_name(self) -> str:
        """Return `Priya N.`, for columns."""
        first, *rest = str(self).split()
        return f"{first} {rest[-1][0]}." if rest else first

    @property
    def initials(self) -> str:
        """Return up to two letters."""
        words = str(self).replace("@", " ").split()
        return "".join(w[0] for w in (words[0], words[-1])[: len(words)]).upper()

    @property
    def role_labels(self) -> list[str]:
        """Return the names of the roles, in the order of the table."""
        return [label for role, label in LABELS.items() if role in self.roles]

    @property
    def owner_id(self) -> int | None:
        """A person owns themselves: see `access.Owned`."""
        return self.pk

    @cached_property
    def team_ids(self) -> frozenset[int]:
        """The teams one belongs to, read once per request."""
        return frozenset(self.memberships.values_list("team_id", flat=True))

    def reach(self, verb: Verb) -> Reach:
        """Return how far this person's roles permit `verb`."""
        return reach_of(self.roles, verb) if self.is_active else Reach.NONE

    def may(self, verb: Verb) -> bool:
        """Whether the person may do `verb` to anything at all."""
        return self.reach(verb) > Reach.NONE


@pghistory.track()
class Team(models.Model):
    """People who share work: billing, logistics, a product."""

    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Membership(models.Model):
    """Somebody in a team."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    is_lead = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("user", "team", name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class LogInAttempt(models.Model):
    """One try to log in, kept for the limits in `log_in_limits.py`."""

    email = models.CharField(max_length=254)
    address = models.CharField(max_length=45)
    at = models.DateTimeField(auto_now_add=True)
    succeeded = models.BooleanField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index("email", "at", name="attempt_by_email"),
            models.Index("address", "at", name="attempt_by_address"),
            models.Index("at", name="attempt_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.email} from {self.address}"
