"""The budget: what is in force, what others would mean, who may change it, what judgements do."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone
from tests.breakdowns import make_breakdown, make_series
from tests.people import People

from amends.flows.budget_study import BUDGETS
from amends.web.detect import actions, budgets
from amends.web.detect.in_force import budget_in_force, config_in_force, factors_in_force
from amends.web.detect.models import Breakdown, Budget, BudgetStudy, Recalibration
from amends.web.detect.studying import make_study

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


def test_the_watch_keeps_to_the_budget_that_was_put_in_force(people: People) -> None:
    make_series()
    before = config_in_force("complaints").false_alarms_per_series_year
    actions.set_budget(people.leader, 52, "Two more people on call")
    after = config_in_force("complaints").false_alarms_per_series_year
    assert after / before == pytest.approx(52 / 6)
    assert budget_in_force() == 52
    assert budgets.log()[0].body == "Two more people on call"


@pytest.mark.parametrize(("per_year", "because"), [(-1, "why not"), (1e4, "all of it"), (6, " ")])
def test_what_is_no_budget_is_refused(people: People, per_year: float, because: str) -> None:
    with pytest.raises(ValidationError):
        actions.set_budget(people.leader, per_year, because)
    assert not Budget.objects.exists()


def test_who_may_not_tune_changes_nothing(people: People, client: Client) -> None:
    with pytest.raises(PermissionDenied):
        actions.set_budget(people.owner, 1, "I say so")
    client.force_login(people.owner)
    assert client.post("/breakdowns/budget/save/", {"step": "3"}).status_code == 403
    assert "do not let you change" not in client.get("/breakdowns/budget/").content.decode()


def test_a_study_says_what_more_alarms_buy(people: People, client: Client) -> None:
    make_series(broken_days=3)
    make_series({"region": "north"})
    study = make_study(timezone.now())
    assert study is not None
    assert [point["per_year"] for point in study.points] == list(BUDGETS)
    none, most = study.points[0], study.points[-1]
    assert none["alarms_per_week"] == 0
    assert most["n_alarms"] >= 1
    missed = {p["ratio"]: p["missed"] for p in most["planted"]}
    assert missed[3.0] <= missed[1.5]
    assert missed[3.0] < 1
    client.force_login(people.leader)
    text = client.get("/breakdowns/budget/").content.decode()
    assert "What a budget costs" in text
    assert "6 a year (in force)" in text
    part = client.get("/breakdowns/budget/?step=9", headers=FRAGMENT).content.decode()
    assert "5 a week" in part
    assert "Against the budget in force" in part
    assert "<html" not in part
    past = client.get("/breakdowns/backtest/?step=9").content.decode()
    assert "Alarms it would have raised" in past
    assert client.get("/breakdowns/backtest/?step=0&series=999999").status_code == 200


def test_saving_on_the_page_needs_a_reason_and_shows_what_is_in_force(
    people: People, client: Client
) -> None:
    client.force_login(people.manager)
    refused = client.post("/breakdowns/budget/save/", {"step": "7"}, headers=FRAGMENT)
    assert refused.status_code == 422
    saved = client.post(
        "/breakdowns/budget/save/", {"step": "7", "because": "Quiet season"}, headers=FRAGMENT
    )
    assert saved.status_code == 200
    assert "1 a week" in saved.content.decode()
    assert Budget.objects.get().set_by == people.manager


def test_a_budget_of_none_says_what_it_means(people: People, client: Client) -> None:
    actions.set_budget(people.leader, 0, "Migration weekend")
    client.force_login(people.leader)
    assert "statistics call nobody" in client.get("/breakdowns/budget/").content.decode()


def test_pages_work_before_anything_was_computed(people: People, client: Client) -> None:
    client.force_login(people.leader)
    assert "not computed yet" in client.get("/breakdowns/budget/").content.decode()
    assert "Not computed yet" in client.get("/breakdowns/backtest/").content.decode()
    assert make_study(timezone.now()) is None
    assert not BudgetStudy.objects.exists()


def test_one_click_judges_and_many_false_alarms_cut_the_measures_part(
    people: People, client: Client
) -> None:
    make_series()
    alarms = [make_breakdown() for _ in range(8)]
    client.force_login(people.analyst)
    for b in alarms:
        url = f"/breakdowns/{b.pk}/judgement/"
        assert client.post(url, {"judgement": "false"}, headers=FRAGMENT).status_code == 204
    assert set(Breakdown.objects.values_list("judgement", flat=True)) == {"false"}
    assert 0.25 <= factors_in_force()["complaints"] < 1
    change = Recalibration.objects.latest("pk")
    assert change.n_false > change.granted
    text = client.get("/breakdowns/budget/").content.decode()
    assert "0 real, 8 false" in text
    assert "its part of the budget" in text


def test_a_single_judgement_moves_nothing(people: People) -> None:
    make_series()
    actions.judge(people.analyst, make_breakdown(), "false")
    assert factors_in_force() == {}


def test_alarms_are_counted_by_team_and_severity(people: People) -> None:
    now = timezone.now()
    team = people.manager.teams.get()
    for _ in range(13):
        make_breakdown(team=team, severity="high")
    make_breakdown(severity="low", detected_at=now - timedelta(weeks=20))
    [row] = budgets.team_rows(now)
    assert row.team == team.name
    assert row.cells[1] == row.total
    assert float(row.total) == 1
