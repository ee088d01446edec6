"""The page of outcomes: figures with their n, who sees what, and no failure on odd addresses."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from tests.outcomes import make_case
from tests.people import People

from amends.web.accounts.models import User
from amends.web.accounts.permissions import Role
from amends.web.cases.models import Action, ActionState, Case
from amends.web.intake.filters import Filters
from amends.web.track.effects import read_told
from amends.web.track.figures import DEFINITIONS, Figures, observe
from amends.web.track.models import EffectEstimate, Outcome
from amends.web.track.queries import records
from amends.web.track.telling import effect_cell

PAGE = "/outcomes/"


def _case(days_ago: float, owner: User | None = None, **known: object) -> Case:
    at = timezone.now() - timedelta(days=days_ago)
    case = make_case(opened_at=at - timedelta(days=2), resolved_at=at, owner=owner)
    Outcome.objects.create(case=case, **known)
    Action.objects.create(
        case=case, kind="callback", currency="EUR", state=ActionState.TAKEN, decided_at=at
    )
    return case


def _figures(person: User) -> Figures:
    filters = Filters(timezone.now())
    found = records(person, filters, filters.until - timedelta(days=200))
    return observe(found, filters.until)


def _value(figures: Figures, name: str) -> object:
    now = timezone.now()
    told = figures.between(name, now - timedelta(days=100), now)
    return told.value, told.n


def test_figures(people: People) -> None:
    _case(20, satisfaction=5, nps=10, churned=False)
    _case(20, satisfaction=5, nps=9, recontacted_at=timezone.now() - timedelta(days=15))
    _case(20, satisfaction=2, nps=3, churned=True)
    _case(20, churned=False)
    _case(2, satisfaction=4)
    make_case(state="new", opened_at=timezone.now() - timedelta(days=1), resolved_at=None)
    figures = _figures(people.leader)
    assert _value(figures, "recovery_rate") == (pytest.approx(100 / 3), 3)
    assert _value(figures, "satisfied") == (75, 4)
    assert _value(figures, "recovery_nps") == (pytest.approx(100 / 3), 3)
    assert _value(figures, "recontact_rate") == (25, 4)
    assert _value(figures, "stayed") == (pytest.approx(200 / 3), 3)
    assert _value(figures, "resolution_median_days") == (pytest.approx(2), 6)


def test_figures_of_nothing(people: People) -> None:
    figures = _figures(people.leader)
    for name in DEFINITIONS:
        told = figures.between(name, timezone.now() - timedelta(days=9), timezone.now())
        assert told.value is None
        assert told.missing_because


def test_agents_see_their_own_cases(people: People) -> None:
    _case(20, people.owner, satisfaction=5)
    _case(20, people.colleague, satisfaction=1)
    assert _value(_figures(people.owner), "satisfied") == (100, 1)
    assert _value(_figures(people.leader), "satisfied") == (50, 2)


def test_page(client: Client, people: People) -> None:
    for _ in range(12):
        _case(20, satisfaction=5, churned=False, value=30)
    client.force_login(people.leader)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Recovery rate over time" in text
    assert "Callback" in text
    assert "n = 12" in text
    assert 'hx-get="/outcomes/effects/"' in text


@pytest.mark.parametrize(
    "query",
    ["?metric=nonsense", "?metric=stayed&period=365d", "?period=x&region=%00", "?cause=a/b"],
)
def test_odd_addresses(client: Client, people: People, query: str) -> None:
    client.force_login(people.manager)
    assert client.get(PAGE + query).status_code == 200
    assert client.get(f"{PAGE}contacts/{query}").status_code == 200
    assert client.get(f"{PAGE}effects/{query}&by=moon&result=joy").status_code == 200


def test_effects_are_not_for_agents(client: Client, people: People) -> None:
    """They are estimated over everybody's cases; an agent sees their own."""
    client.force_login(people.of(Role.AGENT))
    assert b"effects/" not in client.get(PAGE).content
    assert client.get(f"{PAGE}effects/").status_code == 403
    client.force_login(people.admin)
    assert client.get(PAGE).status_code == 403


def _estimate(**effect: object) -> EffectEstimate:
    given = {
        "estimate": 0.1,
        "standard_error": 0.02,
        "interval": {"low": 0.06, "high": 0.14, "level": 0.95},
        "n_treated": 500,
        "n_control": 900,
        "effective_sample_size": 400.0,
        "overlap": 1.0,
        "placebo": 0.5,
        "warnings": [],
    }
    told = {
        "effect": given | effect,
        "p_value": 0.001,
        "p_adjusted": 0.004,
        "n_shown": 500,
        "n_reference": 900,
        "n_done": 450,
        "mean_shown": 0.7,
        "mean_reference": 0.6,
    }
    return EffectEstimate(
        scope="all",
        action="callback",
        reference="apology",
        result="stayed",
        estimate=told,
        computed_at=timezone.now(),
    )


def test_effects_page(client: Client, people: People) -> None:
    _estimate().save()
    client.force_login(people.analyst)
    text = client.get(f"{PAGE}effects/").content.decode()
    assert "against Apology" in text
    assert "+10.0\u00a0pp" in text
    assert "done in 90" in text


def test_effect_words() -> None:
    def cell(**effect: object) -> tuple[str, str, str]:
        found = effect_cell(read_told(_estimate(**effect)), "stayed", "EUR")
        return found.text, found.tone, found.because

    assert cell() == ("+10.0\u00a0pp", "good", "")
    refused = cell(estimate=None, interval=None, warnings=["Refused: 3 of 30."])
    assert refused == ("Too few to tell", "", "Refused: 3 of 30.")
    assert cell(placebo=0.01)[1] == ""
    assert "do not trust" in cell(placebo=0.01)[2]


def test_constant_queries(
    client: Client, people: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(people.leader)
    for _ in range(30):
        _case(20, satisfaction=3)
    with django_assert_max_num_queries(14):
        client.get(PAGE)
