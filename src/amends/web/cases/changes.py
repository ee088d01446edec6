"""What has changed in a case since somebody opened its page, told to who was slower."""

from collections.abc import Callable, Mapping
from typing import Final

from amends.engine.contracts import Severity
from amends.web.accounts.models import Team, User
from amends.web.cases.models import Case, Entry, State
from amends.web.classify.queries import cause_label

MOST_ENTRIES: Final = 5


def _person(pk: int | None) -> str:
    found = User.objects.filter(pk=pk).first() if pk else None
    return found.short_name if found else "nobody"


def _team(pk: int | None) -> str:
    return str(Team.objects.filter(pk=pk).first() or "none") if pk else "none"


SHOWN: Final[Mapping[str, tuple[str, Callable[..., str]]]] = {
    "state": ("State", lambda value: State(value).label),
    "severity": ("Severity", lambda value: Severity(value).value.capitalize()),
    "cause": ("Cause", lambda value: cause_label(value) if value else "not known"),
    "owner_id": ("Owner", _person),
    "team_id": ("Team", _team),
}
"""What people see of a case: its field → what it is called, and its value in words."""


def what_changed(case: Case, version: int) -> list[str]:
    """Return sentences on what changed since a version: who, which fields, what was written."""
    history = Case.pgh_event_model.objects.filter(pgh_obj_id=case.pk)  # type: ignore[attr-defined]
    seen = history.filter(version__lte=version).order_by("-version", "-pgh_id").first()
    since = history.filter(version__gt=version).order_by("version", "pgh_id").first()
    newest: list[Entry] = []
    if since is not None:
        entries = case.entries.filter(at__gte=since.pgh_created_at).select_related("by")
        newest = list(entries.order_by("-at", "-pk")[:MOST_ENTRIES])
    who = newest[0].by if newest else None
    name = who.short_name if who else "amends"
    told = [
        f"{name} changed {case.ref} while you looked at it. What you typed is still here: look at "
        "what changed, then repeat."
        if newest
        else f"{case.ref} has changed since you opened it. Look at it again, then repeat."
    ]
    for field, (label, words) in SHOWN.items():
        before, after = getattr(seen, field, None), getattr(case, field)
        if seen is not None and before != after:
            told.append(f"{label}: {words(before)} → {words(after)}")
    told += [f"{e.by.short_name if e.by else 'amends'}: “{e.title}”." for e in newest]
    return told
