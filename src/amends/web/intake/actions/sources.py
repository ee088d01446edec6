"""What changes sources, one verb each: permission, rule and change in one transaction.

Secrets are sealed before they are kept, and never leave again: nothing that is entered is shown,
and a source that is given another place needs its secrets anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from amends.connectors import pulls
from amends.engine.contracts import BadInput
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.intake import jobs
from amends.web.intake.models import Source, Way
from amends.web.intake.pulling import TOPIC
from amends.web.intake.sealing import seal, unseal
from amends.web.ui.live import publish

RESERVED: Final = {"new", "quarantine", "all"}
"""Names that stand for something else in addresses."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a source."""

    title: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those that were entered now; the others stay as they are."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    every_minutes: int | None = None


@transaction.atomic
def connect_source(actor: User, name: str, way: Way, connector: str, said: Said) -> Source:
    """Connect a source; one that is pulled is pulled at once.

    Raises
    ------
    ValidationError
        Keys `name`, `title` … say what is wrong.
    """
    require(actor, Verb.SYSTEM_MANAGE)
    if name in RESERVED:
        raise ValidationError({"name": f"{name!r} stands for something else here."})
    source = Source(name=name, way=way, connector=connector, created_by=actor)
    _fill(source, said)
    source.secrets = seal(said.secrets)
    source.full_clean()
    source.save()
    if way == Way.PULL:
        transaction.on_commit(lambda: jobs.call(source.pk))
    publish(TOPIC)
    return source


@transaction.atomic
def change_source(actor: User, source: Source, said: Said) -> Source:
    """Change what was said of a source; another place is read from its beginning.

    Raises
    ------
    ValidationError
        Key `secrets`: they have to be entered again.
    """
    require(actor, Verb.SYSTEM_MANAGE)
    locked = _locked(source)
    moves = has_moved(locked, said.options)
    kept = kept_secrets(locked, said.options)
    if moves and _sealed(locked) - set(said.secrets):
        raise ValidationError(
            {"secrets": "The place has changed: enter password, key or token again."}
        )
    _fill(locked, said)
    locked.secrets = seal({**kept, **said.secrets})
    if moves:
        locked.state = {}
    locked.full_clean()
    locked.save()
    if locked.way == Way.PULL and not locked.is_paused:
        transaction.on_commit(lambda: jobs.call(locked.pk))
    publish(TOPIC)
    return locked


@transaction.atomic
def pause_source(actor: User, source: Source) -> None:
    """Take nothing of a source until it goes on."""
    require(actor, Verb.SYSTEM_MANAGE)
    _set(source, is_paused=True)


@transaction.atomic
def resume_source(actor: User, source: Source) -> None:
    """Let a source go on where it was; one that is pulled is pulled at once."""
    require(actor, Verb.SYSTEM_MANAGE)
    _set(source, is_paused=False)
    if source.way == Way.PULL:
        transaction.on_commit(lambda: jobs.call(source.pk))


@transaction.atomic
def pull_now(actor: User, source: Source) -> None:
    """Pull a source at once, whatever it waits for.

    Raises
    ------
    ValidationError
        It is not pulled, or paused.
    """
    require(actor, Verb.SYSTEM_MANAGE)
    if source.way != Way.PULL:
        raise ValidationError("This source delivers by itself.")
    if source.is_paused:
        raise ValidationError("This source is paused. Let it go on first.")
    transaction.on_commit(lambda: jobs.call(source.pk))


@transaction.atomic
def forget_source(actor: User, source: Source) -> None:
    """Forget how a source is reached, with its secrets and tokens; what it delivered stays."""
    require(actor, Verb.SYSTEM_MANAGE)
    _locked(source).delete()
    publish(TOPIC)


def has_moved(source: Source, options: Mapping[str, str]) -> bool:
    """Return whether these options say another place than the source's own."""
    connector = pulls().get(source.connector) if source.way == Way.PULL else None
    places = [need.name for need in connector.needs if need.is_place] if connector else []
    return any(source.options.get(name, "") != options.get(name, "") for name in places)


def kept_secrets(source: Source, options: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that may be used with these options: none once the place has changed."""
    if has_moved(source, options):
        return {}
    try:
        return unseal(source.secrets)
    except BadInput:  # sealed with another key: of no use to anybody
        return {}


def _sealed(source: Source) -> set[str]:
    try:
        return set(unseal(source.secrets))
    except BadInput:
        return set()


def _fill(source: Source, said: Said) -> None:
    source.title = said.title
    source.options = {name: value for name, value in said.options.items() if value}
    source.mapping = dict(said.mapping)
    source.every_minutes = said.every_minutes


def _set(source: Source, *, is_paused: bool) -> None:
    locked = _locked(source)
    locked.is_paused = is_paused
    locked.save(update_fields=["is_paused"])
    publish(TOPIC)


def _locked(source: Source) -> Source:
    return Source.objects.select_for_update().get(pk=source.pk)
