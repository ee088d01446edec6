import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pghistory.models import Events
from tests.people import PASSWORD, People

from amends.web.accounts import actions
from amends.web.accounts.models import Team, Theme, User

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def as_admin(people: People, client: Client) -> Client:
    client.force_login(people.admin)
    return client


def test_the_list_is_searched_and_filtered_as_a_fragment(as_admin: Client) -> None:
    whole = as_admin.get("/people/").content.decode()
    assert "<html" in whole
    assert "Olu Owner" in whole
    rows = as_admin.get("/people/?q=owner", headers=FRAGMENT).content.decode()
    assert "<html" not in rows
    assert "Olu Owner" in rows
    assert "Ada Admin" not in rows
    billing = as_admin.get("/people/?q=billing&role=service_manager", headers=FRAGMENT)
    assert "Otto Outsider" in billing.content.decode()
    nobody = as_admin.get("/people/?q=zzz", headers=FRAGMENT).content.decode()
    assert "Nobody matches" in nobody


def test_the_list_costs_the_same_however_long_it_is(as_admin: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert as_admin.get("/people/").status_code == 200
        return len(seen)

    few = queries()
    team = Team.objects.get(name="Care")
    for i in range(30):
        user = User.objects.create_user(f"p{i}@example.com", name=f"P {i}", roles=["agent"])
        user.memberships.create(team=team)
    assert queries() == few <= 5


def test_adding_somebody_shows_their_link_once(as_admin: Client) -> None:
    care = Team.objects.get(name="Care")
    values = {
        "name": "New Person",
        "email": "New@Example.com",
        "roles": ["agent"],
        "teams": [care.pk],
    }
    response = as_admin.post("/people/new/", values, headers=FRAGMENT)
    assert "/welcome/" in response.content.decode()
    assert "people-changed" in response["HX-Trigger"]
    user = User.objects.get(email="new@example.com")
    assert list(user.teams.all()) == [care]
    again = as_admin.post("/people/new/", values, headers=FRAGMENT)
    assert again.status_code == 422
    assert "already exists" in again.content.decode()


def test_roles_and_teams_change_at_once(as_admin: Client, people: People) -> None:
    values = {"name": "Olu O.", "roles": ["agent", "qa_analyst"], "teams": []}
    url = f"/people/{people.owner.pk}/"
    response = as_admin.post(url, values, headers=FRAGMENT)
    assert response.status_code == 204
    assert {"close-drawer", "people-changed"} <= set(
        response["HX-Trigger"].replace('"', " ").split()
    )
    people.owner.refresh_from_db()
    assert (people.owner.name, people.owner.roles) == ("Olu O.", ["agent", "qa_analyst"])
    assert not people.owner.teams.exists()
    assert as_admin.post(url, values)["Location"] == "/people/"  # without scripts


def test_the_deactivated_are_out_at_once_and_can_come_back(
    as_admin: Client, people: People
) -> None:
    their_browser = Client()
    their_browser.force_login(people.owner)
    as_admin.post(f"/people/{people.owner.pk}/deactivation/")
    assert their_browser.get("/").status_code == 302
    assert as_admin.post(f"/people/{people.owner.pk}/reactivation/").status_code == 302
    values = {"email": people.owner.email, "password": PASSWORD}
    assert Client().post("/log-in/", values).status_code == 302


def test_the_last_administrator_stays(as_admin: Client, people: People) -> None:
    response = as_admin.post(f"/people/{people.admin.pk}/deactivation/", headers=FRAGMENT)
    assert response.status_code == 422
    assert "last administrator" in response.content.decode()
    values = {"name": "Ada", "roles": ["agent"], "teams": []}
    response = as_admin.post(f"/people/{people.admin.pk}/", values, headers=FRAGMENT)
    assert "last administrator" in response.content.decode()
    people.admin.refresh_from_db()
    assert people.admin.is_active
    assert people.admin.roles == ["admin"]


def test_actions_ask_for_permission_themselves(people: People) -> None:
    with pytest.raises(PermissionDenied):
        actions.add_person(people.manager, email="x@example.com", name="X", roles=["admin"])
    with pytest.raises(PermissionDenied):
        actions.deactivate_person(people.owner, people.manager)
    with pytest.raises(ValidationError, match="no role boss"):
        actions.create_person(email="x@example.com", name="X", roles=["boss"])


def test_teams_are_added_in_the_drawer(as_admin: Client) -> None:
    page = as_admin.post("/teams/", {"name": "Logistics"}, headers=FRAGMENT).content.decode()
    assert "Logistics" in page
    again = as_admin.post("/teams/", {"name": "Logistics"}, headers=FRAGMENT)
    assert again.status_code == 422
    assert "already exists" in again.content.decode()


def test_the_theme_is_remembered(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert client.post("/profile/theme/", {"theme": "dark"}, headers=FRAGMENT).status_code == 204
    people.owner.refresh_from_db()
    assert people.owner.theme == Theme.DARK
    assert 'data-theme="dark"' in client.get("/profile/").content.decode()
    assert client.post("/profile/theme/", {"theme": "pink"}).status_code == 422


def test_the_database_itself_refuses_unknown_roles_and_shouted_addresses(people: People) -> None:
    for change in ({"roles": ["boss"]}, {"email": "OLU@example.com"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=people.owner.pk).update(**change)


@pytest.mark.django_db(transaction=True)
def test_the_audit_knows_who_changed_what(people: People, client: Client) -> None:
    client.force_login(people.admin)
    values = {"name": "Olu Owner", "roles": ["agent", "advocate"], "teams": []}
    client.post(f"/people/{people.owner.pk}/", values)
    event = (
        Events.objects.filter(pgh_obj_model="accounts.User", pgh_obj_id=str(people.owner.pk))
        .order_by("-pgh_created_at", "-pgh_id")
        .first()
    )
    assert event is not None
    assert event.pgh_diff["roles"] == [["agent"], ["advocate", "agent"]]
    assert event.pgh_context["user"] == people.admin.pk
    assert "password" not in event.pgh_data
    left = Events.objects.filter(pgh_model="accounts.MembershipEvent", pgh_label="delete")
    assert left.count() == 1


def test_the_audit_sees_raw_sql_and_cannot_be_rewritten(people: People) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET name = 'Sly' WHERE id = %s", [people.owner.pk])
        cursor.execute("SELECT count(*) FROM accounts_userevent WHERE name = 'Sly'")
        assert cursor.fetchone() == (1,)
    for change in ("UPDATE accounts_userevent SET name = 'x'", "DELETE FROM accounts_userevent"):
        with (
            pytest.raises(ProgrammingError, match="Cannot update or delete"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
