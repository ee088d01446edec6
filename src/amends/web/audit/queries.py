"""Named reads of the audit trail: links under filters, and one entry beside the one before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, cast

import pghistory.models
from django.apps import apps
from django.db import connection
from django.db.models import Q, QuerySet

from amends.web.accounts.models import User
from amends.web.audit.models import REWRITING, Link

VERBS: Final = {"insert": "made", "update": "changed", "delete": "removed"}
"""What became of an object, as triggers call it → as people say it."""
REWRITTEN: Final = "rewritten"
NOBODY: Final = "nobody"
"""Asks for what the system did by itself."""
PAGE: Final = 50
_OWN: Final = ("pgh_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pgh_context_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of the trail; empty fields ask for everything."""

    person: str = ""
    """Primary key of a person, or `NOBODY`."""
    kind: str = ""
    """Name of a history table."""
    object: str = ""
    """Primary key of what was changed."""
    verb: str = ""
    """insert, update, delete, or `REWRITTEN`."""
    since: date | None = None
    until: date | None = None
    """The last day that counts, in UTC."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an entry, and what it was before."""

    name: str
    before: str
    now: str
    is_changed: bool


def links(asked: Asked) -> QuerySet[Link]:
    """Return the links asked for, the newest first."""
    found = Link.objects.order_by("-number")
    if asked.person == NOBODY:
        found = found.filter(Q(context=None) | Q(context__user=None))
    elif asked.person.isdecimal():
        found = found.filter(context__user=int(asked.person))
    if asked.kind:
        found = found.filter(relation=asked.kind)
    if asked.object:
        found = found.filter(object=asked.object)
    if asked.verb == REWRITTEN:
        found = found.filter(operation__in=REWRITING)
    elif asked.verb:
        found = found.filter(verb=asked.verb).exclude(operation__in=REWRITING)
    if asked.since:
        found = found.filter(at__date__gte=asked.since)
    if asked.until:
        found = found.filter(at__date__lte=asked.until)
    return found


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, str]:
    """Return history table → what it is the history of, in words."""
    named = {}
    for model in apps.get_models():
        if issubclass(model, pghistory.models.Event) and model._meta.managed:  # noqa: SLF001  (Django's own name)
            tracked = cast("Any", model).pgh_tracked_model
            named[model._meta.db_table] = str(tracked._meta.verbose_name).capitalize()  # noqa: SLF001
    return dict(sorted(named.items(), key=lambda item: item[1]))


def names_of(found: Sequence[Link]) -> Mapping[int, str]:
    """Return the names of the people who are behind some links."""
    ids = {actor for link in found if (actor := actor_of(link)) is not None}
    return {person.pk: str(person) for person in User.objects.filter(pk__in=ids)}


def actor_of(link: Link) -> int | None:
    """Return the primary key of the person behind a link; None for the system."""
    user = (link.context or {}).get("user")
    return user if isinstance(user, int) else None


def fields_of(link: Link) -> list[Field]:
    """Return the entry of a link as it stands, beside the one before of the same object."""
    now = _content(link.relation, "pgh_id = %s", [link.entry])
    if now is None:
        return []
    before = _content(
        link.relation,
        "pgh_obj_id::text = %s AND pgh_id < %s ORDER BY pgh_id DESC LIMIT 1",
        [link.object, link.entry],
    )
    return [
        Field(
            name,
            _text((before or {}).get(name)),
            _text(value),
            before is None or before.get(name) != value,
        )
        for name, value in now.items()
        if name not in _OWN
    ]


def _content(relation: str, where: str, given: list[int | str]) -> dict[str, Any] | None:
    if relation not in kinds():
        return None
    table = connection.ops.quote_name(relation)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t.* FROM {table} AS t WHERE {where}", given)  # noqa: S608  (a table of ours)
        row = cursor.fetchone()
        return dict(zip([c.name for c in cursor.description], row, strict=True)) if row else None


def _text(value: object) -> str:
    return "" if value is None else str(value)
