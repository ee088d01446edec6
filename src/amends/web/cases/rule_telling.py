"""A rule that opens cases in words, and what each of its versions changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.apps import apps
from django.utils import timezone

from amends.flows.report import words
from amends.web.accounts.models import User
from amends.web.cases.models import KINDS, CaseRule, Ground, Score
from amends.web.intake.naming import cause_label, value_label

CaseRuleEvent: Final = apps.get_model("cases", "CaseRuleEvent")
"""Made by `pghistory.track`."""
NUMBERS: Final = {
    "sentiment_at_most": "sentiment at most {}",
    "least_loss": "loss of {} or more",
    "late_after_hours": "took longer than {} hours",
    "least_reach": "reaches {} people or more",
}
FLAGS: Final = {"is_escalated": "escalated", "in_breakdown": "part of a breakdown"}
UNTOLD: Final = {"id", "version", "made_at"}
NAMES: Final = {
    "is_on": "Is on",
    "is_failure": "Only failures",
    "in_breakdown": "Part of a breakdown",
    "where": "Where",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One edit of a rule."""

    number: int
    at: datetime
    who: str
    changes: list[str]


def say_rule(rule: CaseRule) -> str:
    """Return `Survey · NPS at most 2 · severity high or worse`."""
    return " · ".join(_criteria(rule)) or "Anything"


def _criteria(rule: CaseRule) -> Iterator[str]:
    if rule.kinds:
        yield ", ".join(label for kind, label in KINDS if kind in rule.kinds)
    if rule.score and rule.score_at_most is not None:
        yield f"{Score(rule.score).label.partition(' ')[0]} at most {rule.score_at_most}"
    if rule.least_severity:
        worse = "" if rule.least_severity == "critical" else " or worse"
        yield f"severity {rule.least_severity}{worse}"
    for field, told in NUMBERS.items():
        if (value := getattr(rule, field)) is not None:
            yield told.format(words.number(float(value)))
    for field, told in FLAGS.items():
        if getattr(rule, field):
            yield told
    yield from _place(rule)
    if not rule.is_failure:
        yield "routine contacts, too"


def _place(rule: CaseRule) -> Iterator[str]:
    for dim, value in rule.where.items():
        yield f"{value_label(dim).lower()} {value_label(value)}"
    if rule.cause:
        yield f"cause {cause_label(rule.cause)}"
    if rule.since or rule.until:
        yield f"signals {_span(rule.since, rule.until)}"


def _span(since: datetime | None, until: datetime | None) -> str:
    told = [f"from {_short(since)}"] * (since is not None)
    return " ".join([*told, *[f"until {_short(until)}"] * (until is not None)])


def versions_of(rule: CaseRule) -> list[Version]:
    """Return every edit of a rule with who made it and what it changed, the newest first."""
    rows: list[dict[str, Any]] = list(
        CaseRuleEvent.objects.filter(pgh_obj=rule.pk)
        .order_by("pgh_id")
        .values(*(f.name for f in CaseRule._meta.concrete_fields), "pgh_created_at",  # noqa: SLF001
                "pgh_context__metadata")
    )  # fmt: skip
    ids = [(row["pgh_context__metadata"] or {}).get("user") for row in rows]
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=[i for i in ids if i])}
    found = []
    for place, row in enumerate(rows):
        changes = _changes(rows[place - 1], row) if place else ["Made"]
        who = names.get(ids[place] or 0, "amends")
        found.append(Version(row["version"], row["pgh_created_at"], who, changes))
    return found[::-1]


def _changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{NAMES.get(name, value_label(name))}: {_short(before[name])} → {_short(value)}"
        for name, value in after.items()
        if name not in UNTOLD and not name.startswith("pgh_") and before[name] != value
    ]


def _short(value: object) -> str:
    match value:
        case bool():
            told = "yes" if value else "no"
        case datetime():
            told = f"{timezone.localtime(value):%-d %b %Y %H:%M}"
        case dict():
            told = ", ".join(f"{value_label(k)}: {value_label(v)}" for k, v in value.items())
        case list():
            told = ", ".join(map(value_label, value))
        case Decimal():
            told = f"{value.normalize():f}"
        case str() if value in Ground.values:
            told = Ground(value).label
        case _:
            told = "" if value is None else str(value)
    return told or "none"
