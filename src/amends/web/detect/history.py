"""What people did about a breakdown and how its state changed, read from the audit trail."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final, cast

from django.apps import apps

from amends.engine.contracts import BreakdownState
from amends.web.accounts.models import User
from amends.web.detect.models import Breakdown, Judgement
from amends.web.detect.telling import STATES
from amends.web.ui.parts import Event, Tone

BreakdownEvent: Final = apps.get_model("detect", "BreakdownEvent")
"""Made by `pghistory.track`."""
FIELDS: Final = ("state", "severity", "acknowledged_at", "owner_id", "judgement", "judged_because")


def history(b: Breakdown) -> list[Event]:
    """Return what happened to it, the newest first."""
    trail = BreakdownEvent.objects.filter(pgh_obj=b.pk).order_by("pgh_id")
    rows = list(trail.values("pgh_created_at", "pgh_context__metadata", *FIELDS))
    names = _names(rows)
    events = [_noticed(b)]
    for before, after in pairwise(rows):
        events += [Event(*told) for told in _changes(before, after, names)]
    events += _accepted(b)
    return sorted(events, key=lambda event: event.at)[::-1]


def _noticed(b: Breakdown) -> Event:
    return Event("Noticed", b.detected_at, "", "activity", cast("Tone", b.severity), "amends")


def _accepted(b: Breakdown) -> list[Event]:
    told = b.levels.select_related("told_by").order_by("told_at", "pk")
    first = {level.told_at: level for level in reversed(told)}
    return [
        Event(
            "Accepted as the new normal",
            level.told_at,
            level.because,
            "check",
            "",
            str(level.told_by or "somebody who left"),
        )
        for level in first.values()
    ]


def _names(rows: list[dict[str, Any]]) -> Mapping[int, str]:
    ids = {pk for row in rows for pk in (_actor(row), row["owner_id"]) if pk is not None}
    return {u.pk: str(u) for u in User.objects.filter(pk__in=ids)}


def _actor(row: Mapping[str, Any]) -> int | None:
    found = (row["pgh_context__metadata"] or {}).get("user")
    return found if isinstance(found, int) else None


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[int, str]
) -> list[tuple[Any, ...]]:
    at, actor = after["pgh_created_at"], _actor(after)
    who = names.get(actor, "amends") if actor is not None else "amends"
    told: list[tuple[Any, ...]] = []
    if before["state"] != after["state"]:
        label, tone = STATES[BreakdownState(after["state"])]
        told.append((f"{label} now", at, "", "activity", tone, who))
    if before["severity"] != after["severity"]:
        told.append((f"Severity {after['severity']} now", at, "", "gauge", after["severity"], who))
    if before["acknowledged_at"] is None and after["acknowledged_at"] is not None:
        told.append(("Acknowledged", at, "", "eye", "", who))
    if before["owner_id"] != after["owner_id"]:
        owner = names.get(after["owner_id"])
        title = f"Given to {owner}" if owner and owner != who else "Taken"
        told.append((title if owner else "Without an owner", at, "", "user", "", who))
    if before["judgement"] != after["judgement"]:
        label = Judgement(after["judgement"]).label
        told.append((f"Judged: {label.lower()}", at, after["judged_because"], "gavel", "", who))
    return told
