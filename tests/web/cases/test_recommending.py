from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.web.cases.making import OPENED, make_case, make_customer

from amends.engine.contracts import UNSURE, Money
from amends.engine.recommend import turns_of, what_to_do
from amends.web.cases.explaining import explain, turned
from amends.web.cases.facts import assumed, facts_of
from amends.web.cases.models import Action, ActionState, Case, Recommendation
from amends.web.cases.recommending import (
    assumed_facts,
    known_facts,
    lessons,
    recommend_in_bulk,
    record_of,
)
from amends.web.recommend.queries import recommender

pytestmark = pytest.mark.django_db


@dataclass
class After:
    window_days: int = 14
    satisfaction: int | None = 5
    nps: int | None = 9
    recontacted_at: datetime | None = None
    churned: bool | None = False
    repurchased: bool | None = True
    value: Decimal | None = Decimal("31.50")


def test_facts_come_from_the_case_and_its_customer() -> None:
    facts = facts_of(case := make_case(recommended=False), case.customer)
    assert facts.tenure_months == pytest.approx(66.7, abs=0.1)
    assert facts.value_per_year == Money(Decimal(1240), "EUR")
    assert facts.loss == Money(Decimal(20), "EUR")
    assert facts.cause == "delivery/missed_slot"
    assert assumed(case, case.customer) == ()


def test_what_is_not_on_file_has_a_stand_in_and_says_so() -> None:
    customer = make_customer("C2", since=None, value_per_year=None, currency="")
    case = make_case(customer=customer, cause="", value_at_risk=0)
    facts = facts_of(case, customer)
    assert facts.cause == UNSURE
    assert facts.value_per_year == Money(Decimal(0), "EUR")
    assert assumed(case, customer) == ("cause", "tenure_months", "value_per_year")
    assert assumed_facts(case.recommendation) == ("cause", "tenure_months", "value_per_year")


def test_a_value_in_another_currency_is_not_taken_for_one() -> None:
    customer = make_customer("C3", currency="GBP")
    case = make_case(customer=customer, value_at_risk=0)
    assert facts_of(case, customer).value_per_year == Money(Decimal(0), "EUR")
    assert "value_per_year" in assumed(case, customer)


def test_a_recommendation_keeps_its_log_record_and_its_facts() -> None:
    case = make_case(recommended=False)
    (row,) = recommend_in_bulk([case])
    facts = facts_of(case, case.customer)
    (record,) = recommender().recommend_many([facts])
    row.save()
    kept = Recommendation.objects.get(case=case)
    assert record_of(kept) == record
    assert known_facts(kept) == facts
    assert (kept.kind, kept.amount) == (record.chosen.kind, record.chosen.goodwill)
    assert kept.propensity == record.propensities[record.shown]


def test_many_cases_cost_as_many_queries_as_one(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_case(recommended=False)
    cases = list(Case.objects.select_related("customer"))
    with django_assert_num_queries(2):
        assert len(recommend_in_bulk(cases)) == 3


def test_an_explanation_shows_what_was_logged_and_is_kept() -> None:
    case = make_case()
    first = explain(case)
    assert first is not None
    row = Recommendation.objects.get(case=case)
    assert (first.action.kind, first.action.amount.amount) == (row.kind, row.amount)
    assert row.explanation is not None
    again = explain(case)
    assert again == first
    assert what_to_do(again).endswith(".")
    turns = turned(Recommendation.objects.get(case=case))
    assert turns == list(turns_of(recommender(), known_facts(row)))
    assert any(isinstance(value, bool) for turn in turns for value in turn.values)


def test_an_explanation_stays_true_when_the_case_is_corrected_later() -> None:
    case = make_case()
    case.severity, case.loss = "critical", Decimal(900)
    case.save()
    explanation = explain(case)
    row = Recommendation.objects.get(case=case)
    assert explanation is not None
    assert explanation.action.kind == row.kind


def test_an_explanation_is_refused_when_its_learning_is_gone() -> None:
    case = make_case()
    Recommendation.objects.update(model_version="learnt-900-abc")
    assert explain(case) is None


def test_a_case_without_recommendation_has_no_explanation() -> None:
    assert explain(make_case(recommended=False)) is None


def test_lessons_are_what_was_done_and_what_came_of_it() -> None:
    case = make_case()
    action = Action(
        case=case,
        kind="apology_credit",
        amount=Decimal(20),
        currency="EUR",
        state=ActionState.TAKEN,
        decided_at=OPENED + timedelta(hours=3),
    )
    (lesson,) = lessons([(case, action, After())])
    assert lesson.facts == known_facts(case.recommendation)
    assert lesson.done.delay_hours == 3
    assert lesson.done.amount == Money(Decimal(20), "EUR")
    assert lesson.is_recovered
    silent, open_ = replace(After(), satisfaction=None), replace(After(), churned=None)
    assert lessons([(case, action, silent), (case, action, open_)]) == []
    action.state = ActionState.SKIPPED
    assert lessons([(case, action, After())]) == []
    assert lessons([(make_case(recommended=False), action, After())]) == []


def test_lessons_teach_the_recommender() -> None:
    cases = [make_case() for _ in range(4)]
    known = [
        (
            case,
            Action(
                case=case,
                kind="apology",
                currency="EUR",
                state=ActionState.TAKEN,
                decided_at=OPENED,
            ),
            After(nps=None),
        )
        for case in cases
    ]
    assert recommender().learn(lessons(known)).state.n == 4
