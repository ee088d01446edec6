"""What happens after an action: the true effects, along the evidence of service research.

- Money: where the service was *rejected* the value of compensation is S-shaped, steepest at
  60–120 % of the loss; where it was *accepted* it is concave, the first money best (Gelbrich et
  al. 2015); nothing is gained above 150 % (Haesevoets et al. 2017); repaying in kind is worth more
  than a credit (Roschk & Gelbrich 2014).
- Money alone satisfies 37 %, money with an apology 73 % (CCMC 2015). Words weigh more where no
  money was lost (Gelbrich & Roschk 2011). Repeated apologies without money do harm (Halperin et
  al. 2019).
- Speed has a zone of tolerance, after which expectations rise (Hogreve et al. 2017).
- Being more satisfied than before is possible after one failure, never after two (Maxham &
  Netemeyer 2002), and never shows in behaviour (de Matos et al. 2007).
- Retention by satisfaction, speed and loss: the TARP table.
"""

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from amends.engine.contracts import ActionKind, ActionTaken, CaseFacts, Outcome, Severity

from .company import Company, Tastes
from .randomness import stream

TOLERANCE_HOURS: Final = 24.0
MOST_USEFUL_SHARE: Final = 1.5
USUAL_SATISFACTION: Final = 4.2
"""mean satisfaction of customers without a failure"""
_SATISFIED_AT, _SATISFIED_SCALE = 3.77, 0.41
_START: Final = {
    Severity.LOW: 2.3,
    Severity.MEDIUM: 2.1,
    Severity.HIGH: 1.8,
    Severity.CRITICAL: 1.5,
}
_WORDS: Final = {
    ActionKind.NONE: 0.0,
    ActionKind.APOLOGY: 0.60,
    ActionKind.CALLBACK: 0.75,
    ActionKind.CREDIT: 0.05,
    ActionKind.APOLOGY_CREDIT: 0.60,
    ActionKind.REFUND: 0.10,
    ActionKind.REPLACEMENT: 0.20,
    ActionKind.ESCALATION: 0.50,
}
"""how much an action says: courtesy, explanation, attention"""
_IN_KIND: Final = {ActionKind.REFUND: 1.08, ActionKind.REPLACEMENT: 1.10}
_APOLOGIES: Final = (ActionKind.APOLOGY, ActionKind.APOLOGY_CREDIT)
_TARP_SMALL, _TARP_LARGE = (0.46, 0.70, 0.95), (0.19, 0.54, 0.82)
"""share retained of complainants: unsatisfied, satisfied, satisfied quickly; loss < 5, > 100"""
_INTENTION_TO_DEED: Final = 0.55
"""stated intentions overstate what people do"""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an action leads to, noise-free."""

    satisfaction: float
    """expected satisfaction with the recovery, 1–5"""
    satisfied: float
    """chance of being satisfied with it"""
    recontact: float
    churn: float
    repurchase: float
    """chance of buying again, given that the customer stays"""


def money_worth(share: float, *, is_rejected: bool) -> float:
    """Return what compensation of a share of the loss is worth, in [0, 1]; 1 from 150 % on."""
    x = min(max(share, 0.0), MOST_USEFUL_SHARE)
    if not is_rejected:
        return (1 - math.exp(-2.2 * x)) / (1 - math.exp(-2.2 * MOST_USEFUL_SHARE))
    low, high = _logistic(-4.5), _logistic(5 * (MOST_USEFUL_SHARE - 0.9))
    return (_logistic(5 * (x - 0.9)) - low) / (high - low)


def promptness(delay_hours: float) -> float:
    """Return 1 within the zone of tolerance, falling towards 0 after it."""
    return 1 / (1 + max(delay_hours - TOLERANCE_HOURS, 0.0) / 36)


def prospect(company: Company, facts: CaseFacts, action: ActionTaken) -> Prospect:
    """Return what an action on a case leads to."""
    loss = float(facts.loss.amount)
    has_loss = loss >= 1
    share = float(action.amount.amount) / (loss if has_loss else company.recovery.goodwill)
    acts = action.kind is not ActionKind.NONE
    speed = promptness(action.delay_hours) if acts else 0.0
    felt = _satisfaction(company, facts, action.kind, share, speed, has_loss=has_loss)
    satisfied = _logistic((felt - _SATISFIED_AT) / _SATISFIED_SCALE)
    unhappy, happy, quick = _tarp(loss)
    kept = (1 - satisfied) * unhappy + satisfied * (happy + (quick - happy) * speed)
    recovery = company.recovery
    usual = recovery.churn_per_year * recovery.window_days / 365
    return Prospect(
        satisfaction=min(max(felt, 1.0), 5.0),
        satisfied=satisfied,
        recontact=min(max(0.08 + 0.50 * (1 - satisfied) + 0.12 * (1 - speed), 0.03), 0.85),
        churn=usual + (1 - usual) * _INTENTION_TO_DEED * (1 - kept),
        repurchase=recovery.repurchase * (0.4 + 0.6 * kept / quick),
    )


def cost(company: Company, action: ActionTaken) -> float:
    """Return what an action costs the company, in its currency."""
    spec = company.recovery.actions[action.kind]
    return spec.cost + spec.cost_share * float(action.amount.amount)


def expected_value(company: Company, facts: CaseFacts, action: ActionTaken) -> float:
    """Return the expectation of `Outcome.value`, noise-free: what an oracle would rank by."""
    seen = prospect(company, facts, action)
    stays, buys = _margins(company, facts)
    kept = (1 - seen.churn) * (stays + seen.repurchase * buys)
    return kept - cost(company, action) - seen.recontact * company.recovery.contact_cost


def respond(company: Company, facts: CaseFacts, action: ActionTaken, seed: int) -> Outcome:
    """Return what happens; under one seed a case has the same luck whatever is done."""
    seen = prospect(company, facts, action)
    rng = stream(seed, company.name, "respond", facts.case_ref)
    luck = rng.random(3)
    noise = rng.standard_normal(2)
    churned = bool(luck[0] < seen.churn)
    repurchased = bool(not churned and luck[1] < seen.repurchase)
    recontacted = bool(luck[2] < seen.recontact)
    stays, buys = _margins(company, facts)
    value = 0.0 if churned else stays + (buys if repurchased else 0.0)
    value -= cost(company, action) + (company.recovery.contact_cost if recontacted else 0.0)
    felt = min(max(seen.satisfaction + 0.6 * float(noise[0]), 1.0), 5.0)
    return Outcome(
        window_days=company.recovery.window_days,
        satisfaction=round(felt, 2),
        nps=min(max(round(2.6 * (felt - 1.0) + 0.8 * float(noise[1])), 0), 10),
        recontacted=recontacted,
        churned=churned,
        repurchased=repurchased,
        value=round(value, 4),
    )


def _satisfaction(
    company: Company,
    facts: CaseFacts,
    kind: ActionKind,
    share: float,
    speed: float,
    *,
    has_loss: bool,
) -> float:
    taste = company.recovery.tastes.get(facts.segment, Tastes())
    before = min(facts.failures_90_days, 3)
    money = money_worth(share, is_rejected=facts.is_rejected) * _IN_KIND.get(kind, 1.0)
    money *= taste.money * (0.75 + 0.25 * speed)
    words = _WORDS[kind] * taste.words * (taste.callback if kind is ActionKind.CALLBACK else 1.0)
    if kind in _APOLOGIES and before:
        words = 0.6 - 0.2 * before if share > 0 else -0.25 * before
    money_weight, word_weight = (1.2, 0.8) if has_loss else (0.6, 1.2)
    gain = money_weight * money + word_weight * words + 0.35 * money * max(words, 0.0)
    gain += 0.3 * speed * taste.speed
    if gain > 0:
        gain *= _cohort_factor(company, facts.segment, facts.cause.partition("/")[0], kind)
    felt = _START[facts.severity] - 0.3 * before + gain
    return min(felt, _ceiling(before))


def _ceiling(before: int) -> float:
    """Return the most satisfied one can be: above usual after a first failure, never after two."""
    return USUAL_SATISFACTION + {0: 0.35, 1: -0.05}.get(before, -0.3)


def _cohort_factor(company: Company, segment: str, branch: str, kind: ActionKind) -> float:
    """Return how much more or less an action does for a cohort than for the average customer."""
    return _cohort_draw(company.name, company.recovery.cohort_spread, f"{segment}/{branch}/{kind}")


@lru_cache(maxsize=4_096)
def _cohort_draw(world: str, spread: float, cohort: str) -> float:
    rng = stream(zlib.crc32(world.encode()), "cohort", cohort)
    return float(np.exp(np.clip(spread * rng.standard_normal(), -0.8, 0.8)))


def _tarp(loss: float) -> tuple[float, float, float]:
    """Return retained shares at a loss, between the two rows of the table by log loss."""
    weight = min(max(math.log(max(loss, 1.0) / 5) / math.log(20), 0.0), 1.0)
    unhappy, happy, quick = (
        small + (large - small) * weight
        for small, large in zip(_TARP_SMALL, _TARP_LARGE, strict=True)
    )
    return unhappy, happy, quick


def _margins(company: Company, facts: CaseFacts) -> tuple[float, float]:
    """Return the margin of staying for the window, and that of one repurchase."""
    recovery = company.recovery
    yearly = float(facts.value_per_year.amount) * recovery.margin
    return yearly * recovery.window_days / 365, yearly * recovery.repurchase_value


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
