"""Cases for a policy to be played against: complaints and tickets with their facts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from amends.engine.contracts import (
    ActionKind,
    ActionTaken,
    CaseFacts,
    Money,
    Severity,
    starter_taxonomy,
)

from .company import Company
from .events import Events
from .outcomes import expected_value, prospect
from .play import Played
from .randomness import Ints, stream
from .truth import ActionEffect

_DAYS_BEFORE = 90


def draw_cases(played: Played, n: int) -> list[CaseFacts]:
    """Return n cases in time order, drawn from those who complained or asked."""
    company, events = played.scene.company, played.events
    heard = played.heard
    first = np.unique(heard.event, return_index=True)[1]
    mine = np.sort(first[events.cause[heard.event[first]] >= 0])
    rng = stream(played.scene.seed, company.name, "cases")
    chosen = np.sort(rng.choice(mine, n, replace=len(mine) < n))
    before = failures_before(events)
    severities = {c.path: c.default_severity for c in starter_taxonomy(company.taxonomy).leaves}
    return [
        _facts(played, int(row), k, int(before[heard.event[row]]), severities)
        for k, row in enumerate(chosen.tolist())
    ]


def failures_before(events: Events) -> Ints:
    """Return for each event the failures of its customer in the 90 days before its day."""
    failed = events.cause >= 0
    key = events.customer * 100_000 + events.day
    order = np.sort(key[failed])
    upper = np.searchsorted(order, key, side="left")
    floor = np.maximum(events.day - _DAYS_BEFORE, 0)
    lower = np.searchsorted(order, events.customer * 100_000 + floor, side="left")
    return (upper - lower).astype(np.int64)


def _facts(
    played: Played, row: int, number: int, before: int, severities: dict[str, Severity]
) -> CaseFacts:
    scene, events, company = played.scene, played.events, played.scene.company
    event = int(played.heard.event[row])
    person = int(events.customer[event])
    people = scene.population
    path = list(company.causes)[events.cause[event]]
    loss = Decimal(int(events.loss_cents[event])) / 100
    start = datetime.combine(company.period.first, datetime.min.time(), tzinfo=UTC)
    return CaseFacts(
        case_ref=f"CASE-{scene.seed}-{number:06d}",
        customer_id=f"C{person:06d}",
        opened_at=start + timedelta(seconds=int(played.heard.at[row])),
        cause=path,
        severity=severities[path],
        region=company.values("region")[people.region[person]],
        tier=company.values("tier")[people.tier[person]],
        segment=company.values("segment")[people.segment[person]],
        product=company.values("product")[events.product[event]],
        channel=company.values("channel")[events.channel[event]],
        tenure_months=float(people.tenure_months[person]),
        value_per_year=Money(Decimal(int(people.value_cents[person])) / 100, company.currency),
        loss=Money(loss, company.currency),
        failures_90_days=before,
        is_rejected=bool(events.is_rejected[event]),
        is_vulnerable=bool(people.is_vulnerable[person]),
        is_regulated=company.causes[path].regulated,
    )


def usual_actions(company: Company, facts: CaseFacts) -> tuple[ActionTaken, ...]:
    """Return what the company could do for a case: each kind at its usual amounts and delay."""
    loss = facts.loss.amount if facts.loss.amount >= 1 else Decimal(str(company.recovery.goodwill))
    found = []
    for kind, spec in company.recovery.actions.items():
        if spec.causes and not any(_within(facts.cause, place) for place in spec.causes):
            continue
        if kind is ActionKind.REFUND and facts.loss.amount < 1:
            continue
        for share in spec.shares:
            amount = Money(loss * Decimal(str(share)), facts.loss.currency)
            found.append(ActionTaken(kind, amount, spec.delay_hours))
    return tuple(found)


def action_effects(company: Company) -> tuple[ActionEffect, ...]:
    """Return the true effects against doing nothing, per segment, branch and usual action."""
    effects = []
    for segment in company.customers.segments:
        for branch in dict.fromkeys(path.partition("/")[0] for path in company.causes):
            facts = _usual_case(company, segment, branch)
            nothing = ActionTaken(ActionKind.NONE, Money(Decimal(0), company.currency), 0.0)
            effects += [
                _effect(company, facts, action, nothing)
                for action in usual_actions(company, facts)
                if action.kind is not ActionKind.NONE
            ]
    return tuple(effects)


def _effect(
    company: Company, facts: CaseFacts, action: ActionTaken, nothing: ActionTaken
) -> ActionEffect:
    done, undone = prospect(company, facts, action), prospect(company, facts, nothing)
    worth = expected_value(company, facts, action) - expected_value(company, facts, nothing)
    return ActionEffect(
        segment=facts.segment,
        branch=facts.cause.partition("/")[0],
        action=action.kind.value,
        share=round(float(action.amount.amount / max(facts.loss.amount, Decimal(1))), 3),
        satisfaction=round(done.satisfaction - undone.satisfaction, 4),
        recontact=round(done.recontact - undone.recontact, 4),
        churn=round(done.churn - undone.churn, 4),
        repurchase=round(done.repurchase - undone.repurchase, 4),
        value=round(worth, 2),
    )


def _usual_case(company: Company, segment: str, branch: str) -> CaseFacts:
    causes = {p: c for p, c in company.causes.items() if _within(p, branch)}
    path, cause = max(causes.items(), key=lambda item: item[1].weight)
    loss = cause.loss if cause.monetary >= 0.5 else 0.0
    people = company.customers
    return CaseFacts(
        case_ref="usual",
        customer_id="usual",
        opened_at=datetime.combine(company.period.first, datetime.min.time(), tzinfo=UTC),
        cause=path,
        severity=Severity.MEDIUM,
        region=company.values("region")[0],
        tier=company.values("tier")[0],
        segment=segment,
        product=company.values("product")[0],
        channel=company.values("channel")[0],
        tenure_months=people.tenure_months,
        value_per_year=Money(Decimal(str(people.value_per_year)), company.currency),
        loss=Money(Decimal(str(loss)), company.currency),
        failures_90_days=0,
        is_rejected=cause.rejected >= 0.5,
    )


def _within(cause: str, place: str) -> bool:
    return cause == place or cause.startswith(f"{place}/")
