"""What changes people, one verb each: permission, rule and change in one transaction.

The audit entry is written by triggers in the same transaction, with the actor from the request
(`pghistory`); a command passes its actor with `pghistory.context`.
"""

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import require
from amends.web.accounts.models import Membership, Team, Theme, User
from amends.web.accounts.permissions import Role, Verb
from amends.web.ui.live import publish

TOPIC = "people"
LAST_ADMIN = "This is the last administrator. Make somebody else one first."


@transaction.atomic
def add_person(
    actor: User, *, email: str, name: str, roles: Collection[str], teams: Iterable[Team] = ()
) -> User:
    """Add somebody who can then set a password with their welcome link."""
    require(actor, Verb.PEOPLE_MANAGE)
    person = create_person(email=email, name=name, roles=roles)
    _set_teams(person, set(teams))
    return person


@transaction.atomic
def create_person(
    *, email: str, name: str, roles: Collection[str], password: str | None = None
) -> User:
    """Add somebody without asking who wants it: for the command line and the demo.

    Raises
    ------
    ValidationError
        Keys `email`, `name`, `roles` say what is wrong.
    """
    user = User(email=email.strip().lower(), name=name.strip(), roles=_known(roles))
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    publish(TOPIC)
    return user


@transaction.atomic
def change_person(
    actor: User, person: User, *, name: str, roles: Collection[str], teams: Iterable[Team]
) -> User:
    """Change somebody's name, roles and teams."""
    require(actor, Verb.PEOPLE_MANAGE)
    person = _locked(person)
    if Role.ADMIN in person.roles and Role.ADMIN not in roles:
        _keep_an_admin(person)
    person.name, person.roles = name.strip(), _known(roles)
    person.full_clean(exclude=["password"])
    person.save()
    _set_teams(person, set(teams))
    publish(TOPIC)
    return person


@transaction.atomic
def deactivate_person(actor: User, person: User) -> None:
    """Keep somebody out from this moment; what they did stays."""
    require(actor, Verb.PEOPLE_MANAGE)
    person = _locked(person)
    if Role.ADMIN in person.roles:
        _keep_an_admin(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    publish(TOPIC)


@transaction.atomic
def reactivate_person(actor: User, person: User) -> None:
    """Let somebody in again."""
    require(actor, Verb.PEOPLE_MANAGE)
    person = _locked(person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    publish(TOPIC)


@transaction.atomic
def add_team(actor: User, name: str) -> Team:
    """Add a team."""
    require(actor, Verb.PEOPLE_MANAGE)
    team = Team(name=name.strip())
    team.full_clean()
    team.save()
    publish(TOPIC)
    return team


@transaction.atomic
def set_password(person: User, password: str) -> None:
    """Set one's own password; every other session of theirs ends."""
    person.set_password(password)
    person.password_changed_at = timezone.now()
    person.save(update_fields=["password", "password_changed_at"])


def set_theme(person: User, theme: str) -> None:
    """Choose how pages look for oneself."""
    person.theme = Theme(theme)
    person.save(update_fields=["theme"])


def _known(roles: Collection[str]) -> list[str]:
    unknown = set(roles) - set(Role)
    if unknown:
        raise ValidationError({"roles": f"There is no role {', '.join(sorted(unknown))}."})
    if not roles:
        raise ValidationError({"roles": "Choose at least one role."})
    return sorted(set(roles))


def _locked(person: User) -> User:
    return User.objects.select_for_update().get(pk=person.pk)


def _keep_an_admin(person: User) -> None:
    """Refuse to lose the last administrator, also when two are removed at the same time."""
    admins = User.objects.filter(roles__contains=[Role.ADMIN], is_active=True)
    ids = list(admins.order_by("pk").select_for_update().values_list("pk", flat=True))
    if not set(ids) - {person.pk}:
        raise ValidationError({"roles": LAST_ADMIN})


def _set_teams(person: User, teams: set[Team]) -> None:
    Membership.objects.filter(user=person).exclude(team__in=teams).delete()
    known = set(Membership.objects.filter(user=person).values_list("team_id", flat=True))
    for team in sorted(teams, key=lambda t: t.name):
        if team.pk not in known:
            Membership.objects.create(user=person, team=team)
