"""Saved views: conditions with AND and OR, own and shared, and what each may show."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.people import People
from tests.web.cases.making import make_case, make_customer

from amends.web.accounts.models import Team, User
from amends.web.cases.filtering import FIELDS, ConditionError, condition_q, groups_q
from amends.web.cases.models import Case, SavedView
from amends.web.cases.transitions import RefusedError
from amends.web.cases.view_actions import delete_view, save_view

pytestmark = pytest.mark.django_db


@pytest.fixture
def care(people: People) -> Team:  # noqa: ARG001  (they are in it)
    return Team.objects.get(name="Care")


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def where(field: str, op: str, value: str) -> dict[str, str]:
    return {"field": field, "op": op, "value": value}


def fitting(*groups: list[dict[str, str]]) -> set[str]:
    return set(
        Case.objects.filter(groups_q(groups, timezone.now())).values_list("title", flat=True)
    )


def test_each_field_finds_what_it_says(people: People, care: Team) -> None:
    now = timezone.now()
    breakable = make_customer("C7", name="Liam Brandt", is_vulnerable=True)
    make_case(title="a", team=care, severity="critical", cause="delivery/late", loss=Decimal(5))
    make_case(title="b", owner=people.owner, customer=breakable, opened_at=now, due_at=now)
    for condition, expected in (
        (("severity", "is", "critical"), {"a"}),
        (("severity", "is_not", "critical"), {"b"}),
        (("state", "is", "new"), {"a", "b"}),
        (("owner", "is", "none"), {"a"}),
        (("owner", "is", str(people.owner.pk)), {"b"}),
        (("owner", "is_not", str(people.owner.pk)), {"a"}),
        (("team", "is", str(care.pk)), {"a"}),
        (("team", "is", "none"), {"b"}),
        (("cause", "is", "delivery"), {"a", "b"}),
        (("cause", "is", "delivery/late"), {"a"}),
        (("region", "is_not", "north"), set()),
        (("tier", "contains", "ol"), {"a", "b"}),
        (("title", "contains", "A"), {"a"}),
        (("customer", "contains", "brandt"), {"b"}),
        (("customer", "is", "C7"), {"b"}),
        (("loss", "at_most", "5,00"), {"a"}),
        (("value_at_risk", "at_least", "1240"), {"a", "b"}),
        (("failures", "at_least", "1"), set()),
        (("opened", "at_most", "1"), {"b"}),
        (("due", "at_most", "0"), {"a", "b"}),
        (("regulated", "is", "no"), {"a", "b"}),
        (("vulnerable", "is", "yes"), {"b"}),
        (("breakdown", "is", "no"), {"a", "b"}),
    ):
        if condition[0] == "due":
            Case.objects.update(due_at=now - timedelta(minutes=1))
        assert fitting([where(*condition)]) == expected, condition


def test_lists_are_joined_by_or_and_their_conditions_by_and(care: Team) -> None:
    make_case(title="a", team=care, severity="critical", region="north")
    make_case(title="b", team=care, severity="critical", region="south")
    make_case(title="c", team=care, severity="low", region="south")
    critical, low = where("severity", "is", "critical"), where("severity", "is", "low")
    north, south = where("region", "is", "north"), where("region", "is", "south")
    assert fitting([critical, south]) == {"b"}
    assert fitting([critical, north], [low]) == {"a", "c"}
    assert fitting([critical, low]) == set()


@given(
    st.fixed_dictionaries(
        {
            "field": st.one_of(st.sampled_from(sorted(FIELDS)), st.text(max_size=8)),
            "op": st.one_of(st.sampled_from(["is", "is_not", "contains", "at_least"]), st.text()),
            "value": st.one_of(
                st.text(max_size=300),
                st.sampled_from(["1e999", "NaN", "-1", "99999999999", "none", "\0", "critical"]),
            ),
        }
    )
)
def test_any_condition_is_either_a_question_or_refused_in_words(condition: dict[str, str]) -> None:
    found: Q | str
    try:
        found = condition_q(condition, timezone.now())
    except ConditionError as error:
        found = str(error)
    if isinstance(found, str):
        assert found.endswith(".")
    else:
        list(Case.objects.filter(found)[:1])


def test_a_view_is_built_saved_and_chosen_on_the_page(people: People, care: Team) -> None:
    one = make_case(team=care, severity="critical")
    two = make_case(team=care, severity="low", region="south")
    make_case(team=care, severity="low", region="north")
    client = as_(people.manager)
    start = client.get("/cases/views/new/?tab=open&severity=critical&q=third").content.decode()
    assert '<option value="critical" selected>' in start
    assert 'value="third"' in start
    form = {
        "name": "Bad or southern",
        "field-0-0": "severity", "op-0-0": "is", "value-0-0": "critical",
        "field-1-0": "region", "op-1-0": "is", "value-1-0": "south",
    }  # fmt: skip
    more = client.post("/cases/views/new/", {**form, "press": "and-1"}).content.decode()
    assert 'name="field-1-1"' in more
    less = client.post("/cases/views/new/", {**form, "press": "drop-0-0"}).content.decode()
    assert 'name="field-1-0"' not in less
    part = client.post("/cases/views/new/", form, headers={"HX-Request": "true"}).content.decode()
    assert "<b>2\u00a0open cases</b> fit" in part
    assert SavedView.objects.count() == 0
    saved = client.post("/cases/views/new/", form)
    view = SavedView.objects.get()
    assert saved.headers["Location"] == f"/cases/?tab=open&view={view.pk}"
    page = client.get(saved.headers["Location"]).content.decode()
    rows = page.partition("<tbody>")[2]
    assert one.ref in rows
    assert two.ref in rows
    assert rows.count("data-row") == 2
    assert "Remove the filter View: Bad or southern" in page
    again = client.post("/cases/views/new/", form)
    assert again.status_code == 422
    assert "a view of this name already" in again.content.decode()
    changed = client.post(f"/cases/views/{view.pk}/", {**form, "name": "Other"})
    assert changed.status_code == 302
    assert client.post(f"/cases/views/{view.pk}/deletion/").status_code == 302
    gone = client.get(f"/cases/?tab=open&view={view.pk}").content.decode()
    assert "No case matches" in gone


def test_a_view_is_its_owners_unless_it_is_shared(people: People, care: Team) -> None:
    mine, foreign = make_case(team=care), make_case(team=Team.objects.get(name="Billing"))
    every = [[where("state", "is", "new")]]
    own = save_view(people.manager, "All new", every, is_shared=False)
    assert "All new" not in as_(people.owner).get("/cases/").content.decode()
    page = as_(people.owner).get(f"/cases/?tab=open&view={own.pk}").content.decode()
    assert mine.ref not in page, "somebody else's view is as good as gone"
    save_view(people.manager, "All new", every, is_shared=True, view=own)
    page = as_(people.owner).get(f"/cases/?tab=open&view={own.pk}").content.decode()
    assert "By Mara M." in page
    assert mine.ref in page
    assert foreign.ref not in page, "a view widens nobody's reach"
    with pytest.raises(PermissionDenied):
        save_view(people.owner, "Mine", every, is_shared=True)
    with pytest.raises(Http404):
        save_view(people.owner, "Mine", every, is_shared=False, view=own)
    with pytest.raises(Http404):
        delete_view(people.owner, own)
    assert as_(people.owner).get(f"/cases/views/{own.pk}/").status_code == 404


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [[]],
        [[where("severity", "is", "purple")]],
        [[where("loss", "at_least", "much")]],
        [[where("title", "at_least", "x")]],
        [[where("password", "is", "x")]],
        [[where("title", "is", "x")]] * 5,
    ],
)
def test_nonsense_is_no_view(people: People, groups: Any) -> None:
    with pytest.raises(RefusedError):
        save_view(people.manager, "Nonsense", groups, is_shared=False)
