"""What people do to the rules that open cases; every edit is a version of its own in the audit."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import connection, transaction

from amends.engine.contracts import SCORE_RANGES
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.cases.models import CaseRule, Merging
from amends.web.cases.transitions import RefusedError, StaleError
from amends.web.ui.live import publish

TOPIC: Final = "case-rules"
CRITERIA: Final = (
    "kinds", "is_escalated", "least_severity", "sentiment_at_most", "score_at_most", "least_loss",
    "late_after_hours", "least_reach", "in_breakdown", "cause", "since", "until", "where",
)  # fmt: skip
"""What narrows a rule; one without any would pick every failure there is."""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('cases.rules'))"


@transaction.atomic
def add_rule(actor: User, fields: Mapping[str, Any]) -> CaseRule:
    """Make a rule; it holds from the next signals that land.

    Raises
    ------
    ValidationError
        What is said makes no sense; by field.
    """
    require(actor, Verb.CASE_RULE_EDIT)
    return _fill(CaseRule(), fields)


@transaction.atomic
def change_rule(actor: User, rule: CaseRule, version: int, fields: Mapping[str, Any]) -> CaseRule:
    """Change a rule as it was when one looked at it; cases that are there stay as they are.

    Raises
    ------
    ValidationError
        Somebody changed it meanwhile, or what is said makes no sense.
    """
    require(actor, Verb.CASE_RULE_EDIT)
    mine = CaseRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if mine.version != version:
        raise StaleError(
            f"It was changed meanwhile and is version {mine.version} now. Look at it again."
        )
    mine.version += 1
    return _fill(mine, fields)


@transaction.atomic
def switch_rule(actor: User, rule: CaseRule, *, is_on: bool) -> None:
    """Switch a rule on or off."""
    require(actor, Verb.CASE_RULE_EDIT)
    mine = CaseRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if mine.is_on != is_on:
        mine.is_on = is_on
        mine.version += 1
        mine.save(update_fields=["is_on", "version"])
        publish(TOPIC)


@transaction.atomic
def merge_within(actor: User, days: int, version: int) -> Merging:
    """Set for how many days a customer's signals of the same cause are one matter.

    Raises
    ------
    ValidationError
        With the key `same_matter_days`, or somebody changed it meanwhile.
    """
    require(actor, Verb.CASE_RULE_EDIT)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
    mine = Merging.objects.first() or Merging(version=0)
    if mine.pk and mine.version != version:
        raise StaleError("It was changed meanwhile. Look at it again.")
    mine.same_matter_days = days
    mine.version += 1
    mine.full_clean()
    mine.save()
    publish(TOPIC)
    return mine


def check(rule: CaseRule) -> None:
    """Refuse a rule that makes no sense.

    Raises
    ------
    RefusedError
        By field.
    """
    wrong = _score_problem(rule)
    if rule.since and rule.until and rule.since >= rule.until:
        wrong["until"] = "It ends before it begins."
    if not any(getattr(rule, name) not in ("", None, False, [], {}) for name in CRITERIA):
        wrong["least_severity"] = (
            "Set at least one criterion: without any it would pick every failure there is."
        )
    if rule.excludes and not rule.ground:
        wrong["ground"] = "Say on what ground."
    if rule.excludes and not rule.reason.strip():
        wrong["reason"] = "Say why: it is written into every case that it keeps out."
    if wrong:
        raise RefusedError(wrong)


def _score_problem(rule: CaseRule) -> dict[str, str]:
    if bool(rule.score) != (rule.score_at_most is not None):
        if rule.score:
            return {"score_at_most": "Say up to which answer."}
        return {"score": "Say which score."}
    if rule.score_at_most is not None:
        low, high = SCORE_RANGES[rule.score]
        if not low <= rule.score_at_most < high:
            return {"score_at_most": f"Between {low} and {high - 1}: {high} is the best answer."}
    return {}


def _fill(rule: CaseRule, fields: Mapping[str, Any]) -> CaseRule:
    for name, value in fields.items():
        setattr(rule, name, value)
    if not rule.excludes:
        rule.ground = rule.reason = ""
    check(rule)
    rule.full_clean()
    rule.save()
    publish(TOPIC)
    return rule
