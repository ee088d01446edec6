"""Whatever names a cause by its path follows when the cause moves: rules, limits, fixes, cases."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import F, Manager

from amends.web.alerts.models import Rule
from amends.web.cases.models import Case, CaseRule, Limit
from amends.web.classify.models import Topic
from amends.web.detect.models import Breakdown
from amends.web.prevent.models import Fix

NAMED_BY: Final[tuple[tuple[Manager[Any], str], ...]] = (
    (Rule.objects, "cause"),
    (CaseRule.objects, "cause"),
    (Limit.objects, "branch"),
    (Case.objects, "cause"),
    (Breakdown.objects, "cause"),
    (Fix.objects, "cause"),
    (Topic.objects, "cause"),
)
VERSIONED: Final = (Rule, CaseRule)


def follow(sender: object, renamed: Mapping[str, str], **_: object) -> None:  # noqa: ARG001
    """Give what names moved causes their new paths, all at once."""
    for manager, field in NAMED_BY:
        rows = manager.filter(**{f"{field}__in": list(renamed)})
        by_old: dict[str, list[object]] = {}
        for pk, old in rows.values_list("pk", field):
            by_old.setdefault(old, []).append(pk)
        for old, pks in by_old.items():
            changes: dict[str, object] = {field: renamed[old]}
            if manager.model in VERSIONED:
                changes["version"] = F("version") + 1
            manager.filter(pk__in=pks).update(**changes)
