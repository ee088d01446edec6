"""The pages of alerts: mine first, one click to acknowledge, rules with a preview, channels."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from tests.breakdowns import make_series
from tests.people import People
from tests.web.alerts.alerting import burst, make_alert, make_channel, make_rota
from tests.web.signals import fill_lake

from amends.web.alerts import drills
from amends.web.alerts.climbing import climb
from amends.web.alerts.drills import Proof
from amends.web.alerts.messages import drill_token
from amends.web.alerts.models import (
    Alert,
    Attempt,
    AttemptState,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
    Rota,
    RotaOverride,
    Rule,
)
from amends.web.alerts.outlets import check_address
from amends.web.intake.sealing import unseal
from amends.web.project.alert_health import check_alerts
from amends.web.project.findings import State

pytestmark = pytest.mark.django_db
SECRET = "pa55phrase"  # noqa: S105  (of nothing)


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")
    settings.PATIENCE_SECONDS = None


def as_(client: Client, person: object) -> Client:
    client.force_login(person)  # type: ignore[arg-type]
    return client


def text_of(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode().replace("\xa0", " ")


def test_mine_come_first_and_one_click_acknowledges(people: People, client: Client) -> None:
    make_rota(people.analyst)
    mine = make_alert(owner=people.manager, title="My breakdown")
    make_alert(where={"region": "west"}, title="Another breakdown")
    as_(client, people.manager)
    text = text_of(client, "/alerts/")
    assert "My breakdown" in text
    assert "Another breakdown" not in text
    assert "Another breakdown" in text_of(client, "/alerts/?view=open")
    assert re.search(r'Alerts</span><span class="count">1<', text)
    client.post(f"/alerts/{mine.pk}/acknowledgement/")
    assert '<span class="count">1<' not in text_of(client, "/alerts/").partition("</aside>")[0]
    assert "Acknowledged" in text_of(client, f"/alerts/{mine.pk}/")
    assert client.post(f"/alerts/{mine.pk}/end/", {"because": ""}).status_code == 422
    client.post(f"/alerts/{mine.pk}/end/", {"because": "Mended"})
    assert "My breakdown" in text_of(client, "/alerts/?view=ended")


def test_an_alert_shows_its_receipts_and_the_steps_to_come(people: People, client: Client) -> None:
    make_rota(people.analyst, people.leader, waits=(15, 30))
    channel = make_channel("json://127.0.0.1:9/", name="Ops room")
    alert = make_alert()
    climb(timezone.now())
    Attempt.objects.filter(channel=channel).update(
        state=AttemptState.FAILED, answer="Connection refused", ended_at=timezone.now()
    )
    text = text_of(as_(client, people.manager), f"/alerts/{alert.pk}/")
    for told in ("Ops room", "Connection refused", "Shown on the pages", "Still to come"):
        assert told in text
    assert "Who is on call next" in text


def test_who_was_told_sees_it_and_nobody_else_below(people: People, client: Client) -> None:
    alert = make_alert()
    as_(client, people.owner)
    assert client.get(f"/alerts/{alert.pk}/").status_code == 404
    assert client.post(f"/alerts/{alert.pk}/acknowledgement/").status_code == 404
    Notice.objects.create(alert=alert, kind="alert", person=people.owner, created_at=timezone.now())
    assert alert.title in text_of(client, "/alerts/")
    assert client.post(f"/alerts/{alert.pk}/acknowledgement/").status_code == 302
    as_(client, people.admin)
    assert client.get("/alerts/").status_code == 403


def test_a_list_costs_the_same_however_long(people: People, client: Client) -> None:
    make_rota(people.analyst)
    as_(client, people.manager)

    def load() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(client, "/alerts/?view=open")
        return len(queries)

    make_alert()
    climb(timezone.now())
    load()
    few = load()
    for n in range(6):
        make_alert(where={"region": f"r{n}"})
    climb(timezone.now())
    assert load() == few


RULE = {
    "name": "Many complaints", "measure": "complaints", "direction": "above", "level": "8",
    "window_days": "1", "minimum_count": "1", "severity": "high",
}  # fmt: skip


def test_a_rule_shows_what_it_would_have_said_before_it_is_saved(
    people: People, client: Client
) -> None:
    fill_lake(burst(12))
    as_(client, people.analyst)
    told = {**RULE, "owner": people.manager.pk}
    assert "Make the rule" in text_of(client, "/alerts/rules/new/threshold/")
    shown = client.post("/alerts/rules/preview/threshold/", told, headers={"HX-Request": "true"})
    text = shown.content.decode().replace("\xa0", " ")
    assert "<b>1 alarm</b> in the last 90 days" in text
    assert not Rule.objects.exists()
    bad = client.post("/alerts/rules/preview/threshold/", {**told, "level": "many"})
    assert "Threshold: Enter a number" in bad.content.decode()
    assert client.post("/alerts/rules/new/threshold/", told).status_code == 302
    rule = Rule.objects.get()
    url = f"/alerts/rules/{rule.pk}/"
    assert client.post(url, {**told, "level": "9", "version": "1"}).status_code == 302
    assert client.post(url, {**told, "level": "7", "version": "1"}).status_code == 422
    text = text_of(client, url)
    assert "Level: 8.0 → 9.0" in text
    assert "Save as version 3" in text
    until = timezone.localtime() + timedelta(hours=3)
    client.post(f"{url}snooze/", {"until": f"{until:%Y-%m-%dT%H:%M}", "because": "maintenance"})
    assert "Snoozed until" in text_of(client, "/alerts/rules/")
    client.post(f"{url}snooze/", {"wake": "1"})
    client.post(f"{url}switch/", {"on": "0"})
    assert ">Off<" in text_of(client, "/alerts/rules/")
    assert client.get("/alerts/rules/new/nonsense/").status_code == 404


@pytest.mark.parametrize("kind", ["sla", "surveys", "signal"])
def test_every_kind_of_rule_is_made_on_its_page(people: People, client: Client, kind: str) -> None:
    as_(client, people.analyst)
    told = {
        "name": "Mine", "severity": "high", "owner": people.manager.pk, "minimum_count": "2",
        "window_days": "1", "n": "3", "within_hours": "48", "subject": "customer",
        "least_severity": "critical",
    }  # fmt: skip
    assert client.post(f"/alerts/rules/preview/{kind}/", told).status_code == 200
    assert client.post(f"/alerts/rules/new/{kind}/", told).status_code == 302
    rule = Rule.objects.get()
    assert rule.kind == kind
    assert "Mine" in text_of(client, f"/alerts/rules/{rule.pk}/")


def test_readers_see_rules_and_may_not_change_them(people: People, client: Client) -> None:
    make_series({}, days=3)
    as_(client, people.analyst).post(
        "/alerts/rules/new/threshold/", {**RULE, "owner": people.manager.pk}
    )
    url = f"/alerts/rules/{Rule.objects.get().pk}/"
    as_(client, people.compliance)
    assert "Save as version" not in text_of(client, url)
    told = {**RULE, "owner": people.manager.pk, "version": "1"}
    assert client.post(url, told).status_code == 403


ROTA = {
    "name": "Care", "time_zone": "Europe/Berlin", "starts_on": "2026-01-05", "handover_at": "09:00",
    "quiet_from": "22:00", "quiet_until": "07:00", "rounds": "2", "kind_0": "on_call",
    "wait_0": "10",
}  # fmt: skip


def test_a_rota_is_made_and_somebody_stands_in(people: People, client: Client) -> None:
    as_(client, people.manager)
    assert "There is no rota yet" in text_of(client, "/alerts/on-call/")
    told = {**ROTA, "person_0": people.manager.pk, "person_1": people.analyst.pk}
    for problem, changes in (
        ("Somebody has to be on call", {"person_0": "", "person_1": ""}),
        ("twice", {"person_1": people.manager.pk}),
        ("nobody is told", {"kind_0": ""}),
        ("no time zone", {"time_zone": "Mars/Base"}),
        ("all day", {"quiet_until": "22:00"}),
        ("Choose a person", {"kind_0": "person"}),
    ):
        response = client.post("/alerts/on-call/new/", {**told, **changes})
        assert response.status_code == 422
        assert problem in response.content.decode()
    assert client.post("/alerts/on-call/new/", told).status_code == 302
    rota = Rota.objects.get()
    text = text_of(client, "/alerts/on-call/")
    assert "is on call now" in text
    assert "quiet 22:00–07:00" in text
    now = timezone.localtime()
    stands_in = {
        "person": people.leader.pk,
        "starts_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(hours=5):%Y-%m-%dT%H:%M}",
        "because": "swap",
    }
    assert client.post(f"/alerts/on-call/{rota.pk}/override/", stands_in).status_code == 302
    assert "<b>Leo Leader</b> is on call now" in text_of(client, "/alerts/on-call/")
    client.post(f"/alerts/on-call/override/{RotaOverride.objects.get().pk}/removal/")
    assert "<b>Leo Leader</b> is on call now" not in text_of(client, "/alerts/on-call/")
    assert client.post(f"/alerts/on-call/{rota.pk}/", {**told, "rounds": "3"}).status_code == 302
    second = client.post("/alerts/on-call/new/", {**told, "name": "Other"})
    assert "without a team already" in second.content.decode()


def test_a_channel_is_added_tested_ordered_and_never_shows_its_secret(
    people: People, client: Client
) -> None:
    as_(client, people.admin)
    told = {"name": "Hook", "kind": "webhook", "address": f"json://bot:{SECRET}@127.0.0.1:9/x"}
    for problem, changes in (
        ("does not begin with", {"address": "file://etc/passwd"}),
        ("does not begin with", {"address": f"mailto://u:{SECRET}@example.com"}),
        ("Enter where", {"address": ""}),
        ("lacks something", {"kind": "slack", "address": "slack://nothing"}),
    ):
        response = client.post("/alerts/channels/new/", {**told, **changes})
        assert response.status_code == 422, changes
        assert problem in response.content.decode()
        assert SECRET not in response.content.decode()
    assert client.post("/alerts/channels/new/", told).status_code == 302
    client.post("/alerts/channels/new/", {**told, "name": "Second"})
    hook, second = Channel.objects.filter(kind="webhook")
    assert unseal(hook.address) == {"url": told["address"]}
    text = text_of(client, "/alerts/channels/")
    assert text.index("Hook") < text.index("Second")
    assert SECRET not in text
    client.post(f"/alerts/channels/{second.pk}/move/", {"to": "up"})
    text = text_of(client, "/alerts/channels/")
    assert text.index("Second") < text.index("Hook")
    client.post(f"/alerts/channels/{hook.pk}/", {"name": "Renamed", "address": ""})
    hook.refresh_from_db()
    assert (hook.name, unseal(hook.address)["url"]) == ("Renamed", told["address"])
    client.post(f"/alerts/channels/{hook.pk}/test/")
    assert Notice.objects.get().kind == NoticeKind.TEST
    client.post(f"/alerts/channels/{hook.pk}/switch/", {"on": "0"})
    assert ">Off<" in text_of(client, "/alerts/channels/")
    in_app = Channel.objects.get(kind="in_app")
    assert client.post(f"/alerts/channels/{in_app.pk}/switch/", {"on": "0"}).status_code == 404
    assert client.get("/alerts/channels/", follow=True).status_code == 200
    assert as_(client, people.manager).get("/alerts/channels/").status_code == 403


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("email", "mailtos://user:password@smtp.example.com?from=a@example.com&to={email}"),
        (
            "sms",
            "twilio://AC123456789012345678901234567890ab:" + "0" * 32 + "@15550001111/15550002222",
        ),
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#service"),
        ("webhook", "jsons://user:password@hooks.example.com/amends"),
    ],
)
def test_addresses_of_every_kind_are_known(kind: str, address: str) -> None:
    check_address(kind, address)


def test_a_drill_is_confirmed_by_whoever_reads_it(people: People, client: Client) -> None:
    make_rota(people.manager, people.analyst)
    channel = make_channel("mailto://127.0.0.1:9/?from=a@example.com&to={email}")
    now = timezone.now()
    first, second = drills.hold_drill(now)
    assert {first.person, second.person} == {people.manager, people.analyst}
    assert drills.last_drills(now)[0].proof is Proof.ON_ITS_WAY
    Notice.objects.update(state=NoticeState.DELIVERED)
    assert drills.last_drills(now)[0].proof is Proof.ACCEPTED
    client.logout()
    for notice in (first, second):
        url = f"/alerts/drill/{drill_token(notice)}/"
        assert "Did the drill reach you?" in text_of(client, url)
        assert drills.last_drills(now)[0].proof is not Proof.CONFIRMED
        assert "Thank you" in client.post(url).content.decode()
    assert drills.last_drills(now)[0].proof is Proof.CONFIRMED
    assert check_alerts().state is State.WELL
    assert "1 of 1 channels proved" in check_alerts().what
    assert client.get(f"/alerts/drill/{drill_token(first)}x/").status_code == 404
    assert channel.failures == 0


def test_what_nobody_confirms_or_fails_is_told_by_the_doctor(people: People) -> None:
    make_rota(people.manager)
    make_channel("json://127.0.0.1:9/", name="Ops room")
    now = timezone.now()
    [notice] = drills.hold_drill(now - drills.CONFIRM_WITHIN - timedelta(hours=1))
    Notice.objects.update(state=NoticeState.DELIVERED)
    assert drills.last_drills(now)[0].proof is Proof.UNCONFIRMED
    assert "nobody confirmed it" in check_alerts().what
    notice.attempts.update(state=AttemptState.FAILED, answer="Connection refused")
    Notice.objects.update(state=NoticeState.FAILED)
    found = check_alerts()
    assert found.state is State.WARNING
    assert "Ops room: Connection refused" in found.what


def test_the_doctor_tells_of_alerts_that_reach_nobody(people: People) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    make_alert(long_ago)
    assert check_alerts().state is State.BROKEN  # no worker looks at it
    climb(timezone.now())
    assert "nobody to tell" in check_alerts().what
    make_rota(people.manager)
    make_channel("json://127.0.0.1:9/")
    Alert.objects.update(next_at=timezone.now())
    climb(timezone.now())
    assert check_alerts().state is State.BROKEN
    Alert.objects.update(state="delivered")
    assert check_alerts().state is State.WELL
