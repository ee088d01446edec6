"""Effects from logged chances: found where there is one, refused where there is too little."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from tests.outcomes import RESOLVED_AT

from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.intake.models import Customer
from amends.web.track.effects import RESULTS, estimate_effects, read_told
from amends.web.track.models import EffectEstimate, Outcome

pytestmark = pytest.mark.django_db
LATER = RESOLVED_AT + timedelta(days=60)
CHANCES = {"apology": 0.8, "callback": 0.2}


def _play(n: int, effect: float, *, seed: int = 1) -> None:
    """Write cases of which hard ones stay less; a call-back, drawn by chance, helps by `effect`."""
    rng = random.Random(seed)
    Customer.objects.bulk_create(Customer(pk=f"c{i}") for i in range(n))
    hard = [rng.random() < 0.5 for _ in range(n)]
    shown = ["callback" if rng.random() < CHANCES["callback"] else "apology" for _ in range(n)]
    cases = Case.objects.bulk_create(
        Case(
            ref=f"C-{i}",
            title="Late",
            state="resolved",
            severity="high" if hard[i] else "low",
            customer_id=f"c{i}",
            cause="delivery/late",
            tier="gold",
            segment="student" if i % 2 else "business",
            opened_at=RESOLVED_AT - timedelta(days=1),
            opened_because="a rule",
            resolved_at=RESOLVED_AT,
            currency="EUR",
            signal_id=uuid4(),
        )
        for i in range(n)
    )
    allowed = [[kind, "0", 0.0] for kind in CHANCES]
    record = {"decision": {"allowed": allowed, "propensities": list(CHANCES.values())}}
    Recommendation.objects.bulk_create(
        Recommendation(
            case=case,
            decided_at=case.opened_at,
            role="agent",
            kind=kind,
            amount=0,
            owed=0,
            limit=0,
            currency="EUR",
            explores=kind == "callback",
            propensity=CHANCES[kind],
            record=record,
            policy_hash="p",
            model_version="m",
        )
        for case, kind in zip(cases, shown, strict=True)
    )
    Action.objects.bulk_create(
        Action(
            case=case, kind=kind, currency="EUR", state=ActionState.TAKEN, decided_at=case.opened_at
        )
        for case, kind in zip(cases, shown, strict=True)
    )
    stays = [
        rng.random() < (0.4 if difficult else 0.7) + (effect if kind == "callback" else 0)
        for difficult, kind in zip(hard, shown, strict=True)
    ]
    Outcome.objects.bulk_create(
        Outcome(case=case, churned=not stay, value=100 if stay else 0)
        for case, stay in zip(cases, stays, strict=True)
    )


def test_effect_found() -> None:
    _play(1500, 0.2)
    estimate_effects(LATER)
    told = read_told(EffectEstimate.objects.get(scope="all", result="stayed", action="callback"))
    assert told.effect.interval is not None
    assert told.effect.interval.low < 0.2 < told.effect.interval.high
    assert told.effect.interval.low > 0
    assert told.p_adjusted is not None
    assert told.p_adjusted < 0.05
    assert told.effect.overlap == 1
    assert told.n_done == told.n_shown
    cohorts = EffectEstimate.objects.filter(scope="segment", result="stayed")
    assert {row.cohort for row in cohorts} == {"student", "business"}


def test_no_effect_not_found() -> None:
    _play(900, 0.0, seed=5)
    estimate_effects(LATER)
    told = read_told(EffectEstimate.objects.get(scope="all", result="stayed"))
    assert told.effect.interval is not None
    assert told.effect.interval.low < 0 < told.effect.interval.high


def test_too_few_are_refused() -> None:
    _play(60, 0.2)
    assert estimate_effects(LATER) >= len(RESULTS)
    for row in EffectEstimate.objects.all():
        told = read_told(row)
        assert told.effect.estimate is None
        assert told.effect.warnings[0].startswith("Refused")


def test_windows_that_are_not_over_are_left_out() -> None:
    _play(200, 0.2)
    assert estimate_effects(RESOLVED_AT + timedelta(days=13)) == 0


def test_nothing_to_estimate() -> None:
    assert estimate_effects(LATER) == 0
