"""What people do about rules; every edit is a version of its own in the audit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.alerts import jobs
from amends.web.alerts.models import ENDED, Rule, RuleKind
from amends.web.alerts.queries import handlers
from amends.web.alerts.raising import TOPIC, end
from amends.web.detect.actions import LEAST_REASON
from amends.web.ui.live import publish


@transaction.atomic
def add_rule(actor: User, kind: str, fields: Mapping[str, Any]) -> Rule:
    """Make a rule; it looks at once.

    Raises
    ------
    ValidationError
    """
    require(actor, Verb.DETECTOR_TUNE)
    return _fill(Rule(kind=kind), fields)


@transaction.atomic
def change_rule(actor: User, rule: Rule, version: int, fields: Mapping[str, Any]) -> Rule:
    """Change a rule as it was when one looked at it.

    Raises
    ------
    ValidationError
        Somebody changed it meanwhile, or what is said makes no sense.
    """
    require(actor, Verb.DETECTOR_TUNE)
    mine = _locked(rule)
    if mine.version != version:
        raise ValidationError(
            f"It was changed meanwhile and is version {mine.version} now. Look at it again."
        )
    mine.version += 1
    return _fill(mine, fields)


@transaction.atomic
def snooze(actor: User, rule: Rule, until: datetime | None, because: str) -> Rule:
    """Have a rule say nothing until a time; None: it looks again at once.

    Raises
    ------
    ValidationError
        Without a reason, or the time is over.
    """
    require(actor, Verb.DETECTOR_TUNE)
    mine, because = _locked(rule), because.strip()
    if until is not None:
        if until <= timezone.now():
            raise ValidationError("That time is over. Choose a later one.")
        if len(because) < LEAST_REASON:
            raise ValidationError("Say why in a few words: others wonder why it says nothing.")
    mine.snoozed_until, mine.snoozed_because = until, because if until else ""
    return _saved(mine, "snoozed_until", "snoozed_because")


@transaction.atomic
def switch(actor: User, rule: Rule, *, is_on: bool) -> Rule:
    """Switch a rule on or off; its open alerts end with it."""
    require(actor, Verb.DETECTOR_TUNE)
    mine = _locked(rule)
    mine.is_on = is_on
    if not is_on:
        for alert in mine.alerts.exclude(state__in=ENDED):
            end(alert, f"Its rule was switched off by {actor}.", timezone.now())
    return _saved(mine, "is_on")


def _fill(rule: Rule, fields: Mapping[str, Any]) -> Rule:
    for name, value in fields.items():
        setattr(rule, name, value)
    if rule.owner is None or not handlers().filter(pk=rule.owner.pk).exists():
        raise ValidationError({"owner": "Choose an owner who may handle alerts."})
    if (rule.quiet_from is None) != (rule.quiet_until is None):
        raise ValidationError(
            {"quiet_from": "Quiet hours have a beginning and an end, or neither."}
        )
    if rule.quiet_from is not None and rule.quiet_from == rule.quiet_until:
        raise ValidationError({"quiet_from": "They would last all day: nothing would be sent."})
    if rule.expires_at is not None and rule.expires_at <= timezone.now():
        raise ValidationError({"expires_at": "That day is over: the rule would never look."})
    rule.full_clean()
    rule.save()
    if rule.kind == RuleKind.THRESHOLD:
        pk = rule.pk
        transaction.on_commit(lambda: jobs.follow.defer(pk=pk))
    publish(TOPIC)
    return rule


def _saved(rule: Rule, *fields: str) -> Rule:
    rule.save(update_fields=list(fields))
    publish(TOPIC)
    return rule


def _locked(rule: Rule) -> Rule:
    return Rule.objects.select_for_update(no_key=True, of=("self",)).get(pk=rule.pk)
